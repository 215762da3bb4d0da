"""The benchmark: ``python -m bench mix`` first; see ``bench/README.rst``. Run it from the repository root; it needs the ``bench`` extra.

Everything listens on the loopback and stops by itself.
"""

"""The benchmark: the service beside a bare view, a floor and a FastAPI peer, under the same load, in the same run.

``python -m bench`` compares them; ``growth``, ``memory``, ``mix``, ``connections`` and ``cold`` measure the service alone. Run from the
repository's root with the ``bench`` extra and wrk installed. Everything listens on the loopback and stops by itself.
"""

"""Reports: plain data in, values and bytes out.

``assemble`` makes the report's dict from plain data; ``csv_file``, ``html`` and ``pdf`` turn that dict into files and read
nothing else, so every format says the same. Nothing here reads a clock, a database or a request.
"""

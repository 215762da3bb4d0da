"""Reports: data of one session in, values and files out.

``build`` makes the report's dict from a ``ReportInput``; ``text``, ``csv_export``, ``html`` and ``pdf`` turn that dict into
files and read nothing else, so every format shows the same. Nothing here reads the clock, a database or a request.
"""

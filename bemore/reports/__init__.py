"""Reports: data of one session in, values and files out.

``build`` makes the report's dict from a ``ReportInput``, with sentences of a ``language``. ``csv_export`` makes files of data from it;
``view`` is what people read of it, which ``html``, ``pdf`` and ``text`` lay out. Nothing here reads the clock, a database or a request.
"""

"""The report as a tagged PDF; its markup stands in ``report.typ``."""

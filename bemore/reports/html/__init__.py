"""The report as one HTML page; its markup stands in `templates/`."""

"""Reading many rows in the order of a key, some at a time."""


def in_pages(fetch, size, key_of, start=None):
    """Yield all rows that ``fetch(last)`` returns: at most ``size`` of those after the key ``last``, first after ``start``.

    ``key_of(row)`` is a row's key.
    """
    rows = fetch(start)
    while rows:
        yield from rows
        rows = fetch(key_of(rows[-1])) if len(rows) == size else ()

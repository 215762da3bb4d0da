"""How every score is rounded before it is stored or shown."""


def round3(x: float) -> float:
    """``x`` with three decimals, never ``-0.0``.

    Rounding to nine decimals first removes what binary fractions add: 0.1 + 0.2 sums and their like give the value a
    person gets with pencil and paper.
    """
    return round(round(x, 9), 3) + 0.0


def unit(x: float) -> float:
    """``x`` clamped to 0..1 and rounded with :func:`round3`."""
    return round3(min(1.0, max(0.0, x)))

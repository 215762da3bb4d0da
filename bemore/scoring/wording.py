"""Numbers in plain Korean."""


def percent(share: float) -> str:
    """A share of 0..1 as whole per cent: ``"32%"``."""
    return f"{round(share * 100)}%"


def signed(x: float) -> str:
    """A value of -1..1 with two decimals, ``"-0.10"``, and never ``"-0.00"``."""
    return f"{round(x, 2) + 0.0:.2f}"


def duration(ms: int) -> str:
    """A length of time: ``"0.4초"``, ``"14초"``, ``"2분 5초"``, ``"1시간 3분"``.

    Below ten seconds with one decimal, since that is where a pause differs from a breath.
    """
    if ms < 9_950:
        tenths = round(ms / 100)
        return f"{tenths // 10}초" if tenths % 10 == 0 else f"{tenths / 10:.1f}초"
    seconds = round(ms / 1000)
    if seconds < 60:
        return f"{seconds}초"
    minutes, seconds = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes}분 {seconds}초" if seconds else f"{minutes}분"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}시간 {minutes}분" if minutes else f"{hours}시간"


def minute_span(minute_index: int) -> str:
    """Minute 3 of a session is ``"3~4분 구간"``."""
    return f"{minute_index}~{minute_index + 1}분 구간"

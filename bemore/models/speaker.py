"""Who an item of telemetry is of: the names that the API uses, and the codes that are stored."""

#: In the order in which items of equal times are listed; an unknown speaker comes last.
CODES = {"counselor": 1, "user": 2, None: 3}
NAMES = {code: name for name, code in CODES.items()}
UNKNOWN = CODES[None]

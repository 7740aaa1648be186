"""What the profile `full` adds to every answer and message: fields and words nobody knows.

The venue adds fields without notice; a client has to read past them. The known fields keep
their values.
"""

import msgspec

UNKNOWN_FIELD = "holdfastUnknown"
UNKNOWN_VALUE: dict[str, object] = {"since": 2027, "is": [True, None, "?", {}]}
UNKNOWN_TEXT = "HOLDFAST_UNKNOWN"
OPEN_LISTS = ("orderTypes", "permissions", "timeInForce", "allowedSelfTradePreventionModes")
DEEPEST = 4


def embellish(payload: bytes) -> bytes:
    """Add an unknown field to every object of a JSON text, and unknown words to open lists."""
    try:
        decoded = msgspec.json.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return payload  # a fault made it
    if isinstance(decoded, dict) and decoded.keys() == {"serverTime"}:
        return payload
    return msgspec.json.encode(_grown(decoded, 0))


def _grown(value: object, depth: int) -> object:
    if depth > DEEPEST:
        return value
    if isinstance(value, list):
        return [_grown(one, depth + 1) for one in value]
    if not isinstance(value, dict):
        return value
    grown: dict[object, object] = {}
    for name, inner in value.items():
        grown[name] = _grown(inner, depth + 1)
        if name in OPEN_LISTS and isinstance(inner, list):
            grown[name] = [*inner, UNKNOWN_TEXT]
        elif name == "filters" and isinstance(inner, list):
            grown[name] = [*inner, {"filterType": UNKNOWN_TEXT, "limit": 1}]
    grown[UNKNOWN_FIELD] = UNKNOWN_VALUE
    return grown

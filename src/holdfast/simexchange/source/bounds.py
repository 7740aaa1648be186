"""What a price, a quantity and an instant of a data file may be at most.

Prices fit 64 bits as a count of 10^-8, as instants do as nanoseconds. A step of more than a
year between neighbouring rows is a wrong time, not a market that rested.
"""

from holdfast.simexchange.numbers import E8, parse_e8

MOST_PRICE = 10**10 * E8
MOST_QUANTITY = 10**15 * E8
LARGEST = 2**63 - 1
LONGEST_STEP_DAYS = 366
_NS_PER_DAY = 86_400 * 10**9
_LONGEST_STEP_NS = LONGEST_STEP_DAYS * _NS_PER_DAY
_LONGEST_NUMBER = 40
_MICROSECONDS_FROM = 10**15


def number_e8(text: str, most: int) -> int:
    """Return a decimal text as a count of 10^-8; ValueError when it is none from 0 to most."""
    if len(text) > _LONGEST_NUMBER:
        raise ValueError(f"{text[:20]}... has {len(text)} characters")
    value = parse_e8(text)
    if value < 0:
        raise ValueError(f"{text} is negative")
    if value > most:
        raise ValueError(f"{text} is more than {most // E8}")
    return value


def integer(text: bytes) -> int:
    """Return an id or a time; ValueError when it is no integer of 64 bits."""
    value = int(text) if len(text) <= _LONGEST_NUMBER else LARGEST + 1
    if not -LARGEST <= value <= LARGEST:
        raise ValueError(f"{text[:20].decode('ascii', 'replace')}... is too large")
    return value


def instant_ns(stamp: int) -> int:
    """Return a time of milliseconds or microseconds in nanoseconds; ValueError for no time."""
    return valid_ns(stamp * (1_000 if stamp >= _MICROSECONDS_FROM else 1_000_000))


def valid_ns(at_ns: int) -> int:
    """Return the instant; ValueError when it is before 1970 or beyond 64 bits."""
    if not 0 < at_ns <= LARGEST:
        raise ValueError("the time is not from 1970 to 2262")
    return at_ns


def check_step(before_ns: int, at_ns: int) -> None:
    """Raise ValueError when a row is too far from the one before it; 0 stands for none."""
    step_ns = abs(at_ns - before_ns)
    if before_ns and step_ns > _LONGEST_STEP_NS:
        raise ValueError(
            f"the time is {step_ns // _NS_PER_DAY} days from that of the row before, "
            f"more than {LONGEST_STEP_DAYS}"
        )

"""Round numbers and instants for axes, and the texts that people read beside them."""

from datetime import UTC, datetime, timedelta
from math import ceil, floor, log10

from holdfast.domain.instant import NS_PER_S

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_TIME_STEPS = (
    1, 2, 5, 10, 15, 30, _MINUTE, 2 * _MINUTE, 5 * _MINUTE, 10 * _MINUTE, 15 * _MINUTE,
    30 * _MINUTE, _HOUR, 2 * _HOUR, 3 * _HOUR, 6 * _HOUR, 12 * _HOUR, _DAY, 2 * _DAY,
    3 * _DAY, 7 * _DAY, 14 * _DAY, 30 * _DAY, 90 * _DAY, 365 * _DAY,
)  # fmt: skip


def instant(at_ns: int) -> datetime:
    """Give an instant as a date and time in UTC, to the microsecond."""
    return _EPOCH + timedelta(microseconds=at_ns // 1_000)


def time_text(at_ns: int) -> str:
    """Write an instant to the second."""
    return instant(at_ns).strftime("%Y-%m-%d %H:%M:%S")


def duration_text(span_ns: int) -> str:
    """Write a duration in its two largest units."""
    seconds = span_ns // NS_PER_S
    days, seconds = divmod(seconds, _DAY)
    hours, seconds = divmod(seconds, _HOUR)
    minutes, seconds = divmod(seconds, _MINUTE)
    parts = [(days, "d"), (hours, "h"), (minutes, "min"), (seconds, "s")]
    while len(parts) > 1 and not parts[0][0]:
        parts.pop(0)
    return " ".join(f"{count} {unit}" for count, unit in parts[:2] if count) or "0 s"


def value_ticks(low: float, high: float, *, about: int = 5) -> list[float]:
    """Give round values that lie between two others, about so many."""
    step = round_step((high - low) / about)
    first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
    return [index * step for index in range(first, last + 1)]


def round_step(rough: float) -> float:
    """Give the next larger 1, 2 or 5 times a power of ten."""
    if rough <= 0:
        return 1.0
    power: float = 10.0 ** floor(log10(rough))
    return next(power * n for n in (1, 2, 5, 10) if power * n >= rough * (1 - 1e-9))


def decimals_of(step: float) -> int:
    """Tell how many decimals values need that lie a step apart."""
    return max(0, -floor(log10(step) + 1e-9))


def number_text(value: float, decimals: int) -> str:
    """Write a number with groups of three and a true minus sign."""
    text = f"{value:,.{decimals}f}"
    return (
        text.replace("-", "\N{MINUS SIGN}")
        if float(text.replace(",", ""))
        else text.lstrip("-")
    )


def time_ticks(start_ns: int, end_ns: int, *, about: int = 10) -> list[int]:
    """Give round instants of UTC that lie between two others, at most about so many."""
    span = max(1, end_ns - start_ns)
    step = next((s for s in _TIME_STEPS if span <= s * NS_PER_S * about), _TIME_STEPS[-1])
    step_ns = step * NS_PER_S
    return list(range(-(-start_ns // step_ns) * step_ns, end_ns + 1, step_ns))


def tick_text(at_ns: int, *, step_ns: int, first: bool) -> str:
    """Write an instant as short as its neighbours allow; first and midnight name the day."""
    when = instant(at_ns)
    if step_ns >= _DAY * NS_PER_S:
        return when.strftime("%d %b %Y" if first else "%d %b")
    clock = "%H:%M:%S" if step_ns < _MINUTE * NS_PER_S else "%H:%M"
    midnight = (when.hour, when.minute, when.second) == (0, 0, 0)
    return when.strftime(f"%d %b {clock}" if first or midnight else clock)

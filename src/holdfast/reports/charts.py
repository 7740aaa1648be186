"""Pictures as inline SVG: plain shapes with classes, so the page's colours apply to them.

Each picture carries a title and a description that says in words what it shows.
"""

from collections.abc import Sequence
from html import escape

import msgspec

from holdfast.reports.axes import (
    decimals_of,
    number_text,
    tick_text,
    time_ticks,
    value_ticks,
)
from holdfast.reports.series import Point, thin

WIDTH = 1000
LEFT, RIGHT, TOP, BOTTOM = 76, 18, 14, 30
BUCKETS = 450
_LETTER = 6.6
MARKERS = 900
_MARKER_SIZES = ((60, 8.0), (200, 6.5), (500, 5.0), (100_000, 3.6))


class Marker(msgspec.Struct, frozen=True):
    """A trade in a price picture."""

    at_ns: int
    price: float
    is_buy: bool


class Frame(msgspec.Struct, frozen=True):
    """The scales of a picture: instants across, values upwards."""

    start_ns: int
    end_ns: int
    low: float
    high: float
    height: int

    def x(self, at_ns: int) -> float:
        """Give the place of an instant from the left."""
        span = max(1, self.end_ns - self.start_ns)
        return LEFT + (at_ns - self.start_ns) / span * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        """Give the place of a value from the top."""
        share = (value - self.low) / (self.high - self.low)
        return TOP + (1 - share) * (self.height - TOP - BOTTOM)


def line_chart(
    points: Sequence[Point],
    *,
    title: str,
    description: str,
    level: float | None = None,
    height: int = 260,
    unit: str = "",
) -> str:
    """Draw a value over time; `level` is a dashed line to compare it with."""
    values = [value for _, value in points]
    extent = values if level is None else [*values, level]
    frame = _frame(points, low=min(extent), high=max(extent), height=height)
    last_at, last = points[-1]
    parts = [_grid(frame, unit=unit)]
    if level is not None:
        parts.append(_rule(frame, level))
    parts.append(f'<path class="line" d="{_path(frame, points)}"/>')
    parts.append(
        f'<circle class="end" cx="{frame.x(last_at):.1f}" cy="{frame.y(last):.1f}" r="3.5"/>'
    )
    return _svg(parts, title=title, description=description, height=height)


def area_chart(
    points: Sequence[Point], *, title: str, description: str, height: int = 160, unit: str = ""
) -> str:
    """Draw how far a value lies below zero over time."""
    low = min(value for _, value in points)
    frame = _frame(points, low=low if low < 0 else -1.0, high=0.0, height=height, tight=True)
    path = _path(frame, points)
    closed = f"{path}V{frame.y(0):.1f}H{frame.x(points[0][0]):.1f}Z"
    parts = [
        _grid(frame, unit=unit),
        f'<path class="loss-area" d="{closed}"/>',
        f'<path class="loss-line" d="{path}"/>',
    ]
    return _svg(parts, title=title, description=description, height=height)


def price_chart(
    points: Sequence[Point],
    markers: Sequence[Marker],
    *,
    title: str,
    description: str,
    height: int = 340,
) -> str:
    """Draw a price over time with buys as triangles up and sells as triangles down."""
    values = [value for _, value in points] + [marker.price for marker in markers]
    ends = [at_ns for at_ns, _ in points] + [marker.at_ns for marker in markers]
    frame = _frame(
        [(min(ends), 0.0), (max(ends), 0.0)], low=min(values), high=max(values), height=height
    )
    drawn = gather(markers, frame)
    size = next(size for most, size in _MARKER_SIZES if len(drawn) <= most)
    parts = [_grid(frame), f'<path class="price" d="{_path(frame, points)}"/>']
    for is_buy, name in ((True, "buy"), (False, "sell")):
        shapes = "".join(
            _triangle(frame, marker, size=size) for marker in drawn if marker.is_buy is is_buy
        )
        if shapes:
            parts.append(f'<path class="{name}" d="{shapes}"/>')
    return _svg(parts, title=title, description=description, height=height)


def gather(markers: Sequence[Marker], frame: Frame) -> list[Marker]:
    """Let one marker stand for all of its side that would be drawn over each other."""
    if len(markers) <= MARKERS:
        return list(markers)
    cells: dict[tuple[int, int, bool], Marker] = {}
    for marker in markers:
        cell = (int(frame.x(marker.at_ns) // 5), int(frame.y(marker.price) // 5), marker.is_buy)
        cells.setdefault(cell, marker)
    return list(cells.values())


def bar_chart(
    bars: Sequence[tuple[str, int]],
    rules: Sequence[tuple[float, str]],
    *,
    title: str,
    description: str,
    height: int = 220,
) -> str:
    """Draw counts side by side; a rule is a named line at a place measured in bars."""
    most = max(count for _, count in bars)
    frame = Frame(0, len(bars), 0.0, most * 1.12, height)
    parts = [_value_axis(frame)]
    base = frame.y(0)
    for index, (label, count) in enumerate(bars):
        left, right = frame.x(index), frame.x(index + 1)
        top = frame.y(count)
        parts.append(
            f'<rect class="bar" x="{left + 1:.1f}" y="{top:.1f}" '
            f'width="{right - left - 2:.1f}" height="{base - top:.1f}"/>'
        )
        if label:
            parts.append(_text(left, height - 10, label, anchor="middle"))
    for place, label in rules:
        x = LEFT + place / len(bars) * (WIDTH - LEFT - RIGHT)
        parts.append(f'<path class="rule" d="M{x:.1f} {TOP}V{base:.1f}"/>')
        parts.append(_text(x + 5, TOP + 8, label, anchor="start", css="note"))
    return _svg(parts, title=title, description=description, height=height)


def _frame(
    points: Sequence[Point], *, low: float, high: float, height: int, tight: bool = False
) -> Frame:
    room = (high - low) * 0.06 or abs(high) * 0.01 or 1.0
    top = high if tight else high + room
    return Frame(points[0][0], max(points[-1][0], points[0][0] + 1), low - room, top, height)


def _grid(frame: Frame, *, unit: str = "") -> str:
    return _value_axis(frame, unit=unit) + _time_axis(frame)


def _value_axis(frame: Frame, *, unit: str = "") -> str:
    ticks = value_ticks(frame.low, frame.high, about=max(2, frame.height // 42))
    decimals = decimals_of(ticks[1] - ticks[0]) if len(ticks) > 1 else 2
    lines = "".join(f"M{LEFT} {frame.y(tick):.1f}H{WIDTH - RIGHT}" for tick in ticks)
    labels = "".join(
        _text(LEFT - 10, frame.y(tick) + 4, number_text(tick, decimals) + unit, anchor="end")
        for tick in ticks
    )
    return f'<path class="grid" d="{lines}"/>{labels}'


def _time_axis(frame: Frame) -> str:
    ticks = time_ticks(frame.start_ns, frame.end_ns)
    step_ns = ticks[1] - ticks[0] if len(ticks) > 1 else 1
    labels = []
    free = 0.0
    for index, at_ns in enumerate(ticks):
        label = tick_text(at_ns, step_ns=step_ns, first=index == 0)
        half = len(label) * _LETTER / 2
        x = max(frame.x(at_ns), LEFT + half)
        if x - half > free and x + half < WIDTH:
            labels.append(_text(x, frame.height - 8, label, anchor="middle"))
            free = x + half + _LETTER
    marks = "".join(f"M{frame.x(at_ns):.1f} {frame.height - BOTTOM}v5" for at_ns in ticks)
    return f'<path class="tick" d="{marks}"/>{"".join(labels)}'


def _rule(frame: Frame, level: float) -> str:
    return f'<path class="rule" d="M{LEFT} {frame.y(level):.1f}H{WIDTH - RIGHT}"/>'


def _path(frame: Frame, points: Sequence[Point]) -> str:
    places = [
        f"{frame.x(at_ns):.1f} {frame.y(value):.1f}" for at_ns, value in thin(points, BUCKETS)
    ]
    return "M" + "L".join(places)


def _triangle(frame: Frame, marker: Marker, *, size: float) -> str:
    x, y = frame.x(marker.at_ns), frame.y(marker.price)
    up = -1 if marker.is_buy else 1
    return f"M{x:.1f} {y:.1f}l{size * 0.7:.1f} {-up * size:.1f}h{-size * 1.4:.1f}Z"


def _text(x: float, y: float, text: str, *, anchor: str, css: str = "label") -> str:
    return (
        f'<text class="{css}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">'
        f"{escape(text)}</text>"
    )


def _svg(parts: Sequence[str], *, title: str, description: str, height: int) -> str:
    return (
        f'<div class="picture"><svg viewBox="0 0 {WIDTH} {height}" role="img">'
        f"<title>{escape(title)}</title><desc>{escape(description)}</desc>"
        f"{''.join(parts)}</svg></div>"
    )

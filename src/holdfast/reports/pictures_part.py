"""The part of a report that is looked at first: equity, drawdown, prices, latency."""

from collections import Counter
from collections.abc import Sequence
from math import ceil, floor, log10

from holdfast.reports.axes import number_text, time_text
from holdfast.reports.charts import Marker, area_chart, bar_chart, line_chart, price_chart
from holdfast.reports.markup import paragraph, section
from holdfast.reports.series import drawdown, percentile
from holdfast.reports.story import Story

PRICE_PICTURES = 6
_PER_DECADE = 12
_LONGEST_HISTOGRAM = 72
_UNITS = (("s", 1e6), ("ms", 1e3), ("µs", 1.0))
_THREE_DIGITS = 100


def equity_part(story: Story) -> str:
    """Draw equity and drawdown of each currency."""
    parts = []
    for currency, points in sorted(story.equity.items()):
        if len(points) == 1:
            parts.append(paragraph(f"Only one valuation in {currency}: no curve to draw."))
            continue
        values = [value for _, value in points]
        span = f"between {time_text(points[0][0])} and {time_text(points[-1][0])} UTC"
        said = (
            f"Equity in {currency} {span}, from {values[0]:,.2f} to {values[-1]:,.2f}; "
            f"lowest {min(values):,.2f}, highest {max(values):,.2f}."
        )
        parts.append(_caption(f"Equity, {currency}"))
        parts.append(
            line_chart(points, title=f"Equity in {currency}", description=said, level=values[0])
        )
        fallen = [(at_ns, 100 * share) for at_ns, share in drawdown(points)]
        deepest = min(share for _, share in fallen)
        said = f"Drawdown from the highest equity so far; the deepest is {deepest:.3f} percent."
        parts.append(_caption("Drawdown, % of the highest equity so far"))
        parts.append(area_chart(fallen, title="Drawdown", description=said, unit=" %"))
    note = (
        "Cash and inventory at each mark in the journal, and after fills, at most once a "
        "second, at the middle of the book that the decision saw."
    )
    return section("Equity", *parts, note=note)


def results_part(story: Story) -> str:
    """Draw what the strategies made, apart from what opening balances gained or lost."""
    parts = []
    for currency, points in sorted(story.results.items()):
        if len(points) > 1:
            said = (
                f"Result of all strategies in {currency}: it ends at {points[-1][1]:,.2f}, "
                f"after a lowest of {min(v for _, v in points):,.2f} and a highest of "
                f"{max(v for _, v in points):,.2f}."
            )
            title = f"Result of strategies, {currency}"
            parts.append(_caption(title))
            parts.append(
                line_chart(points, title=title, description=said, level=0.0, height=220)
            )
    note = (
        "Realized and unrealized minus fees of what strategies traded, opening balances apart."
    )
    return section("Result by strategies", *parts, note=note)


def price_part(story: Story) -> str:
    """Draw the price of each symbol with its fills, the most traded first."""
    counts = Counter(trade.event.symbol for trade in story.trades)
    ranked = sorted(story.prices, key=lambda symbol: (-counts[symbol], symbol))
    parts = []
    for symbol in ranked[:PRICE_PICTURES]:
        points = story.prices[symbol]
        markers = [
            Marker(trade.at_ns, float(trade.event.last_price), trade.event.side == "buy")
            for trade in story.trades
            if trade.event.symbol == symbol
        ]
        if len(points) == 1:
            parts.append(paragraph(f"Only one mark of {symbol}: no picture."))
            continue
        buys = sum(marker.is_buy for marker in markers)
        said = (
            f"Price of {symbol} from {points[0][1]:,} to {points[-1][1]:,} with "
            f"{buys:,} buys and {len(markers) - buys:,} sells."
        )
        parts.append(_caption(f"{symbol}: {buys:,} buys, {len(markers) - buys:,} sells"))
        parts.append(
            price_chart(points, markers, title=f"{symbol} with fills", description=said)
        )
    left = len(ranked) - PRICE_PICTURES
    if left > 0:
        parts.append(paragraph(f"{left} more symbols are not drawn."))
    legend = (
        '<p class="legend"><span class="buy">\N{BLACK UP-POINTING TRIANGLE} buy</span>'
        '<span class="sell">\N{BLACK DOWN-POINTING TRIANGLE} sell</span></p>'
    )
    return section("Price and fills", legend if parts else "", *parts)


def latency_part(latency_us: Sequence[float], *, note: str) -> str:
    """Draw how long orders took to leave, when it was measured."""
    note = note[:1].upper() + note[1:]
    if not latency_us:
        return section("Latency", paragraph(note or "Not measured in this run."))
    ordered = sorted(latency_us)
    p50, p99 = percentile(ordered, 50), percentile(ordered, 99)
    low = floor(log10(max(ordered[0], 0.1)) * _PER_DECADE)
    high = max(ceil(log10(max(ordered[-1], 0.1)) * _PER_DECADE), low + 1)
    high = min(high, low + _LONGEST_HISTOGRAM)
    counts = Counter(min(high - 1, max(low, _place(value))) for value in ordered)
    bars = [
        (_decade_text(index) if index % (_PER_DECADE // 2) == 0 else "", counts[index])
        for index in range(low, high)
    ]
    rules = [
        (log10(max(p50, 0.1)) * _PER_DECADE - low, f"p50 {_us_text(p50)}"),
        (log10(max(p99, 0.1)) * _PER_DECADE - low, f"p99 {_us_text(p99)}"),
    ]
    said = (
        f"{len(ordered):,} measurements: half within {_us_text(p50)}, 99 of 100 within "
        f"{_us_text(p99)}, the longest {_us_text(ordered[-1])}."
    )
    chart = bar_chart(bars, rules, title="Latency, tick to order", description=said)
    return section(
        "Latency, tick to order", paragraph(said), chart, paragraph(note) if note else ""
    )


def _place(value: float) -> int:
    return floor(log10(max(value, 0.1)) * _PER_DECADE)


def _decade_text(index: int) -> str:
    return _us_text(float(f"{10 ** (index / _PER_DECADE):.1g}"))


def _us_text(value: float) -> str:
    unit, scale = next((u, s) for u, s in _UNITS if value >= s or u == "µs")
    scaled = value / scale
    decimals = 0 if scaled.is_integer() or scaled >= _THREE_DIGITS else 1
    return f"{number_text(scaled, decimals)} {unit}"


def _caption(text: str) -> str:
    return paragraph(text, css="caption")

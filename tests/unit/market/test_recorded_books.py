"""Books rebuilt from recorded traffic equal a naive rebuild, and are never crossed."""

import pytest

from holdfast.domain.market import BookTop, DepthDiff, DepthSnapshot, TradePrint
from holdfast.domain.order import Side
from holdfast.market.feed import Feed, Invalid
from holdfast.market.sync import BookSync
from tests.unit.market import recorded

FILES = {recorded.SPOT: (73_174, 19_904, 6_495), recorded.USDM: (66_089, 21_313, 6_551)}
EVERY = 1_000


def naive_books(name):
    """Rebuild by the rule alone, in text, with nothing kept sorted.

    Gives (update id, bids, asks) after each diff from the snapshot on.
    """
    bids, asks, last_id, waiting = {}, {}, None, []
    for _, message in recorded.lines(name):
        if "lastUpdateId" in message:
            last_id = message["lastUpdateId"]
            bids, asks = dict(message["bids"]), dict(message["asks"])
            due = [m for m in waiting if m["u"] >= last_id]
        elif message.get("e") == "depthUpdate":
            waiting.append(message)
            due = [message] if last_id is not None else []
        else:
            continue
        for diff in due:
            for side, changes in ((bids, diff["b"]), (asks, diff["a"])):
                for price, quantity in changes:
                    side[price] = quantity
                    if not float(quantity):
                        del side[price]
            yield diff["u"], bids, asks


def in_units(name, side):
    traded = recorded.INSTRUMENTS[name]
    return sorted((traded.price(p), traded.quantity(q)) for p, q in side.items())


@pytest.mark.parametrize("name", FILES)
def test_a_recorded_book_equals_a_naive_rebuild_at_every_thousandth_update(name):
    sync = BookSync("BTCUSDT")
    naive = naive_books(name)
    compared = updates = 0
    for event in recorded.events(name):
        if isinstance(event, DepthSnapshot):
            sync.on_snapshot(event)
        elif isinstance(event, DepthDiff):
            updates += 1
            sync.on_diff(event)
        else:
            continue
        assert not sync.book.is_crossed
        if sync.is_ready and updates % EVERY == 0 and isinstance(event, DepthDiff):
            bids, asks = next((b, a) for u, b, a in naive if u == sync.book.last_id)
            assert sorted(sync.book.levels(Side.BUY, 99_999)) == in_units(name, bids)
            assert sorted(sync.book.levels(Side.SELL, 99_999)) == in_units(name, asks)
            compared += 1
    assert compared == updates // EVERY == 6
    assert (sync.counts.gaps, sync.counts.crossed, sync.counts.resyncs) == (0, 0, 0)


@pytest.mark.parametrize("name", FILES)
def test_a_recorded_feed_is_never_invalid_and_accounts_for_every_message(name):
    feed = Feed("BTCUSDT")
    on = {
        BookTop: feed.on_top,
        DepthDiff: feed.on_diff,
        DepthSnapshot: feed.on_snapshot,
        TradePrint: feed.on_trade,
    }
    shown = 0
    for event in recorded.events(name):
        told = on[type(event)](event)
        assert not isinstance(told, Invalid)
        if isinstance(told, BookTop):
            assert told.bid < told.ask
            shown += 1
    counts = feed.counts
    assert (counts.tops, counts.trades, counts.depth_updates) == FILES[name]
    assert counts.messages == sum(FILES[name])
    assert (counts.gaps, counts.trade_gaps, counts.crossed, counts.repeated) == (0, 0, 0, 0)
    assert shown > 60_000


@pytest.mark.parametrize("name", FILES)
def test_ticker_and_depth_agree_wherever_their_update_ids_meet(name):
    events = recorded.events(name)
    tickers = {event.update_id: event for event in events if isinstance(event, BookTop)}
    sync, met = BookSync("BTCUSDT"), 0
    for event in events:
        if isinstance(event, DepthSnapshot):
            sync.on_snapshot(event)
        elif isinstance(event, DepthDiff):
            sync.on_diff(event)
            ticker = tickers.get(event.last_id) if sync.is_ready else None
            if ticker is not None:
                top = sync.book.top()
                assert (top.bid, top.bid_quantity) == (ticker.bid, ticker.bid_quantity)
                assert (top.ask, top.ask_quantity) == (ticker.ask, ticker.ask_quantity)
                met += 1
    assert met > 500


@pytest.mark.parametrize("name", FILES)
def test_a_diff_taken_out_of_a_recording_is_seen_as_a_gap_and_mended(name):
    diffs, snapshots = [], []
    for event in recorded.events(name):
        if isinstance(event, DepthDiff):
            diffs.append(event)
        elif isinstance(event, DepthSnapshot):
            snapshots.append(event)
    sync, whole = BookSync("BTCUSDT"), BookSync("BTCUSDT")
    for number, diff in enumerate(diffs[:400]):
        whole.on_diff(diff)
        if number == 20:
            whole.on_snapshot(snapshots[0])
            sync.on_snapshot(snapshots[0])
        if number not in (100, 200):
            sync.on_diff(diff)
        if number in (150, 250):
            levels = [whole.book.levels(side, 99_999) for side in (Side.BUY, Side.SELL)]
            assert not sync.is_ready
            sync.on_snapshot(DepthSnapshot("BTCUSDT", whole.book.last_id, *levels, 0))
    assert (sync.counts.gaps, sync.counts.resyncs) == (2, 2)
    assert sync.book.levels(Side.BUY, 99_999) == whole.book.levels(Side.BUY, 99_999)
    assert sync.book.levels(Side.SELL, 99_999) == whole.book.levels(Side.SELL, 99_999)

"""A protective stop at the simulated exchange, on spot and USD-M, over sockets (XCH-10)."""

import itertools
from pathlib import Path

import pytest

from holdfast.domain import events as ev
from holdfast.domain.instant import NS_PER_S
from holdfast.journal.sqlite import SqliteStore
from tests.scenario.kit import exchange, holdfast, needs, truth

CAREFUL = f"{Path(__file__).with_name('careful.py')}:Careful"
USDM_L2 = "l2/binance-usdm-BTCUSDT-20240808.raw.gz"


def written(journal: Path) -> list[ev.Event]:
    store = SqliteStore.open(journal, read_only=True)
    try:
        return [record.event for record in store.read()]
    finally:
        store.close()


def places(happened: list[ev.Event], kind: type[ev.Event], client_order_id: str) -> int:
    """Give where something first happened to an order."""
    return next(
        index
        for index, event in enumerate(happened)
        if isinstance(event, kind) and getattr(event, "client_order_id", "") == client_order_id
    )


@pytest.mark.parametrize("product", ["spot", "usdm"])
def test_a_stop_is_placed_moved_and_dropped_at_the_exchange(
    product: str, tmp_path: Path
) -> None:
    data = () if product == "spot" else ("--data", needs(USDM_L2))
    with exchange(*data, "--speed", "max", cwd=tmp_path) as url:
        done = holdfast(
            "run", "--venue-url", url, "--journal", "j.db", "--for", "120s", "--json",
            "--strategy", CAREFUL, cwd=tmp_path,
        )  # fmt: skip
        told = truth(url)
    assert done.code == 0, done.err
    happened = written(tmp_path / "j.db")
    stops = [
        event
        for event in happened
        if isinstance(event, ev.OrderApproved) and event.purpose == "protective"
    ]
    covered = [event for event in happened if isinstance(event, ev.ProtectionCovered)]
    assert [event.client_order_id for event in covered] == [s.client_order_id for s in stops]
    assert len(stops) == 4
    assert 0 < covered[0].uncovered_ns < 2 * NS_PER_S
    assert [event.uncovered_ns for event in covered[1:]] == [0, 0, 0]
    for old, new in itertools.pairwise(stops):
        confirmed = places(happened, ev.OrderAcked, new.client_order_id)
        gone = places(happened, ev.OrderCanceled, old.client_order_id)
        assert new.replaces == (old.client_order_id if product == "spot" else "")
        assert confirmed < gone or product == "spot"
    assert isinstance(
        next(e for e in reversed(happened) if "Protection" in type(e).__name__),
        ev.ProtectionEnded,
    )
    assert not [e for e in happened if isinstance(e, ev.ProtectionOverdue | ev.IncidentOpened)]
    assert told["open_order_ids"] == []
    if product == "usdm":
        assert [p for p in told["usdm"]["positions"] if float(p["positionAmt"])] == []

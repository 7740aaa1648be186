"""The page about Binance says what the adapter does: its tables are held to the code."""

import ast
import re
from datetime import timedelta

import pytest

from holdfast.cli.main import build_parser
from holdfast.domain.instant import NS_PER_MS, NS_PER_S
from holdfast.domain.instrument import Product
from holdfast.domain.order import OrderType
from holdfast.execution.protect import BOUND_NS
from holdfast.gateway.breaker import ENTRIES_CLASS, EXITS_CLASS
from holdfast.runtime.dead_man import DeadManRule
from holdfast.runtime.key_check import LONGEST_OVERRIDE_DAYS
from holdfast.runtime.lapse import LapseRule
from holdfast.runtime.probe_cases import CASES, Needs
from holdfast.runtime.venue_status import EVERY_IN_MAINTENANCE_NS, EVERY_NS
from holdfast.runtime.venues import HOLDS_WATCHED_NS
from holdfast.runtime.watchdog import WatchdogRule
from holdfast.testing.market import instrument
from holdfast.traffic.breaker import ENTRIES, EXITS, QUERIES, BreakerRule
from holdfast.venues.binance.dialect import SPOT, USDM
from holdfast.venues.binance.options import LIVE
from holdfast.venues.binance.profiles import PROFILES, hosts
from holdfast.venues.binance.stream import FIRST_PAUSE_S, LONGEST_PAUSE_S
from holdfast.venues.binance.subscription import KEPT_ALIVE_EVERY_NS
from holdfast.venues.binance.wire import spot_requests, usdm_requests
from holdfast.venues.binance.wire.rights import DAY_NS, LEAST_LEFT_NS, OLDEST_KEY_NS
from tests.tidy import documents
from tests.tidy.tree import product, texts
from tests.unit.venues.binance.sinks import order

PAGE = texts()["docs/venues/binance.md"]
NAMES = {Product.SPOT: "spot", Product.LINEAR: "USD-M"}
NEEDS = {
    Needs.NOTHING: "nothing",
    Needs.KEY: "a key",
    Needs.TESTNET: "a test network",
}
ASKED_BY = ("venues/binance/", "runtime/live.py")
ROWS = {*(f"XCH-{number}" for number in (1, 2, 3, 4, 5, 6, 7, 8, 10, 12))}
ROWS |= {"MKT-1", "MKT-7", "EXE-2", "EXE-3"}
_PATH = re.compile(r"/(?:api|fapi|sapi)/v\d/[\w/]+")
_METHOD = re.compile(r"(?:order|orderList|algoOrder|session|userDataStream)\.(?:\w+\.)*\w+")
_STREAM = re.compile(r"`(/\w+/?\w*)`: `([^`]+)`")


def section(title: str) -> str:
    """Give a section of the page."""
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def rows(title: str) -> list[list[str]]:
    """Give the cells of the rows of a section's tables, heads among them."""
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in section(title).splitlines()
        if line.startswith("| ")
    ]


def spoken(pattern: re.Pattern[str]) -> set[str]:
    """Give the strings of the adapter's code that fit a pattern as a whole."""
    return {
        node.value
        for source in product()
        if source.inside.startswith(ASKED_BY)
        for node in source.nodes
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and pattern.fullmatch(node.value)
    }


def test_every_request_of_the_adapter_stands_on_the_page_and_no_other() -> None:
    assert set(_PATH.findall(section("Requests"))) == spoken(_PATH)


def test_every_method_of_the_websocket_api_stands_on_the_page() -> None:
    lists = {f"orderList.place.{kind.lower()}" for kind in spot_requests.LIST_PATHS}
    said = {
        name for name in re.findall(r"`([\w.]+)`", section("Requests")) if _METHOD.match(name)
    }
    assert said == spoken(_METHOD) | lists


def test_every_stream_stands_on_the_page_with_its_route() -> None:
    routes = {
        (route.path, kind)
        for dialect in (SPOT, USDM)
        for route in dialect.routes
        for kind in route.kinds
    }
    assert set(_STREAM.findall(section("Requests"))) == routes


@pytest.mark.parametrize("order_type", OrderType)
def test_every_order_type_is_written_as_the_page_says(order_type: OrderType) -> None:
    spot, usdm = next(row[1:] for row in rows("Orders") if row[0] == f"`{order_type.value}`")
    asked = order(order_type=order_type, trigger_price=1, callback_bps=100)
    plain, perpetual = instrument(), instrument(product=Product.LINEAR)
    at_spot = spot_requests.place(asked, plain).params
    at_usdm = usdm_requests.place(asked, perpetual)
    assert f"`{at_spot['type']}`" in spot
    assert ("trailingDelta" in at_spot) == ("trailingDelta" in spot)
    assert f"`{at_usdm.params['type']}`" in usdm
    assert ("algoOrder" in at_usdm.path) == ("algo service" in usdm)
    assert (at_usdm.params.get("timeInForce") == "GTX") == ("GTX" in usdm)


def test_the_limits_that_are_assumed_stand_on_the_page() -> None:
    said = {tuple(row[:4]) for row in rows("Limits")[1:]}
    assert said == {
        (
            NAMES[dialect.product],
            limit.kind,
            f"{limit.window_ns // NS_PER_S:,} s",
            f"{limit.most:,}",
        )
        for dialect in (SPOT, USDM)
        for limit in dialect.limits
    }


def test_every_profile_stands_on_the_page_with_all_of_its_hosts() -> None:
    said = {
        row[0].strip("`"): set(re.findall(r"`([\w.-]+)`", row[1]))
        for row in rows("Addresses")[1:]
    }
    assert said == {known.name: set(hosts(known.endpoints)) for known in PROFILES}


@pytest.mark.parametrize(
    ("name", "rule"),
    [(ENTRIES_CLASS, ENTRIES), (EXITS_CLASS, EXITS), ("questions", QUERIES)],
    ids=["entries", "exits", "questions"],
)
def test_every_breaker_opens_as_the_page_says(name: str, rule: BreakerRule) -> None:
    opens, stays = next(row[1:] for row in rows("When the venue fails") if row[0] == name)
    assert opens.startswith(f"{rule.failures_in_a_row} failures in a row")
    assert (f"{rule.failure_share * 100:.0f} %" in opens) == (rule.failure_share <= 1)
    assert (f"more than {rule.slow_ns / NS_PER_S:g} s" in opens) == bool(rule.slow_ns)
    assert stays.startswith(f"{rule.open_ns / NS_PER_S:g} s, ")
    assert stays.endswith(f"to {rule.longest_open_ns / NS_PER_S:g} s")


def test_every_case_of_the_probe_stands_on_the_page_and_no_other() -> None:
    said = [tuple(row) for row in rows("Against the venue itself")[1:]]
    assert said == [
        (
            case.name,
            NEEDS[case.needs],
            "both" if len(case.products) == len(NAMES) else NAMES[case.products[0]],
            case.claim,
            "yes" if case.open_question else "",
        )
        for case in CASES
    ]


def facts() -> list[str]:
    """Give what the page says of numbers, made from the numbers of the code."""
    live, clock = LIVE.liveness, timedelta(seconds=LIVE.rotation.after_s)
    minutes = int(clock.total_seconds()) // 60
    switch, lapse, dog = DeadManRule(), LapseRule(), WatchdogRule()
    return [
        f"after {minutes // 60} h {minutes % 60} min, less up to "
        f"{LIVE.rotation.jitter_s / 60:g} min by chance",
        f"after up to {FIRST_PAUSE_S:g} s, doubling to at most {LONGEST_PAUSE_S:g} s",
        f"stands still for {live.suspect_after_s:g} s",
        f"with their rhythm ({live.rhythm_s:g} s)",
        f"lasts {live.grace_s:g} s ends the connection",
        f"ever more seldom, up to {live.longest_s:g} s",
        f"for {SPOT.silence_s(LIVE.silence_limit_s):g} s, "
        f"on USD-M for {USDM.silence_s(LIVE.silence_limit_s):g} s, is ended",
        f"pings come every {SPOT.ping_every_s:g} s (spot), "
        f"{USDM.ping_every_s / 60:g} min (USD-M)",
        f"prolonged every {KEPT_ALIVE_EVERY_NS // NS_PER_S // 60} min",
        f"falls behind by {LIVE.behind_after_ns / NS_PER_S:g} s",
        f"`countdownCancelAll` of {switch.countdown_ms // 1_000} s, begun anew\n"
        f"  every {switch.heartbeat_ns // NS_PER_S} s",
        f"for {lapse.limit_ns // NS_PER_S} s\n  (`guards.lost_for_s`)",
        f"After {dog.frozen_s:g} s without a heartbeat",
        f"without a confirmed stop for {BOUND_NS // NS_PER_S} s",
        f"at most\n  {LONGEST_OVERRIDE_DAYS} days ahead",
        f"is older\n  than {OLDEST_KEY_NS // DAY_NS} days, or whose right to trade ends within "
        f"{LEAST_LEFT_NS // DAY_NS}",
        f"other processes know within {HOLDS_WATCHED_NS // NS_PER_MS} ms",
        f"`system/status` is asked every {EVERY_NS // NS_PER_S} s",
        f"it is asked every {EVERY_IN_MAINTENANCE_NS // NS_PER_S} s then",
    ]


@pytest.mark.parametrize("fact", facts())
def test_the_numbers_of_the_page_are_those_of_the_code(fact: str) -> None:
    assert fact in PAGE


def test_every_row_is_cited_by_what_shows_it() -> None:
    shown = {row[0]: re.findall(r"`([\w/.]+\.py)`", row[2]) for row in rows("Requirements")[1:]}
    assert shown.keys() == ROWS
    missing = [
        f"{path} does not cite {name}"
        for name, paths in shown.items()
        for path in paths
        if not re.search(rf"\b{name}\b", texts().get(path, ""))
    ]
    assert not missing, "\n".join(missing)
    assert all(any(path.startswith("tests/") for path in paths) for paths in shown.values())


def test_the_commands_of_the_page_are_understood() -> None:
    listed = documents.shell_commands(PAGE)
    verbs = [build_parser().parse_args(line.split()[1:]) for line in listed]
    assert [(one.testnet, one.read_only, one.product) for one in verbs] == [
        (False, True, "spot"),
        (True, False, "usdm"),
    ]


def test_the_page_and_the_readme_say_how_far_it_is_proven() -> None:
    assert "Not yet against\nBinance." in PAGE
    assert "not yet against Binance" in " ".join(texts()["README.md"].split())

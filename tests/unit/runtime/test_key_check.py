"""The trading key at a start: what it may do, and how long somebody may look away (SEC-6)."""

import asyncio
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.domain import events as ev
from holdfast.domain.ids import AccountId
from holdfast.domain.instant import NS_PER_MS, NS_PER_S, UtcNs
from holdfast.domain.instrument import Product
from holdfast.errors import (
    ConfigError,
    CredentialsRefused,
    HoldfastError,
    VenueUnavailable,
)
from holdfast.journal.writer import Journal
from holdfast.runtime.config import Config, VenueEntry
from holdfast.runtime.key_check import (
    JUDGED_AGAIN_NS,
    JUDGED_EVERY_NS,
    KeyOverride,
    KeyWatch,
    check_key,
)
from holdfast.runtime.live import LiveGround
from holdfast.runtime.options import RunOptions
from holdfast.runtime.state import State
from holdfast.testing.clock import ManualClock
from holdfast.venues.binance.wire.rights import KeyRights, key_rights, objections
from holdfast.venues.binance.wire.unreadable import Unreadable
from tests.unit.journal.kit import MemoryStore
from tests.unit.runtime.test_dead_man import Listening
from tests.unit.venues.binance.sinks import turn

NOW = UtcNs(1_770_000_000 * NS_PER_S)  # 2026-02-02
GOOD = KeyRights(
    ip_restrict=True,
    enable_reading=True,
    enable_withdrawals=False,
    enable_internal_transfer=False,
    permits_universal_transfer=False,
    enable_spot_and_margin_trading=True,
    create_time=NOW // NS_PER_MS,
)


def check(
    rights: KeyRights | None,
    *,
    override: KeyOverride | None = None,
    product: Product = Product.SPOT,
) -> ev.KeyChecked:
    async def ask() -> KeyRights | None:
        return rights

    return asyncio.run(
        check_key(ask, product, api_key="abcdefgh", now_ns=NOW, override=override)
    )


def with_rights(**rights: object) -> KeyRights:
    return KeyRights(**{**{f: getattr(GOOD, f) for f in GOOD.__struct_fields__}, **rights})


def test_a_key_that_reads_and_trades_from_one_address_passes() -> None:
    event = check(GOOD)
    assert event.api_key_start == "abcd"
    assert event.objections == []
    assert "enableSpotAndMarginTrading" in event.permissions


@pytest.mark.parametrize(
    ("rights", "said"),
    [
        (with_rights(enable_withdrawals=True), "it can withdraw"),
        (with_rights(enable_internal_transfer=True), "transfer to other accounts"),
        (with_rights(permits_universal_transfer=True), "between wallets"),
        (with_rights(ip_restrict=False), "not bound to an address"),
        (with_rights(enable_reading=False), "cannot read"),
        (with_rights(enable_spot_and_margin_trading=False), "cannot trade spot"),
        (with_rights(enable_margin=True), "borrow"),
        (with_rights(enable_futures=True), "futures, which this account does not need"),
        (with_rights(create_time=NOW // NS_PER_MS - 91 * 86_400_000), "91 days old"),
        (
            with_rights(trading_authority_expiration_time=NOW // NS_PER_MS + 86_400_000),
            "ends within 7 days",
        ),
    ],
)
def test_a_key_that_can_do_more_or_less_than_it_should_is_refused(
    rights: KeyRights, said: str
) -> None:
    with pytest.raises(CredentialsRefused, match=said):
        check(rights)


def test_a_key_for_contracts_needs_the_right_to_trade_them_and_no_other() -> None:
    usdm = with_rights(enable_spot_and_margin_trading=False, enable_futures=True)
    assert check(usdm, product=Product.LINEAR).objections == []
    with pytest.raises(CredentialsRefused, match="cannot trade futures"):
        check(GOOD, product=Product.LINEAR)


def test_an_override_lets_a_key_pass_for_some_days_and_is_recorded_with_its_reason() -> None:
    override = KeyOverride(until=date(2026, 2, 10), reason="the new key comes on Monday")
    event = check(with_rights(ip_restrict=False), override=override)
    assert event.objections == ["it is not bound to an address"]
    assert event.override_reason == "the new key comes on Monday"
    assert event.override_until_ns > NOW


def test_an_override_that_is_over_no_longer_helps() -> None:
    override = KeyOverride(until=date(2026, 2, 1), reason="x")
    with pytest.raises(CredentialsRefused, match="the override ended 2026-02-01"):
        check(with_rights(ip_restrict=False), override=override)


@pytest.mark.parametrize(
    "override",
    [
        KeyOverride(until=date(2027, 1, 1), reason="for ever"),
        KeyOverride(until=date(2026, 2, 10), reason=" "),
    ],
)
def test_an_override_without_a_reason_or_without_an_end_is_refused(
    override: KeyOverride,
) -> None:
    with pytest.raises(ConfigError, match="key_override"):
        check(with_rights(ip_restrict=False), override=override)


def test_a_venue_without_that_question_is_recorded_as_such() -> None:
    assert check(None).permissions == ["not told by this venue"]


def test_a_right_that_the_answer_does_not_name_counts_as_given() -> None:
    read = key_rights(b"{}")
    assert isinstance(read, KeyRights)
    assert "it can withdraw" in objections(read, Product.SPOT, now_ns=NOW)
    assert "it is not bound to an address" in objections(read, Product.SPOT, now_ns=NOW)


@given(st.binary() | st.text().map(str.encode))
def test_any_bytes_are_read_or_named_unreadable(body: bytes) -> None:
    assert isinstance(key_rights(body), KeyRights | Unreadable)


def test_a_key_is_judged_again_every_day_and_what_became_worse_is_an_incident() -> None:
    async def story() -> None:
        clock = ManualClock()
        said: list[str] = []
        journal = Journal(
            MemoryStore(), clock, account=AccountId("demo"), durable_callback=lambda _: None
        )
        recorder = Listening(journal, State(AccountId("demo")))
        verdicts: list[ev.KeyChecked | HoldfastError] = [
            ev.KeyChecked("abcd", ["enableReading"]),
            VenueUnavailable("down"),
            CredentialsRefused("the key abcd... may not trade: it can withdraw"),
        ]

        async def judge() -> ev.KeyChecked:
            verdict = verdicts.pop(0)
            if isinstance(verdict, HoldfastError):
                raise verdict
            return verdict

        watch = KeyWatch(judge, clock=clock, recorder=recorder, tell=said.append)
        watch.start()
        for wait_ns in (JUDGED_EVERY_NS, JUDGED_EVERY_NS, JUDGED_AGAIN_NS):
            await turn()
            clock.wait(wait_ns)
            await turn()
        assert verdicts == []
        assert [type(event) for event in recorder.decided] == [
            ev.KeyChecked, ev.IncidentOpened,
        ]  # fmt: skip
        assert said == ["the key abcd... may not trade: it can withdraw"]
        await watch.close()

    asyncio.run(story())


@pytest.mark.parametrize(
    ("rest", "is_asked"),
    [("https://api1.binance.com", True), ("https://fapi.binance.com", True),
     ("http://127.0.0.1:1", False), ("https://testnet.binance.vision", False)],
)  # fmt: skip
def test_the_key_is_judged_wherever_an_address_of_production_is_named(
    monkeypatch: pytest.MonkeyPatch, rest: str, is_asked: bool
) -> None:
    monkeypatch.setenv("HOLDFAST_API_KEY", "key")
    monkeypatch.setenv("HOLDFAST_SECRET", "hidden")
    venue = VenueEntry(rest=rest, ws="wss://ws.example", ws_api=rest, real_money=True)
    ground = LiveGround(Config(venue=venue), RunOptions(mode="live"), tell=print)
    assert ("api.binance.com" in ground.hosts) is is_asked

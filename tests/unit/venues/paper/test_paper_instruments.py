"""The same rules make the same instrument, over a wire and in the same process (XCH-10)."""

import msgspec

from holdfast.domain.ids import Symbol
from holdfast.domain.instrument import Instrument
from holdfast.simexchange.model import SymbolRules
from holdfast.simexchange.payloads.market import exchange_info
from holdfast.simexchange.quotas import HouseRules
from holdfast.venues.binance.wire.instruments import Listing, listing
from holdfast.venues.paper.reports import instrument_of
from tests.property.sim_kit import RULES, STEP

SOME = msgspec.structs.replace(
    RULES,
    max_price=10**15,
    max_quantity=10**14,
    market_step=STEP,
    market_min_quantity=STEP,
    market_max_quantity=10**13,
    min_notional=5 * 10**8,
    max_notional=10**13,
    max_position=10**13,
)


def over_a_wire(rules: SymbolRules) -> Instrument:
    body = msgspec.json.encode(exchange_info([rules], now_ns=0, house=HouseRules()))
    told = listing(body)
    assert isinstance(told, Listing)
    return told.instruments[Symbol(rules.symbol)]


def test_a_replay_knows_of_a_symbol_of_spot_what_the_wire_tells() -> None:
    told, known = over_a_wire(SOME), instrument_of(SOME)
    assert msgspec.structs.replace(told, venue=known.venue) == known


def test_a_replay_knows_the_order_lists_of_spot() -> None:
    assert instrument_of(RULES).order_lists == over_a_wire(RULES).order_lists

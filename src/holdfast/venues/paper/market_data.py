"""The recorded market as public data, played record by record on a clock that it moves."""

from collections.abc import Iterator

from holdfast.domain.ids import Symbol
from holdfast.domain.instrument import Instrument
from holdfast.domain.venue import MarketSink
from holdfast.errors import NotFound
from holdfast.runtime_clock import PlayedClock
from holdfast.simexchange.model import Record
from holdfast.venues.paper.floor import Floor
from holdfast.venues.paper.reports import depth_snapshot, instrument_of, market_event

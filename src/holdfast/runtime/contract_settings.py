"""Position mode, leverage and margin type: read at the start and held against what was wanted.

Leverage and margin type that the configuration leaves out are taken as the account has them;
the position mode is one-way where it says nothing, because an order without a side means that.
Anything else is refused with one line, unless `venue.set_contracts` says to change it: the
settings belong to the account, and others may trade on it.
"""

from holdfast.domain.ids import Symbol
from holdfast.errors import ConfigError, VenueRefused
from holdfast.runtime.config import VenueEntry
from holdfast.venues.binance.contract_settings import BinanceSettings

ONE_WAY, HEDGE = "one-way", "hedge"


async def agree_on_settings(
    settings: BinanceSettings, wanted: VenueEntry, *, symbols: list[Symbol]
) -> None:
    """Read the account's settings, and change or refuse what is not as it was wanted."""
    held = await settings.read(symbols)
    mode = HEDGE if held.is_hedged else ONE_WAY
    mode_wanted = wanted.position_mode or ONE_WAY
    if mode_wanted != mode:
        _refuse(wanted, "position_mode", "the account", is_so=mode, say=mode_wanted)
        await settings.set_hedged(is_hedged=mode_wanted == HEDGE)
    for symbol in symbols:
        known = held.symbols.get(symbol)
        if known is None:
            raise VenueRefused(f"the venue says nothing of leverage and margin of {symbol}")
        if wanted.leverage and wanted.leverage != known.leverage:
            say = str(wanted.leverage)
            _refuse(wanted, "leverage", symbol, is_so=str(known.leverage), say=say)
            await settings.set_leverage(symbol, wanted.leverage)
        if wanted.margin_type and wanted.margin_type != known.margin_type:
            is_so = known.margin_type
            _refuse(wanted, "margin_type", symbol, is_so=is_so, say=wanted.margin_type)
            await settings.set_margin_type(symbol, wanted.margin_type)


def _refuse(wanted: VenueEntry, key: str, whose: str, *, is_so: str, say: str) -> None:
    if not wanted.set_contracts:
        raise ConfigError(
            f"venue.{key} is {say}, and {whose} has {is_so} at the venue; change one of them, "
            "or set venue.set_contracts = true to have the venue told"
        )

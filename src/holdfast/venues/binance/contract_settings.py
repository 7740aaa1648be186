"""How an account of USD-M trades: position mode, leverage and margin type, read and set.

Sources: USD-M documents of GET/POST /fapi/v1/positionSide/dual, GET /fapi/v1/symbolConfig,
POST /fapi/v1/leverage and POST /fapi/v1/marginType. Each may be told twice: that it is so
already (-4059, -4046) is no failure.
"""

from typing import Any

import msgspec

from holdfast.domain.ids import Symbol
from holdfast.errors import VenueUnavailable
from holdfast.venues.binance.rest import QuestionRefused, Rest

MODE = "/fapi/v1/positionSide/dual"
SYMBOLS = "/fapi/v1/symbolConfig"
LEVERAGE = "/fapi/v1/leverage"
MARGIN_TYPE = "/fapi/v1/marginType"
_ALREADY = (-4059, -4046)
_CROSS, _ISOLATED = "CROSSED", "ISOLATED"


class _Mode(msgspec.Struct, rename="camel"):
    dual_side_position: bool


class _Row(msgspec.Struct, rename="camel"):
    symbol: str
    margin_type: str
    leverage: int


class SymbolSettings(msgspec.Struct, frozen=True):
    """The settings of one symbol."""

    leverage: int
    margin_type: str


class AccountSettings(msgspec.Struct, frozen=True):
    """Hedged or one way, and the settings of each symbol."""

    is_hedged: bool
    symbols: dict[Symbol, SymbolSettings]


class BinanceSettings:
    """Reads and sets the settings of one account; needs a key that trades to set them."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    async def read(self, symbols: list[Symbol]) -> AccountSettings:
        """Ask for the settings as they are."""
        mode = _decoded(await self._rest.get_signed(MODE, {}, weight=30), _Mode, MODE)
        found = {}
        for symbol in symbols:
            body = await self._rest.get_signed(SYMBOLS, {"symbol": symbol}, weight=5)
            for row in _decoded(body, list[_Row], SYMBOLS):
                kind = "cross" if row.margin_type == _CROSS else "isolated"
                found[Symbol(row.symbol)] = SymbolSettings(row.leverage, kind)
        return AccountSettings(mode.dual_side_position, found)

    async def set_hedged(self, *, is_hedged: bool) -> None:
        """Choose the position mode of the account."""
        await self._set(MODE, {"dualSidePosition": "true" if is_hedged else "false"})

    async def set_leverage(self, symbol: Symbol, leverage: int) -> None:
        """Choose the leverage of a symbol."""
        await self._set(LEVERAGE, {"symbol": symbol, "leverage": leverage})

    async def set_margin_type(self, symbol: Symbol, margin_type: str) -> None:
        """Choose `cross` or `isolated` for a symbol."""
        kind = _CROSS if margin_type == "cross" else _ISOLATED
        await self._set(MARGIN_TYPE, {"symbol": symbol, "marginType": kind})

    async def close(self) -> None:
        """Disconnect; idempotent."""
        await self._rest.close()

    async def _set(self, path: str, params: dict[str, str | int]) -> None:
        try:
            await self._rest.set_signed(path, params, weight=1)
        except QuestionRefused as error:
            if error.code not in _ALREADY:
                raise


def _decoded(body: bytes, kind: Any, path: str) -> Any:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError as error:
        raise VenueUnavailable(f"{path}: an answer that cannot be read ({error})") from None

"""USD-M's answers about the account as values; `Unreadable` when they are none.

symbol_settings        GET symbolConfig, for `positions`
positions              GET v3/positionRisk, v2/positionRisk
balances               GET v3/balance
income                 GET income, every row; `OF_EXECUTIONS` are kinds of executions
is_hedge, listen_key   GET positionSide/dual, POST listenKey
"""

from collections.abc import Mapping

import msgspec

from holdfast.domain.ids import Symbol
from holdfast.domain.instrument import Instrument
from holdfast.domain.money import Asset, amount_units
from holdfast.domain.venue import BalanceReport, IncomeReport, PositionReport
from holdfast.venues.binance.wire.numbers import decimal_text, instant
from holdfast.venues.binance.wire.unreadable import READ_ERRORS, Unreadable
from holdfast.venues.binance.wire.words import position_side_of

OF_EXECUTIONS = ("REALIZED_PNL", "COMMISSION")
"""Kinds of income that the reports of executions name themselves."""
_ISOLATED = "isolated"
_CROSS = "cross"


class _Settings(msgspec.Struct, rename="camel"):
    symbol: str
    margin_type: str = "CROSSED"
    leverage: int = 1


class _Position(msgspec.Struct, rename="camel"):
    symbol: str
    position_amt: str
    position_side: str = "BOTH"
    entry_price: str = "0"
    mark_price: str = ""
    liquidation_price: str = ""
    leverage: str | int | None = None
    margin_type: str = ""


class _Balance(msgspec.Struct):
    asset: str
    balance: str


class _Income(msgspec.Struct, rename="camel"):
    income_type: str
    income: str
    asset: str
    time: int
    tran_id: int | str
    symbol: str = ""
    trade_id: int | str | None = None


class _Mode(msgspec.Struct, rename="camel"):
    dual_side_position: bool


class _Key(msgspec.Struct, rename="camel"):
    listen_key: str


class Settings(msgspec.Struct, frozen=True):
    """What positionRisk no longer says of a symbol."""

    leverage: int = 1
    margin_type: str = _CROSS


_SETTINGS = msgspec.json.Decoder(list[_Settings])
_POSITIONS = msgspec.json.Decoder(list[_Position])
_BALANCES = msgspec.json.Decoder(list[_Balance])
_INCOME = msgspec.json.Decoder(list[_Income])
_MODE = msgspec.json.Decoder(_Mode)
_KEY = msgspec.json.Decoder(_Key)


def symbol_settings(body: bytes) -> dict[Symbol, Settings] | Unreadable:
    """Read leverage and margin type of each symbol."""
    try:
        return {
            Symbol(read.symbol): Settings(read.leverage, _margin_type(read.margin_type))
            for read in _SETTINGS.decode(body)
        }
    except READ_ERRORS as error:
        return Unreadable(str(error))


def positions(
    body: bytes,
    instruments: Mapping[Symbol, Instrument],
    *,
    settings: Mapping[Symbol, Settings],
) -> list[PositionReport] | Unreadable:
    """Read what is not flat; of symbols without an instrument no units are known.

    Nothing that is held may be hidden, so one of those makes the answer unreadable.
    """
    try:
        found = [
            _position(read, _listed(read, instruments), settings)
            for read in _POSITIONS.decode(body)
            if decimal_text(read.position_amt) != "0"
        ]
    except READ_ERRORS as error:
        return Unreadable(str(error))
    return found


def _listed(read: _Position, instruments: Mapping[Symbol, Instrument]) -> Instrument:
    instrument = instruments.get(Symbol(read.symbol))
    if instrument is None:
        raise ValueError(f"{read.symbol[:40]!r} is held and not listed")
    return instrument


def _position(
    read: _Position, instrument: Instrument, settings: Mapping[Symbol, Settings]
) -> PositionReport:
    known = settings.get(instrument.symbol, Settings())
    liquidation = decimal_text(read.liquidation_price or "0")
    leverage = known.leverage if read.leverage is None else int(read.leverage)
    return PositionReport(
        symbol=instrument.symbol,
        position_side=position_side_of(read.position_side),
        quantity=instrument.quantity(read.position_amt),
        entry_price=decimal_text(read.entry_price or "0"),
        mark_price=decimal_text(read.mark_price) if read.mark_price else "",
        liquidation_price="" if liquidation == "0" else liquidation,
        leverage=leverage,
        margin_type=_margin_type(read.margin_type) if read.margin_type else known.margin_type,
    )


def balances(body: bytes) -> list[BalanceReport] | Unreadable:
    """Read every wallet that is not empty."""
    try:
        wallets = [
            BalanceReport(Asset(read.asset), amount_units(read.balance))
            for read in _BALANCES.decode(body)
        ]
    except READ_ERRORS as error:
        return Unreadable(str(error))
    return [wallet for wallet in wallets if wallet.total]


def income(body: bytes) -> list[IncomeReport] | Unreadable:
    """Read one page of movements of the wallet, all kinds, in the venue's order."""
    try:
        return [
            IncomeReport(
                tran_id=str(read.tran_id),
                kind=read.income_type,
                symbol=Symbol(read.symbol),
                asset=Asset(read.asset),
                amount=amount_units(read.income),
                trade_id="" if read.trade_id is None else str(read.trade_id),
                venue_at_ns=instant(read.time),
            )
            for read in _INCOME.decode(body)
        ]
    except READ_ERRORS as error:
        return Unreadable(str(error))


def is_hedge(body: bytes) -> bool | Unreadable:
    """Read whether long and short positions are held apart."""
    try:
        return _MODE.decode(body).dual_side_position
    except READ_ERRORS as error:
        return Unreadable(str(error))


def listen_key(body: bytes) -> str | Unreadable:
    """Read the key of a user stream."""
    try:
        return _KEY.decode(body).listen_key
    except READ_ERRORS as error:
        return Unreadable(str(error))


def _margin_type(text: str) -> str:
    return _ISOLATED if text.lower() == _ISOLATED else _CROSS

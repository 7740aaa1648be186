"""Answers about wallets, positions, settings and income."""

from collections.abc import Iterable
from typing import TypeAlias

from holdfast.simexchange.futures.model import (
    ContractRules,
    Income,
    PositionView,
    SymbolSetting,
    WalletView,
)
from holdfast.simexchange.numbers import E8, format_e8, plain_e8
from holdfast.simexchange.usdm.payloads.digits import MILLISECOND_NS, Digits

Json: TypeAlias = dict[str, object]
ALIAS = "SgsR"


def account_totals(wallets: list[WalletView]) -> Json:
    """Add the wallets up, as if every margin asset were worth the same."""
    return {
        "totalInitialMargin": _sum(one.initial_margin for one in wallets),
        "totalMaintMargin": _sum(one.maintenance_margin for one in wallets),
        "totalWalletBalance": _sum(one.wallet for one in wallets),
        "totalUnrealizedProfit": _sum(one.unrealized for one in wallets),
        "totalMarginBalance": _sum(one.margin_balance for one in wallets),
        "totalPositionInitialMargin": _sum(one.position_margin for one in wallets),
        "totalOpenOrderInitialMargin": _sum(one.order_margin for one in wallets),
        "totalCrossWalletBalance": _sum(one.cross_wallet for one in wallets),
        "totalCrossUnPnl": _sum(one.cross_unrealized for one in wallets),
        "availableBalance": _sum(one.available for one in wallets),
        "maxWithdrawAmount": _sum(one.max_withdraw for one in wallets),
    }


def asset(wallet: WalletView, *, start_ns: int) -> Json:
    """Show a wallet as `account` does."""
    return {
        "asset": wallet.asset,
        "walletBalance": format_e8(wallet.wallet),
        "unrealizedProfit": format_e8(wallet.unrealized),
        "marginBalance": format_e8(wallet.margin_balance),
        "maintMargin": format_e8(wallet.maintenance_margin),
        "initialMargin": format_e8(wallet.initial_margin),
        "positionInitialMargin": format_e8(wallet.position_margin),
        "openOrderInitialMargin": format_e8(wallet.order_margin),
        "crossWalletBalance": format_e8(wallet.cross_wallet),
        "crossUnPnl": format_e8(wallet.cross_unrealized),
        "availableBalance": format_e8(wallet.available),
        "maxWithdrawAmount": format_e8(wallet.max_withdraw),
        "updateTime": max(wallet.updated_ns, start_ns) // MILLISECOND_NS,
    }


def balance(wallet: WalletView, *, start_ns: int) -> Json:
    """Show a wallet as `balance` does; its update time is never 0, or clients overlook it."""
    return {
        "accountAlias": ALIAS,
        "asset": wallet.asset,
        "balance": format_e8(wallet.wallet),
        "crossWalletBalance": format_e8(wallet.cross_wallet),
        "crossUnPnl": format_e8(wallet.cross_unrealized),
        "availableBalance": format_e8(wallet.available),
        "maxWithdrawAmount": format_e8(wallet.max_withdraw),
        "marginAvailable": True,
        "updateTime": max(wallet.updated_ns, start_ns) // MILLISECOND_NS,
    }


def account_position_v3(view: PositionView, digits: Digits) -> Json:
    """Show a position as `v3/account` does."""
    return {
        "symbol": view.symbol,
        "positionSide": view.side,
        "positionAmt": digits.quantity(view.quantity),
        "unrealizedProfit": format_e8(view.unrealized),
        "isolatedMargin": format_e8(view.isolated_margin),
        "notional": format_e8(view.notional),
        "isolatedWallet": format_e8(view.isolated_wallet),
        "initialMargin": format_e8(view.initial_margin),
        "maintMargin": format_e8(view.maintenance_margin),
        "updateTime": view.updated_ns // MILLISECOND_NS,
    }


def account_position_v2(view: PositionView, digits: Digits) -> Json:
    """Show a position as `v2/account` does."""
    return account_position_v3(view, digits) | {
        "positionInitialMargin": format_e8(view.position_margin),
        "openOrderInitialMargin": format_e8(view.order_margin),
        "leverage": str(view.leverage),
        "isolated": view.margin_type == "isolated",
        "entryPrice": format_e8(view.entry_price),
        "breakEvenPrice": format_e8(view.break_even_price),
        "maxNotional": plain_e8(view.max_notional),
        "bidNotional": format_e8(view.bid_notional),
        "askNotional": format_e8(view.ask_notional),
    }


def risk_v2(view: PositionView, digits: Digits) -> Json:
    """Show a position as `v2/positionRisk` does."""
    return {
        "symbol": view.symbol,
        "positionAmt": digits.quantity(view.quantity),
        "entryPrice": format_e8(view.entry_price),
        "breakEvenPrice": format_e8(view.break_even_price),
        "markPrice": format_e8(view.mark_price),
        "unRealizedProfit": format_e8(view.unrealized),
        "liquidationPrice": _or_zero(view.liquidation_price),
        "leverage": str(view.leverage),
        "maxNotionalValue": plain_e8(view.max_notional),
        "marginType": view.margin_type,
        "isolatedMargin": format_e8(view.isolated_margin),
        "isAutoAddMargin": "false",
        "positionSide": view.side,
        "notional": format_e8(view.notional),
        "isolatedWallet": format_e8(view.isolated_wallet),
        "updateTime": view.updated_ns // MILLISECOND_NS,
        "isolated": view.margin_type == "isolated",
        "adlQuantile": view.adl_quantile,
    }


def risk_v3(view: PositionView, digits: Digits) -> Json:
    """Show a position as `v3/positionRisk` does."""
    return {
        "symbol": view.symbol,
        "positionSide": view.side,
        "positionAmt": digits.quantity(view.quantity),
        "entryPrice": format_e8(view.entry_price),
        "breakEvenPrice": format_e8(view.break_even_price),
        "markPrice": format_e8(view.mark_price),
        "unRealizedProfit": format_e8(view.unrealized),
        "liquidationPrice": _or_zero(view.liquidation_price),
        "isolatedMargin": format_e8(view.isolated_margin),
        "notional": format_e8(view.notional),
        "marginAsset": view.margin_asset,
        "isolatedWallet": format_e8(view.isolated_wallet),
        "initialMargin": format_e8(view.initial_margin),
        "maintMargin": format_e8(view.maintenance_margin),
        "positionInitialMargin": format_e8(view.position_margin),
        "openOrderInitialMargin": format_e8(view.order_margin),
        "adl": view.adl_quantile,
        "bidNotional": format_e8(view.bid_notional),
        "askNotional": format_e8(view.ask_notional),
        "updateTime": view.updated_ns // MILLISECOND_NS,
    }


def symbol_config(setting: SymbolSetting) -> Json:
    """Show the settings of a symbol."""
    return {
        "symbol": setting.symbol,
        "marginType": "CROSSED" if setting.margin_type == "cross" else "ISOLATED",
        "isAutoAddMargin": False,
        "leverage": setting.leverage,
        "maxNotionalValue": plain_e8(setting.max_notional),
    }


def brackets(contract: ContractRules) -> Json:
    """Show the leverage table of a contract; its numbers are numbers, not texts."""
    return {
        "symbol": contract.symbol,
        "notionalCoef": 1.0,
        "brackets": [
            {
                "bracket": step.bracket,
                "initialLeverage": step.initial_leverage,
                "notionalCap": _number(step.cap),
                "notionalFloor": _number(step.floor),
                "maintMarginRatio": _number(step.maintenance_rate),
                "cum": _number(step.cumulative),
            }
            for step in contract.brackets
        ],
    }


def income(entry: Income) -> Json:
    """Show a movement of a wallet."""
    return {
        "symbol": entry.symbol,
        "incomeType": entry.kind,
        "income": format_e8(entry.amount),
        "asset": entry.asset,
        "info": entry.info,
        "time": entry.at_ns // MILLISECOND_NS,
        "tranId": entry.tran_id,
        "tradeId": str(entry.trade_id or ""),
    }


def _sum(amounts: Iterable[int]) -> str:
    return format_e8(sum(amounts))


def _or_zero(price: int) -> str:
    return format_e8(price) if price else "0"


def _number(value: int) -> int | float:
    whole, rest = divmod(value, E8)
    return value / E8 if rest else whole

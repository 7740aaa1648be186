"""Positions and wallets as they are shown: with liquidation price, break-even and totals."""

from holdfast.simexchange.futures.contracts import bracket_at
from holdfast.simexchange.futures.member import Member, Wallet
from holdfast.simexchange.futures.model import PositionView, WalletView
from holdfast.simexchange.futures.position import Position, Stake
from holdfast.simexchange.numbers import E8

_QUANTILES = (E8 // 20, E8 // 5, E8 // 2)


def position_view(
    member: Member, stake: Stake, *, position: Position, mark: int
) -> PositionView:
    """Show a position at the last mark."""
    contract = stake.contract
    wallet = member.wallet(contract.margin_asset)
    held = abs(position.quantity)
    is_isolated = stake.margin_type == "isolated" and held > 0
    sign = 1 if position.quantity >= 0 else -1
    shows_orders = position.side != "SHORT"
    break_even = (position.entry_value - sign * position.carried) * E8 // held if held else 0
    return PositionView(
        symbol=contract.symbol,
        side=position.side,
        quantity=position.quantity,
        entry_price=position.entry_price,
        entry_value=position.entry_value,
        break_even_price=max(0, break_even),
        mark_price=mark,
        unrealized=position.unrealized,
        realized=position.realized,
        notional=sign * position.notional,
        leverage=stake.leverage,
        max_notional=stake.max_notional,
        margin_type=stake.margin_type,
        margin_asset=contract.margin_asset,
        isolated_wallet=position.isolated_wallet,
        isolated_margin=position.isolated_wallet + position.unrealized if is_isolated else 0,
        position_margin=position.margin,
        order_margin=stake.order_margin if shows_orders else 0,
        maintenance_margin=position.maintenance,
        bid_notional=stake.bids,
        ask_notional=stake.asks,
        liquidation_price=liquidation_price(wallet, stake, position=position),
        adl_quantile=adl_quantile(position),
        updated_ns=position.updated_ns,
    )


def liquidation_price(wallet: Wallet, stake: Stake, *, position: Position) -> int:
    """Return the mark at which margin meets maintenance, all else unchanged; 0 for none.

    https://www.binance.com/en/support/faq/b3c689c1f50a44cabb3a84e663b81d93
    """
    held = abs(position.quantity)
    if not held:
        return 0
    if stake.margin_type == "isolated":
        margin = position.isolated_wallet
    else:
        others = wallet.unrealized - position.unrealized
        margin = wallet.cross + others - (wallet.maintenance - position.maintenance)
    bracket = bracket_at(stake.contract, position.notional)
    rate = bracket.maintenance_rate
    if position.quantity > 0:
        price = (position.entry_value - margin - bracket.cumulative) * E8 * E8
        return max(0, price // (held * (E8 - rate)))
    price = (position.entry_value + margin + bracket.cumulative) * E8 * E8
    return max(0, price // (held * (E8 + rate)))


def adl_quantile(position: Position) -> int:
    """Return the place in the queue of deleveraging, 0 to 4, by profit on the margin."""
    if not position.quantity or position.unrealized <= 0:
        return 0
    profit = position.unrealized * E8 // max(1, position.margin)
    return 1 + sum(profit > bound for bound in _QUANTILES)


def wallet_view(member: Member, wallet: Wallet) -> WalletView:
    """Show a wallet with the totals of all its positions, isolated ones too."""
    unrealized, margin, maintenance = (
        wallet.unrealized,
        wallet.position_margin,
        wallet.maintenance,
    )
    for stake in member.stakes.values():
        if stake.margin_type == "isolated" and stake.contract.margin_asset == wallet.asset:
            for position in stake.held():
                unrealized += position.unrealized
                margin += position.margin
                maintenance += position.maintenance
    spare = wallet.cross - wallet.position_margin - wallet.order_margin
    return WalletView(
        asset=wallet.asset,
        wallet=wallet.balance,
        cross_wallet=wallet.cross,
        unrealized=unrealized,
        cross_unrealized=wallet.unrealized,
        position_margin=margin,
        order_margin=wallet.order_margin,
        maintenance_margin=maintenance,
        available=wallet.available,
        max_withdraw=max(0, min(wallet.available, spare)),
        updated_ns=wallet.updated_ns,
    )

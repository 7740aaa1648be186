"""An account of USD-M: its wallets, stakes, orders, executions and income.

Of every margin asset the totals of cross positions are kept up to date, so that an account's
margin is known without looking at its positions.
"""

from holdfast.simexchange.accounts import AccountSpec
from holdfast.simexchange.futures.model import (
    AlgoOrder,
    ContractRules,
    FuturesOrder,
    FuturesTrade,
    Income,
)
from holdfast.simexchange.futures.position import Position, Stake


class Wallet:
    """One margin asset: what is owned, and what cross positions make of it."""

    __slots__ = (
        "asset",
        "balance",
        "isolated",
        "maintenance",
        "order_margin",
        "position_margin",
        "unrealized",
        "updated_ns",
        "warned",
    )

    def __init__(self, asset: str, balance: int) -> None:
        self.asset = asset
        self.balance = balance
        self.isolated = 0
        self.unrealized = self.maintenance = self.position_margin = self.order_margin = 0
        self.updated_ns = 0
        self.warned = False

    @property
    def cross(self) -> int:
        """Return the part that no isolated position holds."""
        return self.balance - self.isolated

    @property
    def available(self) -> int:
        """Return what new orders may take as margin."""
        free = self.cross + self.unrealized - self.position_margin - self.order_margin
        return max(0, free)

    @property
    def is_short_of_margin(self) -> bool:
        """Tell whether cross positions have less than their maintenance margin."""
        return 0 < self.maintenance > self.cross + self.unrealized


class Member:
    """What one account has and did."""

    def __init__(self, spec: AccountSpec, *, leverage: int) -> None:
        self.spec = spec
        self.is_hedge = False
        self.wallets = {
            asset: Wallet(asset, amount) for asset, amount in spec.futures_balances.items()
        }
        self.stakes: dict[str, Stake] = {}
        self.orders: dict[str, dict[int, FuturesOrder]] = {}
        self.open: dict[str, dict[int, FuturesOrder]] = {}
        self.by_client_id: dict[tuple[str, str], FuturesOrder] = {}
        self.trades: dict[str, list[FuturesTrade]] = {}
        self.income: list[Income] = []
        self.algos: dict[int, AlgoOrder] = {}
        self.open_algos: dict[int, AlgoOrder] = {}
        self.algo_by_client_id: dict[str, AlgoOrder] = {}
        self._leverage = leverage

    def wallet(self, asset: str) -> Wallet:
        """Return the wallet of an asset, opening an empty one."""
        found = self.wallets.get(asset)
        if found is None:
            found = self.wallets[asset] = Wallet(asset, 0)
        return found

    def stake(self, contract: ContractRules) -> Stake:
        """Return what the account holds of a symbol, with the leverage of a new account."""
        found = self.stakes.get(contract.symbol)
        if found is None:
            leverage = min(self._leverage, contract.max_leverage)
            found = Stake(contract, leverage=leverage, is_hedge=self.is_hedge)
            self.stakes[contract.symbol] = found
        return found

    def revalue(self, stake: Stake, position: Position, *, mark: int) -> None:
        """Value a position at a mark price and keep the wallet's totals."""
        wallet = self.wallet(stake.contract.margin_asset)
        is_cross = stake.margin_type == "cross"
        if is_cross:
            self._count(wallet, position, -1)
        position.value(mark, stake.contract, leverage=stake.leverage)
        if is_cross:
            self._count(wallet, position, 1)
        self.recount_orders(stake)

    def recount_orders(self, stake: Stake) -> None:
        """Reckon the margin of a symbol's open orders again."""
        wallet = self.wallet(stake.contract.margin_asset)
        margin = stake.margin_orders() if stake.bids or stake.asks else 0
        wallet.order_margin += margin - stake.order_margin
        stake.order_margin = margin

    def set_isolated(self, stake: Stake, position: Position, *, amount: int) -> None:
        """Set what an isolated position holds of the wallet."""
        wallet = self.wallet(stake.contract.margin_asset)
        wallet.isolated += amount - position.isolated_wallet
        position.isolated_wallet = amount

    def _count(self, wallet: Wallet, position: Position, sign: int) -> None:
        wallet.unrealized += sign * position.unrealized
        wallet.maintenance += sign * position.maintenance
        wallet.position_margin += sign * position.margin

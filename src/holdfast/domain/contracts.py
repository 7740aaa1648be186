"""What a margin account has beside cash: positions by side, the venue's open cost, and income.

Balances are kept after notional, as if a contract were paid for in full. The venue keeps a
wallet, into which it pays what it calls realized. What lies between the two is the open cost of
each position by the venue's own reckoning, so that, to the last digit and without knowing how
the venue averages or rounds:

    wallet = cash + the open costs of the contracts settled in that asset
"""

from collections.abc import Iterable, Mapping

from holdfast.domain.ids import UNATTRIBUTED, StrategyId, Symbol
from holdfast.domain.instrument import Instrument, Product
from holdfast.domain.money import AmountUnits, Asset, to_units
from holdfast.domain.order import PositionSide

CLOSED_BY_HAND = "closed by hand"
"""The incident of a position that somebody else's trade took from strategies."""
INCOMES_KEPT = 10_000
"""How many movements of wallets are remembered, so that each is booked once."""
INCOME_OVERLAP_NS = 600 * 10**9
"""How far back movements are asked for again: the venue tells of some late."""
_ENTRY_EXPONENT = 36

SideKey = tuple[Symbol, PositionSide]


class Contracts:
    """Positions, open costs and booked income of one account; changed by the fold alone.

    `income_since_ns` is when the wallets were opened, which hold everything until then.
    """

    def __init__(self) -> None:
        self.positions: dict[SideKey, int] = {}
        self.open_costs: dict[SideKey, AmountUnits] = {}
        self.income_since_ns = 0
        self.income_through_ns = 0
        self.incomes: dict[tuple[str, str], None] = {}

    @property
    def income_after_ns(self) -> int:
        """Give the instant after which movements have to be asked for."""
        return max(self.income_since_ns, self.income_through_ns - INCOME_OVERLAP_NS)

    def copy(self) -> "Contracts":
        """Give positions and open costs that can be changed on their own."""
        made = Contracts()
        made.positions = dict(self.positions)
        made.open_costs = dict(self.open_costs)
        return made

    def trade(
        self, key: SideKey, quantity: int, *, notional: int, realized: int | None
    ) -> None:
        """Move a position by a signed trade, and its open cost where the venue realizes."""
        self.positions[key] = self.positions.get(key, 0) + quantity
        if realized is not None:
            self.open_costs[key] = AmountUnits(
                self.open_costs.get(key, 0) + notional + realized
            )

    def open_wallets(self, at_ns: int) -> None:
        """Note when the wallets were opened; what moved before is in them."""
        self.income_since_ns = max(self.income_since_ns, at_ns)

    def has(self, kind: str, tran_id: str) -> bool:
        """Tell whether a movement is booked."""
        return (kind, tran_id) in self.incomes

    def receive(self, kind: str, tran_id: str, *, at_ns: int) -> bool:
        """Remember a movement; False when it is booked already."""
        if self.has(kind, tran_id):
            return False
        self.incomes[kind, tran_id] = None
        if len(self.incomes) > INCOMES_KEPT:
            del self.incomes[next(iter(self.incomes))]
        self.income_through_ns = max(self.income_through_ns, at_ns)
        return True

    def open_cost(self, asset: Asset, instruments: Mapping[Symbol, Instrument]) -> int:
        """Give the open costs of all contracts that settle in an asset."""
        return sum(
            cost
            for (symbol, _), cost in self.open_costs.items()
            if instruments[symbol].settle == asset
        )

    def canonical(self) -> dict[str, object]:
        """Give everything in the form of the state hash."""
        return {
            "open_costs": [
                [symbol, side.value, str(cost)]
                for (symbol, side), cost in sorted(self.open_costs.items(), key=_by_name)
                if cost
            ],
            "income": [str(self.income_since_ns), str(self.income_through_ns)],
            "incomes": [list(key) for key in sorted(self.incomes)],
        }


def is_contract(instrument: Instrument) -> bool:
    """Tell whether an instrument is held as a position and not as a balance."""
    return instrument.product is not Product.SPOT


def entry_cost(instrument: Instrument, quantity: int, *, entry_price: str) -> int:
    """Give quantity x entry price in price x quantity units, half to even where finer.

    A venue names an average with more digits than a price has. The rounding changes no wallet:
    what is taken from cash here is added to the open cost.
    """
    scale = 10 ** (_ENTRY_EXPONENT - instrument.price_exponent)
    whole, rest = divmod(to_units(entry_price, _ENTRY_EXPONENT) * abs(quantity), scale)
    up = 2 * rest > scale or (2 * rest == scale and whole % 2 == 1)
    cost: int = whole + up
    return cost if quantity >= 0 else -cost


def owners(
    held: Iterable[tuple[StrategyId, int]], quantity: int
) -> list[tuple[StrategyId, int]]:
    """Divide a trade that the venue made among those whose positions it closes.

    The greatest position first, then by name; what closes nobody's is nobody's.
    """
    opposite = [(name, size) for name, size in held if size * quantity < 0]
    rest, parts = quantity, []
    for name, size in sorted(opposite, key=lambda each: (-abs(each[1]), each[0])):
        part = -size if abs(size) <= abs(rest) else rest
        if part:
            parts.append((name, part))
            rest -= part
    return [*parts, (UNATTRIBUTED, rest)] if rest else parts


def owners_by_hand(
    held: Iterable[tuple[StrategyId, int]], quantity: int
) -> list[tuple[StrategyId, int]]:
    """Divide a stranger's trade among nobody and the strategies whose positions it closes.

    It first closes what is nobody's. Only what would leave the account with less than the
    strategies together hold, or turned over, is taken from them, the greatest first.
    """
    positions = list(held)
    mine = [(name, size) for name, size in positions if name != UNATTRIBUTED]
    together = sum(size for _, size in mine)
    if together * quantity >= 0:
        return [(UNATTRIBUTED, quantity)]
    sign = 1 if together > 0 else -1
    nobodys = sum(size for name, size in positions if name == UNATTRIBUTED)
    lacking = max(0, -sign * (nobodys + quantity))
    taken = -sign * min(abs(quantity), lacking, abs(together))
    parts = owners(mine, taken) if taken else []
    rest = quantity - taken
    return [*parts, (UNATTRIBUTED, rest)] if rest else parts


def _by_name(item: tuple[SideKey, int]) -> tuple[str, str]:
    (symbol, side), _ = item
    return symbol, side.value

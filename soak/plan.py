"""What one episode does; everything of it follows from its seed."""

from random import Random
from typing import Any

import msgspec

from soak.hazards import HAZARDS, Entry

MARKET_S = 120
MOST_KINDS = 9
KILLED_SHARE, PACED_SHARE = 0.3, 0.15
STYLES = {
    "Taker": (0.5, 2.0),
    "Maker": (0.2, 1.0),
    "Rester": (0.5, 2.0),
    "Careful": (0.05, 0.2),
}
"""The strategies, and how many wishes each makes of a best price."""
LIMITS = {
    "orders_per_10s_count": 2_000,
    "account_orders_per_10s_count": 2_000,
    "order_notional": "1000",
    "position_notional": "5000",
    "account_position_notional": "10000",
    "gross_notional": "30000",
    "concurrent_trades_count": 200,
}
ORDERS_PER_10S = {"spot": 100, "usdm": 200}
PACE = 6.0


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """An episode: what is traded, what goes wrong, and when the trader is killed.

    `kills_s` are real seconds after each start; the run after the last kill lasts for the rest
    of `market_s`. `speed` 0 is as fast as both sides answer. `starts` is the market's opening.
    """

    seed: int
    product: str
    market_s: int
    speed: float
    profile: str
    starts: str
    rates: dict[str, float]
    faults: list[Entry]
    kills_s: list[float]
    durability: str

    @property
    def config(self) -> dict[str, Any]:
        """Give the trader's configuration."""
        return {
            "account": "demo",
            "seed": self.seed,
            "limits": LIMITS,
            "venue": {
                "orders_per_10s_count": ORDERS_PER_10S[self.product],
                "recv_window_ms": 1000,
            },
            "journal": {"intent_durability": self.durability},
        }


def draw_plan(seed: int, *, market_s: int = MARKET_S, only: tuple[str, ...] = ()) -> Plan:
    """Draw an episode; `only` names the faults instead of drawing them."""
    draw = Random(seed)
    product = ("spot", "usdm")[seed % 2]
    is_paced = draw.random() < PACED_SHARE
    is_full = draw.random() < 0.4
    may = [
        hazard
        for hazard in HAZARDS
        if product in hazard.products
        and (is_paced or not hazard.is_paced)
        and (is_full or not hazard.is_full)
    ]
    chosen = draw.sample(may, draw.randint(4, MOST_KINDS))
    if only:
        chosen = [one for one in HAZARDS if one.kind in only and product in one.products]
        is_full = is_full or any(one.is_full for one in chosen)
        is_paced = is_paced or any(one.is_paced for one in chosen)
    kills = [draw.uniform(1.0, 5.0) for _ in range(draw.randint(1, 2))]
    return Plan(
        seed=seed,
        product=product,
        market_s=market_s,
        speed=PACE if is_paced else 0.0,
        profile="full" if is_full else "strict",
        starts="2026-01-05T07:59:20Z" if draw.random() < 0.7 else "2026-01-05T00:00:00Z",
        rates={style: round(draw.uniform(*span), 2) for style, span in STYLES.items()},
        faults=[hazard.entry(draw) for hazard in chosen],
        kills_s=kills if draw.random() < KILLED_SHARE else [],
        durability="with-send" if draw.random() < 0.5 else "before-send",
    )

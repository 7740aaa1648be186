"""Every kind of fault is struck by a test, and described in the guide as it is."""

import re
from pathlib import Path

from holdfast.simexchange.faults import TRAITS, FaultKind
from holdfast.simexchange.faults.entries import SHOWN
from tests.unit.simexchange_faults import (
    test_acts,
    test_connection_faults,
    test_market_faults,
    test_order_faults,
    test_user_faults,
)
from tests.unit.simexchange_faults.story import PROVEN

GUIDE = Path(__file__).parents[3] / "docs/simulated-exchange.md"
STORIES = (
    test_acts,
    test_connection_faults,
    test_market_faults,
    test_order_faults,
    test_user_faults,
)


def test_every_kind_is_struck_by_a_test() -> None:
    assert set(PROVEN) == set(FaultKind)
    for kind, name in PROVEN.items():
        assert any(hasattr(stories, name) for stories in STORIES), kind


def test_the_table_of_the_guide_says_occasion_and_settings_of_every_kind() -> None:
    rows = re.findall(
        r"^\| `(\w+)` \| ([^|]+) \| [^|]+ \| ([^|]*) \|$", GUIDE.read_text(), re.MULTILINE
    )
    told = {kind: (occasion.strip(), settings.strip()) for kind, occasion, settings in rows}
    for kind, traits in TRAITS.items():
        occasions = " or ".join(occasion.value for occasion in traits.occasions)
        needed = [f"`{SHOWN.get(name, name)}`!" for name in sorted(traits.needs)]
        may = [f"`{SHOWN.get(name, name)}`" for name in sorted(traits.takes - traits.needs)]
        assert told.get(kind.value) == (occasions, " ".join(needed + may)), kind

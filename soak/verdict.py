"""An episode judged: both sides read, every checker asked."""

from collections import defaultdict
from decimal import Decimal

from holdfast.errors import HoldfastError
from soak.checks import Case, judge
from soak.episode import Ended
from soak.facts import JournalSide, VenueSide, read_journal

GIFT_OF_BNB = Decimal(1)


def case_of(ended: Ended) -> Case:
    """Bring what is left of an episode to the shape that checkers take."""
    return Case(
        journal=JournalSide(read_journal(ended.journal)),
        venue=VenueSide(ended.told, product=ended.plan.product),
        log=ended.log["entries"],
        given=_given(ended),
    )


def verdict(ended: Ended) -> dict[str, list[str]]:
    """Say what is wrong with an episode, by checker; empty when nothing is."""
    if not ended.told:
        return {"ended": [ended.trouble]}
    try:
        found = judge(case_of(ended))
    except HoldfastError as error:
        found = {"journal": [str(error)]}
    if ended.trouble:
        found["ended"] = [ended.trouble]
    return found


def _given(ended: Ended) -> dict[str, Decimal]:
    """Sum what came to the account without an execution, as often as it struck."""
    given: dict[str, Decimal] = defaultdict(Decimal)
    times = ended.struck.get("deposit", 0)
    for entry in ended.plan.faults:
        if entry["kind"] == "deposit":
            given[entry["asset"]] += times * Decimal(entry["amount"])
    bnb = "BNB" in {one["asset"] for one in ended.told["balances"]}
    if bnb and "BNB" not in ended.told["opening"]:
        given["BNB"] += GIFT_OF_BNB
    return given

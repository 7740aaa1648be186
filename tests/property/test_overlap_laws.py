"""Two connections of one stream: each message once, in order, none lost (XCH-1)."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from holdfast.venues.binance.overlap import Named, Numbered, Verdict, judge


@dataclass
class Story:
    """What the venue sent, what each connection carries of it, and who speaks when."""

    sent: list[tuple[int, int]]
    subscribed_at: int
    turns: list[bool]
    cut_after: int | None


@st.composite
def stories(draw: st.DrawFn, *, holes: bool) -> Story:
    """Draw messages with rising numbers, and an interleaving of the two connections."""
    spans, last = [], 0
    for length in draw(st.lists(st.integers(1, 4), min_size=1, max_size=25)):
        hole = draw(st.integers(0, 3)) if holes else 0
        spans.append((last + 1 + hole, last + hole + length))
        last = spans[-1][1]
    subscribed_at = draw(st.integers(0, len(spans)))
    turns = draw(st.lists(st.booleans(), min_size=2 * len(spans), max_size=2 * len(spans)))
    return Story(spans, subscribed_at, turns, None)


def play(story: Story, *, named: bool = False, holes: bool = False) -> list[int]:
    """Let both connections speak in the drawn turns; gives the last numbers delivered.

    The old connection may be late, but it has carried what was sent before the new one's
    subscription, and it is closed only once the two are joined or both are read to their end.
    """
    pair: Numbered[int] | Named[int] = Named() if named else Numbered()
    old, new = list(story.sent), list(story.sent[story.subscribed_at :])
    heard: list[int] = []

    def say(take: object, span: tuple[int, int]) -> None:
        first, last = span
        if isinstance(pair, Named):
            heard.extend((pair.old if take == "old" else pair.new)(last, last))
        else:
            start = last + 1 if holes else first
            came = pair.old(last, last) if take == "old" else pair.new(last, last, first=start)
            heard.extend(came)

    for is_old in story.turns:
        queue = old if is_old else new
        if queue:
            say("old" if is_old else "new", queue.pop(0))
        if pair.is_joined and story.cut_after is None:
            old.clear()  # the old connection is closed the moment it may be
    for span in old if not pair.is_joined else []:
        say("old", span)
    for span in new:
        say("new", span)
    heard.extend(pair.rest())
    return heard


@given(stories(holes=False))
def test_numbers_without_holes_are_delivered_once_in_order_and_none_is_missed(
    story: Story,
) -> None:
    assert play(story) == [last for _, last in story.sent]


@given(stories(holes=True))
def test_numbers_with_holes_need_the_very_message_on_both(story: Story) -> None:
    assert play(story, holes=True) == [last for _, last in story.sent]


@given(stories(holes=True))
def test_events_known_by_name_are_delivered_once_in_order_and_none_is_missed(
    story: Story,
) -> None:
    assert play(story, named=True) == [last for _, last in story.sent]


@given(stories(holes=False), st.integers(0, 50))
def test_an_old_connection_that_dies_early_leaves_a_gap_but_no_disorder(
    story: Story, cut: int
) -> None:
    pair: Numbered[int] = Numbered()
    new = story.sent[story.subscribed_at :]
    heard: list[int] = []
    for _, last in story.sent[:cut]:
        heard += pair.old(last, last)
    for first, last in new:
        heard += pair.new(last, last, first=first)
    heard += pair.rest()
    assert heard == sorted(set(heard))
    assert set(heard) >= {last for _, last in new}


def test_the_old_one_stays_until_every_active_stream_was_found_on_the_new_one() -> None:
    quiet, active = Numbered[str](), Numbered[str]()
    assert judge([quiet, active], age_s=1, settle_s=5) is Verdict.WAIT
    active.old(1, "a")
    active.new(1, "a", first=2)
    assert judge([quiet, active], age_s=4.9, settle_s=5) is Verdict.WAIT
    assert judge([quiet, active], age_s=5, settle_s=5) is Verdict.SWITCH
    assert judge([active], age_s=0, settle_s=5) is Verdict.SWITCH


def test_a_new_one_that_is_mute_where_the_old_one_speaks_is_abandoned() -> None:
    pair = Numbered[str]()
    pair.old(1, "before the new one listened")
    assert judge([pair], age_s=4, settle_s=5) is Verdict.WAIT
    assert judge([pair], age_s=5, settle_s=5) is Verdict.SWITCH
    pair.old(2, "after")
    assert judge([pair], age_s=6, settle_s=5) is Verdict.WAIT
    assert judge([pair], age_s=15, settle_s=5) is Verdict.ABANDON


def test_an_old_one_that_is_mute_where_the_new_one_speaks_is_left() -> None:
    pair = Numbered[str]()
    assert pair.new(9, "x", first=8) == []
    assert judge([pair], age_s=5, settle_s=5) is Verdict.SWITCH
    assert pair.rest() == ["x"]
    assert pair.new(10, "y", first=10) == ["y"]

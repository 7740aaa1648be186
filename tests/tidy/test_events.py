"""Every event of the catalogue has a golden form, and a stored version never changes."""

import re

import pytest

from holdfast.domain import events
from holdfast.journal import codec
from tests.tidy import event_forms
from tests.tidy.event_forms import Form

KEPT: dict[str, Form] = {"order.moved/1": [["symbol", "str"], ["quantity", "str"]]}


def test_every_event_has_its_golden_form() -> None:
    findings = event_forms.compare(
        event_forms.recorded(event_forms.GOLDEN), event_forms.current()
    )
    assert not findings, "\n".join(findings)


@pytest.mark.parametrize("name", sorted(events.CATALOGUE))
def test_an_event_is_stored_under_a_name_in_the_past_tense_with_its_version(name: str) -> None:
    assert re.fullmatch(r"[a-z]+\.[a-z_]+/[1-9]\d*", name)
    assert name == events.CATALOGUE[name].TYPE


@pytest.mark.parametrize("name", sorted(events.CATALOGUE))
def test_the_bytes_of_an_event_are_what_they_were(name: str) -> None:
    made = event_forms.sample(events.CATALOGUE[name])
    assert codec.encode(made).hex() == event_forms.recorded(event_forms.BYTES)[name][-1]


@pytest.mark.parametrize("name", sorted(events.CATALOGUE))
def test_every_encoding_that_an_event_ever_had_can_be_read(name: str) -> None:
    made = event_forms.sample(events.CATALOGUE[name])
    *older, newest = event_forms.recorded(event_forms.BYTES)[name]
    assert codec.decode(name, bytes.fromhex(newest)) == made
    for text in older:
        assert isinstance(codec.decode(name, bytes.fromhex(text)), type(made))


def test_every_event_class_stands_in_the_catalogue() -> None:
    kinds = {
        kind
        for kind in vars(events).values()
        if isinstance(kind, type) and issubclass(kind, events.Event)
    }
    assert kinds - {events.Event} == set(events.CATALOGUE.values())


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        ({}, "has gone"),
        ({"order.moved/1": [["quantity", "str"], ["symbol", "str"]]}, "never edited"),
        ({"order.moved/1": [["symbol", "str"], ["quantity", "int"]]}, "never edited"),
        ({"order.moved/1": [["symbol", "str"]]}, "never edited"),
        ({"order.moved/1": [*KEPT["order.moved/1"], ["side", "str"]]}, "needs a default"),
        ({"order.moved/1": [*KEPT["order.moved/1"], ["side", "str", "''"]]}, "newest fields"),
        ({**KEPT, "order.moved/2": [["symbol", "str"]]}, "no golden form"),
    ],
)
def test_a_change_of_a_stored_form_is_found(now: dict[str, Form], reason: str) -> None:
    findings = event_forms.compare(KEPT, now)
    assert len(findings) == 1
    assert reason in findings[0]


def test_equal_forms_pass() -> None:
    assert event_forms.compare(KEPT, KEPT) == []

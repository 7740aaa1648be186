"""Change notes are small files with a kind, and the changelog knows the released version."""

import re

import pytest

from tests.tidy import tables
from tests.tidy.tree import texts

KINDS = ("added", "changed", "fixed", "removed", "security")
_NAME = re.compile(rf"changes/[a-z0-9]+(-[a-z0-9]+)*\.({'|'.join(KINDS)})\.md")


def faults(path: str, text: str) -> list[str]:
    """Name what is wrong with a change note."""
    found = []
    if not _NAME.fullmatch(path):
        found.append(f"{path}: a note is named changes/<what>.<kind>.md, kinds {KINDS}")
    if not text.strip().endswith("."):
        found.append(f"{path}: a note is one or two whole sentences")
    if len(text.strip().splitlines()) > tables.CHANGE_LINES:
        found.append(f"{path}: at most {tables.CHANGE_LINES} lines")
    return found


def test_every_change_note_is_well_formed() -> None:
    notes = {path: text for path, text in texts().items() if path.startswith("changes/")}
    findings = [fault for path, text in notes.items() for fault in faults(path, text)]
    assert not findings, "\n".join(findings)


def test_what_was_released_stands_in_the_changelog() -> None:
    versions = re.findall(r"^## (\S+)", texts()["CHANGELOG.md"], re.MULTILINE)
    notes = [path for path in texts() if path.startswith("changes/")]
    assert versions or notes


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("changes/journal.md", "A journal."),
        ("changes/journal.new.md", "A journal."),
        ("changes/Journal.added.md", "A journal."),
        ("changes/journal.added.md", "A journal"),
        ("changes/journal.added.md", "A journal.\n" * 9),
    ],
)
def test_a_malformed_note_is_found(path: str, text: str) -> None:
    assert faults(path, text)

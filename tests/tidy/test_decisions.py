"""Decision records are numbered, whole, and short enough to be read."""

import re

import pytest

from tests.tidy.tree import texts

FOLDER = "docs/decisions/"
PARTS = ("**Choice.**", "**Because.**", "**Cost.**", "**Reopen when**")
LINES = 45


def records() -> dict[str, str]:
    """Give every record by its path."""
    found = {path: text for path, text in texts().items() if path.startswith(FOLDER)}
    del found[f"{FOLDER}README.md"]
    return found


def faults(path: str, text: str) -> list[str]:
    """Name what a record lacks."""
    number = re.fullmatch(rf"{FOLDER}(\d{{4}})-[a-z0-9-]+\.md", path)
    if number is None:
        return [f"{path}: a record is named NNNN-what-was-chosen.md"]
    found = [f"{path}: has no {part}" for part in PARTS if part not in text]
    if not text.startswith(f"# {int(number[1])}. "):
        found.append(f"{path}: its heading begins with its number")
    if len(text.splitlines()) > LINES:
        found.append(f"{path}: at most {LINES} lines")
    return found


def test_every_record_is_whole() -> None:
    findings = [fault for path, text in records().items() for fault in faults(path, text)]
    assert not findings, "\n".join(findings)


def test_no_two_records_have_one_number() -> None:
    numbers = [path.removeprefix(FOLDER)[:4] for path in records()]
    assert len(numbers) == len(set(numbers))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (f"{FOLDER}tabs.md", "# 1. Tabs\n" + "\n".join(PARTS)),
        (f"{FOLDER}0001-tabs.md", "# 2. Tabs\n" + "\n".join(PARTS)),
        (f"{FOLDER}0001-tabs.md", "# 1. Tabs\n" + "\n".join(PARTS[1:])),
        (f"{FOLDER}0001-tabs.md", "# 1. Tabs\n" + "\n".join(PARTS) + "\n" * LINES),
    ],
)
def test_a_record_with_a_fault_is_found(path: str, text: str) -> None:
    assert faults(path, text)

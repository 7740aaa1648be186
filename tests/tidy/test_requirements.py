"""Requirements are pinned and hashed, name no host, and agree with the package."""

import re
import tomllib

import pytest

from tests.tidy.tree import ROOT, texts

FOLDER = ROOT / "requirements"
_NAME = re.compile(r"^([a-zA-Z0-9][\w.-]*)", re.MULTILINE)
_PIN = re.compile(r"^([a-z0-9][\w.-]*)==(\S+)", re.MULTILINE)


def wanted(text: str) -> set[str]:
    """Give the names of an .in file or of a list of dependencies."""
    return {name.lower() for name in _NAME.findall(text)}


def pins(text: str) -> dict[str, str]:
    """Give the pinned version of every package of a .txt file."""
    return dict(_PIN.findall(text))


def unpinned(text: str) -> list[str]:
    """Give the lines that are no requirement with a version and a hash."""
    findings = []
    for block in re.split(r"\n(?=\S)", text.replace("\\\n", " ").strip()):
        if block.startswith("#"):
            continue
        if not _PIN.match(block) or not re.search(r"--hash=sha256:[0-9a-f]{64}", block):
            findings.append(block[:60])
    return findings


@pytest.mark.parametrize("name", ["build", "data", "run", "test"])
def test_every_requirement_has_a_version_and_a_hash(name: str) -> None:
    text = (FOLDER / f"{name}.txt").read_text()
    assert not unpinned(text)
    assert not re.search(r"://|index-url|find-links", text)


@pytest.mark.parametrize("name", ["build", "data", "run", "test"])
def test_what_is_wanted_is_what_is_pinned(name: str) -> None:
    text = (FOLDER / f"{name}.in").read_text()
    assert wanted(text) <= pins((FOLDER / f"{name}.txt").read_text()).keys()


def test_the_package_and_the_requirements_want_the_same() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = wanted("\n".join(project["dependencies"]))
    assert declared == wanted((FOLDER / "run.in").read_text())
    for extra, needed in project["optional-dependencies"].items():
        assert wanted("\n".join(needed)) == wanted((FOLDER / f"{extra}.in").read_text())


def test_tests_run_with_the_versions_that_users_run() -> None:
    run = pins((FOLDER / "run.txt").read_text()) | pins((FOLDER / "data.txt").read_text())
    test = pins((FOLDER / "test.txt").read_text())
    assert {name: run[name] for name in run.keys() & test} == {
        name: test[name] for name in run.keys() & test
    }


def test_no_lock_file_records_addresses() -> None:
    locks = {"uv.lock", "poetry.lock", "Pipfile.lock", "pdm.lock", "pylock.toml"}
    assert not locks.intersection(path.rsplit("/", 1)[-1] for path in texts())


@pytest.mark.parametrize(
    "text", ["rich\n", "rich==1.0\n", "rich>=1.0 --hash=sha256:" + "0" * 64, "-e .\n"]
)
def test_a_requirement_without_version_or_hash_is_found(text: str) -> None:
    assert unpinned(text)

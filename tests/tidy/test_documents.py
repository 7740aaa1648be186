"""Documents say what is so: commands, exit codes, links, words, and no trace of a machine."""

from pathlib import Path

import pytest

from tests.tidy import commands, documents
from tests.tidy.tree import ROOT, product, texts

GUIDES = [path for path in texts() if path.endswith(".md") and not path.startswith("changes/")]
# Words of class names that need no entry: plain English, or said by the name beside them.
PLAIN = frozenset(
    word
    for line in (
        "adjusted and answer at buy by can changed closed completed connection data ended for",
        "from has held id ids in is kept kind last latest mode new no not of on one open or",
        "passed reason received refused registered requested saved seen sell set sized started",
        "status taken the to trading type view what with",
    )
    for word in line.split()
)


def test_no_file_names_a_machine_or_a_registry() -> None:
    findings = [
        found
        for path, text in texts().items()
        for found in documents.machine_traces(path, text)
    ]
    assert not findings, "\n".join(findings)


@pytest.mark.parametrize(
    "text",
    [
        "see /" + "root/thing",
        'open("/' + 'tmp/x")',
        "cd /" + "home/ann/holdfast",
        "https://files." + "pythonhosted.org/x.whl",
    ],
)
def test_a_planted_trace_is_found(text: str) -> None:
    assert documents.machine_traces("docs/planted.md", text)


def test_a_relative_path_and_an_api_path_are_no_trace() -> None:
    text = "src/tmp/x, ./tmp/x, {root}/tmp/x, /api/v3/order, {url}/home/x"
    assert documents.machine_traces("docs/planted.md", text) == []


@pytest.mark.parametrize("path", GUIDES)
def test_every_documented_command_is_exercised_by_a_test(path: str) -> None:
    run = documents.shell_commands(texts()[path]) if path in commands.WORD_BY_WORD else []
    known = {
        *commands.COMMANDS,
        *(command for command in run if not command.startswith("make")),
    }
    missing = [
        command
        for command in documents.commands(texts()[path])
        if command not in known and not command.startswith(commands.MOVES)
    ]
    assert not missing, f"{path}: no test in tests/tidy/commands.py for {missing}"


@pytest.mark.parametrize("test", sorted({*commands.COMMANDS.values()}))
def test_the_test_of_a_documented_command_exists(test: str) -> None:
    assert _exists(test)


def test_every_documented_exit_code_is_reached_by_a_test() -> None:
    documented = documents.exit_codes(texts()["src/holdfast/errors.py"]) | documents.help_codes(
        texts()["src/holdfast/cli/main.py"]
    )
    documented |= documents.listed_codes(texts()["docs/quickstart.md"])
    assert documented >= {0, 1, 2}
    assert documented - commands.EXIT_CODES.keys() == set()
    assert [test for test in commands.EXIT_CODES.values() if not _exists(test)] == []


def _exists(test: str) -> bool:
    path, _, name = test.partition("::")
    return f"def {name.rpartition('::')[2]}(" in texts().get(path, "")


def test_commands_are_read_from_shell_blocks() -> None:
    text = "```sh\n$ make run  # trades\n# a remark\na \\\n  b\n```\n```py\nx = 1\n```\n"
    plain = "```\nholdfast run\n---> a picture\n```\n"
    assert documents.commands(text + plain) == ["make run", "a b", "holdfast run"]
    assert documents.shell_commands(text + plain) == ["make run", "a b"]


def test_a_test_that_is_gone_is_found() -> None:
    assert not _exists("tests/tidy/test_documents.py::test_that_is_" + "gone")


@pytest.mark.parametrize("path", GUIDES)
def test_every_link_leads_to_a_file(path: str) -> None:
    assert documents.dead_links(ROOT / path) == []


def test_a_dead_link_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("[here](page.md) [there](nowhere.md) [web](https://example.org)")
    assert documents.dead_links(page) == ["page.md: nowhere.md"]


def test_every_word_of_the_domain_stands_in_the_glossary() -> None:
    known = documents.terms(texts()["docs/glossary.md"]) | PLAIN
    unknown = {
        f"{name}: {word}"
        for source in product()
        if source.inside.startswith("domain/")
        for name in documents.class_names(source)
        for word in documents.words(name)
        if not documents.known(word, known)
    }
    assert not unknown, "\n".join(sorted(unknown))


def test_a_word_that_the_glossary_lacks_is_found() -> None:
    assert not documents.known("wombat", {"order", "fill"})
    assert documents.known("orders", {"order"})
    assert documents.known("filled", {"fill"})
    assert documents.words("ForeignFillSeen") == ["foreign", "fill", "seen"]

"""How a command ends: the documented code, and one line that a person can act on."""

import io
import re

import pytest

from holdfast import errors
from holdfast.runtime.supervise import run_command

DRAWN = re.findall(r"── (\w+) .*exit (\d+)$", errors.__doc__ or "", re.MULTILINE)
LEAVES = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type)
    and issubclass(kind, errors.HoldfastError)
    and not kind.__subclasses__()
]


def _end(error: BaseException) -> tuple[int, str]:
    said = io.StringIO()

    def fail() -> int:
        raise error

    return run_command(fail, errors=said), said.getvalue()


@pytest.mark.parametrize(("name", "code"), DRAWN)
def test_an_error_ends_the_command_with_the_code_that_the_tree_says(
    name: str, code: str
) -> None:
    ended, said = _end(getattr(errors, name)("the disk is\nfull: free some space"))
    assert ended == int(code)
    assert said == "holdfast: the disk is full: free some space\n"


def test_the_tree_draws_every_leaf() -> None:
    assert {name for name, _ in DRAWN} >= {kind.__name__ for kind in LEAVES}


def test_a_command_that_succeeds_ends_with_0() -> None:
    assert run_command(lambda: 0, errors=io.StringIO()) == 0


def test_ctrl_c_ends_a_command_with_130() -> None:
    assert _end(KeyboardInterrupt()) == (130, "holdfast: interrupted\n")


def test_a_bug_is_one_line_that_says_where_and_no_trace() -> None:
    ended, said = _end(ZeroDivisionError("division by zero"))
    assert ended == 1
    assert said.count("\n") == 1
    assert "test_exit_codes.py" in said
    assert "Traceback" not in said

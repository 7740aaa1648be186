"""Progress on standard error for what takes long: calm on a terminal, nothing elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from holdfast.runtime.fetch import Progress


@contextmanager
def counting(what: str, *, is_shown: bool) -> Iterator[Callable[[str], None]]:
    """Show a line that is written anew; give the function that says what stands in it."""
    if not is_shown or not sys.stderr.isatty():
        yield _nothing
        return
    from rich.console import Console
    from rich.status import Status

    with Status(what, console=Console(stderr=True)) as status:
        yield lambda text: status.update(f"{what}: {text}")


@contextmanager
def transferring(*, is_shown: bool) -> Iterator["Progress"]:
    """Show a bar for each file that comes; give the function that moves them."""
    if not is_shown or not sys.stderr.isatty():
        yield _nothing
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        known: dict[str, TaskID] = {}

        def move(name: str, done: int, *, total: int) -> None:
            if name not in known:
                known[name] = bars.add_task(name.rpartition("/")[2], total=total or None)
            bars.update(known[name], completed=done)
            if total and done >= total:
                bars.update(known[name], visible=False)

        yield move


def _nothing(*_: object, **__: object) -> None:
    """Show nothing."""

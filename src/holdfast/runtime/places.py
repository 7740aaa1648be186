"""Where a run keeps its files, settled before anything starts; no two of them are one."""

import os
from pathlib import Path

import msgspec

from holdfast.errors import UsageError
from holdfast.runtime.clock import run_name
from holdfast.runtime.commands import SOCKET_PATH_LIMIT_BYTES
from holdfast.runtime.config import Config

RUNS = Path("runs")
LATEST = RUNS / "latest"
SOCKET = "trader.sock"


class Places(msgspec.Struct, frozen=True):
    """Where a run keeps its journal, its report and its socket."""

    journal: Path
    report: Path
    socket: Path


def settle_places(config: Config, *, resume: bool) -> Places:
    """Name the files of a run; `UsageError` when they cannot be kept there."""
    if config.journal.path:
        journal = Path(config.journal.path)
        if journal.is_dir():
            raise UsageError(f"--journal {journal}: this is a folder; name a file in it")
        report, socket = journal.with_suffix(".html"), journal.with_suffix(".sock")
    else:
        folder = _newest_folder() if resume else _new_folder()
        journal = folder / "journal.db"
        report, socket = folder / "report.html", folder / SOCKET
    if config.report:
        report = Path(config.report)
        if not report.parent.is_dir():
            raise UsageError(f"--report {report}: there is no folder {report.parent}")
        if report.is_dir():
            raise UsageError(f"--report {report}: this is a folder; name a file in it")
    places = Places(journal, report, socket)
    if len({journal, report, socket}) < len(places.__struct_fields__):
        raise UsageError(
            f"journal {journal}, report {report} and socket {socket} need names of their own; "
            "a journal is best named like journal.db"
        )
    if config.mode == "paper" and len(os.fsencode(socket)) > SOCKET_PATH_LIMIT_BYTES:
        raise UsageError(
            f"socket path {socket} is longer than {SOCKET_PATH_LIMIT_BYTES} bytes; "
            "put the journal in a shorter folder"
        )
    return places


def link_latest(places: Places) -> None:
    """Let `runs/latest` name the newest run."""
    folder = places.journal.parent
    if folder.parent == RUNS and (LATEST.is_symlink() or not LATEST.exists()):
        LATEST.unlink(missing_ok=True)
        LATEST.symlink_to(folder.name)


def _newest_folder() -> Path:
    """Give the folder behind `runs/latest` by its own name: the link may move on."""
    return RUNS / LATEST.readlink().name if LATEST.is_symlink() else LATEST


def _new_folder() -> Path:
    """Name a folder by the second, and by a number when one second has two runs."""
    name = run_name()
    folder = RUNS / name
    number = 1
    while folder.exists():
        number += 1
        folder = RUNS / f"{name}-{number}"
    return folder

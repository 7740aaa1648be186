"""Where a run keeps its files, settled before anything starts; no two of them are one."""

import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from holdfast.errors import UsageError
from holdfast.journal.anchor import SUFFIX
from holdfast.runtime.clock import run_name
from holdfast.runtime.commands import SOCKET_PATH_LIMIT_BYTES
from holdfast.runtime.config import Config

RUNS = Path("runs")
LATEST = RUNS / "latest"
SOCKET = "trader.sock"
LONGEST_NAME_BYTES = 255 - len(SUFFIX)


class Places(msgspec.Struct, frozen=True):
    """Where a run keeps its journal, its report and its socket."""

    journal: Path
    report: Path
    socket: Path


def settle_places(
    config: Config, *, resume: bool, inputs: Sequence[tuple[str, Path]] = ()
) -> Places:
    """Name the files of a run; `UsageError` when they cannot be kept there.

    `inputs` are the files that the run reads, by option: none of them is ever written.
    """
    if config.journal.path:
        journal = Path(config.journal.path)
        _check_name("--journal", config.journal.path)
        report, socket = journal.with_suffix(".html"), journal.with_suffix(".sock")
    else:
        folder = _newest_folder() if resume else _new_folder()
        journal = folder / "journal.db"
        report, socket = folder / "report.html", folder / SOCKET
    if config.report:
        report = Path(config.report)
        _check_name("--report", config.report)
        if not report.parent.is_dir():
            raise UsageError(f"--report {report}: there is no folder {report.parent}")
    _check_writable("--report", report)
    places = Places(journal, report, socket)
    _refuse_one_for_another(places, inputs)
    if config.mode != "replay" and len(os.fsencode(socket)) > SOCKET_PATH_LIMIT_BYTES:
        raise UsageError(
            f"socket path {socket} is longer than {SOCKET_PATH_LIMIT_BYTES} bytes; "
            "put the journal in a shorter folder"
        )
    return places


def journal_files(journal: Path) -> list[Path]:
    """Name the files that a journal consists of."""
    return [journal.with_name(journal.name + end) for end in ("", "-wal", "-shm", SUFFIX)]


def _check_name(option: str, text: str) -> None:
    """Refuse a path that no file can have, or that could not be said in one line."""
    if not text.isprintable():
        raise UsageError(f"{option} {text!a}: a path of printable characters is needed")
    path = Path(text)
    if len(os.fsencode(path.name)) > LONGEST_NAME_BYTES:
        raise UsageError(
            f"{option} {path.name[:20]}...: this name is longer than {LONGEST_NAME_BYTES} bytes"
        )
    try:
        is_folder = path.is_dir()
    except OSError as error:
        raise UsageError(f"{option} {text[:80]}: {error.strerror}") from None
    if is_folder or not path.name:
        raise UsageError(f"{option} {path}: this is a folder; name a file in it")


def _check_writable(option: str, path: Path) -> None:
    """Say now, and not after the run, that a file cannot be written."""
    if path.exists() and not path.is_file():
        raise UsageError(f"{option} {path}: this is no ordinary file; name another")
    place = path if path.exists() else path.parent
    if place.exists() and not os.access(place, os.W_OK):
        raise UsageError(f"{option} {path}: {place} is not writable; name another")


def _refuse_one_for_another(places: Places, inputs: Sequence[tuple[str, Path]]) -> None:
    """Refuse two files of one name, and above all one that is read and written."""
    journal, report, socket = places.journal, places.report, places.socket
    written = [*journal_files(journal), report, socket]
    resolved = [path.resolve() for path in written]
    if len(set(resolved)) < len(written):
        raise UsageError(
            f"journal {journal}, report {report} and socket {socket} need names of their own; "
            "a journal is best named like journal.db"
        )
    for option, path in inputs:
        if path.resolve() in resolved:
            raise UsageError(
                f"{option} {path}: this run would write over it; name journal and report "
                "otherwise"
            )


def rates_path(host: str) -> Path:
    """Name the file in which this machine's processes share the limits of a venue's host.

    It is in the state folder of the user, as the XDG Base Directory Specification names it.
    """
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "holdfast" / f"rates-{host}.db"


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

"""The side file of a journal: the lock of its one writer, and the last head it acknowledged.

SQLite drops a damaged tail of its write-ahead file without a word, and a hash chain that was
cut off is a valid shorter chain. So the head is kept once more, outside of the database and
written after each commit was acknowledged: a journal behind its anchor has lost records. It is
not flushed, because it is allowed to be old; it is never ahead of what the disk holds.
"""

import fcntl
import os
import stat
from pathlib import Path
from threading import Event
from zlib import crc32

from holdfast.errors import JournalCorrupt, JournalFailed, JournalLocked
from holdfast.journal.chain import GENESIS, Head

SUFFIX = "-anchor"
_TAG = b"holdfast-anchor/1"
_FIELDS = 4
_LOCK_ATTEMPTS = 5
_LOCK_PAUSE_S = 0.01
_READ_ATTEMPTS = 5
_LONGEST_BYTES = 4_096
_FLAGS = os.O_CLOEXEC | os.O_NONBLOCK  # to open a pipe would wait for its other end


def anchor_path(journal: Path) -> Path:
    """Name the side file of a journal."""
    return journal.with_name(journal.name + SUFFIX)


class Anchor:
    """The side file, held open and locked for as long as the journal is written."""

    def __init__(self, journal: Path) -> None:
        """Take the lock; JournalLocked when another process has it."""
        self._journal = journal
        self.path = anchor_path(journal)
        try:
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | _FLAGS, 0o644)
        except OSError as error:
            raise JournalFailed(
                f"journal {journal}: cannot write {self.path.name}: {error.strerror}"
            ) from error
        if not stat.S_ISREG(os.fstat(self._file).st_mode):
            os.close(self._file)
            raise _no_file(journal)
        if not self._lock():
            os.close(self._file)
            raise JournalLocked(
                f"journal {journal} is being written by another process; "
                "stop that one, or choose another --journal"
            )

    def write(self, seq: int, head: bytes) -> None:
        """Note an acknowledged head."""
        try:
            os.pwrite(self._file, _encode(seq, head), 0)
        except OSError as error:
            raise JournalFailed(
                f"journal {self._journal}: cannot write {self.path.name}: {error.strerror}"
            ) from error

    def flush(self) -> None:
        """Make the note durable, and the name of its file."""
        try:
            os.fsync(self._file)
            folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise JournalFailed(
                f"journal {self._journal}: cannot flush {self.path.name}: {error.strerror}"
            ) from error

    def close(self) -> None:
        """Let go of the lock; idempotent."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _lock(self) -> bool:
        # A reader that asks whether somebody writes holds the lock for some microseconds.
        pause = Event()
        for _ in range(_LOCK_ATTEMPTS):
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
            except OSError:
                pause.wait(_LOCK_PAUSE_S)
        return False


def is_written(journal: Path) -> bool:
    """Tell whether some process writes this journal now."""
    try:
        file = os.open(anchor_path(journal), os.O_RDONLY | _FLAGS)
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(file)
    return False


def read_anchor(journal: Path) -> Head | None:
    """Give the last acknowledged head, None without one; JournalCorrupt when it is damaged."""
    path = anchor_path(journal)
    for _ in range(_READ_ATTEMPTS):  # a writer may be half-way through overwriting it
        try:
            text = _read(journal, path)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise JournalFailed(
                f"journal {journal}: cannot read {path.name}: {error.strerror}"
            ) from error
        if not text:
            return None
        fields = text.split()
        if len(fields) == _FIELDS and text == _encode(_number(fields[1]), _digest(fields[2])):
            return Head(_number(fields[1]), _digest(fields[2]))
    raise JournalCorrupt(
        f"journal {journal}: {path.name} is damaged, so lost records would not be noticed; "
        "restore it, or remove it to go on without that proof"
    )


def _read(journal: Path, path: Path) -> bytes:
    file = os.open(path, os.O_RDONLY | _FLAGS)
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise _no_file(journal)
        return os.read(file, _LONGEST_BYTES)
    finally:
        os.close(file)


def _no_file(journal: Path) -> JournalCorrupt:
    return JournalCorrupt(
        f"journal {journal}: {anchor_path(journal).name} is no ordinary file; move it away"
    )


def _encode(seq: int, head: bytes) -> bytes:
    line = b"%s %020d %s" % (_TAG, seq, head.hex().encode())
    return b"%s %08x\n" % (line, crc32(line))


def _number(text: bytes) -> int:
    return int(text) if text.isdigit() else -1


def _digest(text: bytes) -> bytes:
    try:
        return bytes.fromhex(text.decode())
    except ValueError:
        return GENESIS

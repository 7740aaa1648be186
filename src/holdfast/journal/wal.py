"""Reads SQLite's write-ahead file as SQLite would, and says what SQLite leaves unsaid.

SQLite takes the frames up to the first whose checksum is wrong and drops the rest in silence. A
process that was killed inside a commit leaves just such an end, and so does a flipped byte in a
commit that was acknowledged. Here they are told apart: a frame that one changed byte makes fit
was whole once. Where no anchor proves the end, frames that fit behind one that does not are
evidence too; with an anchor they may be what a power cut left of a commit in no order.
Source: "WAL-mode File Format", sections 1 to 3, of SQLite's documentation.
"""

from itertools import pairwise
from pathlib import Path
from struct import Struct, unpack

from holdfast.errors import JournalCorrupt, JournalFailed

_HEADER = Struct(">8I")
_FRAME = Struct(">6I")
_MAGIC = 0x377F0682  # the last bit says in which byte order checksums are made
_WORD = 0xFFFFFFFF
_Sums = tuple[int, int]


def wal_path(journal: Path) -> Path:
    """Name the write-ahead file of a database."""
    return journal.with_name(journal.name + "-wal")


def committed_frames(journal: Path, *, is_anchored: bool) -> int:
    """Count the frames that SQLite will take; JournalCorrupt when it will drop damaged ones.

    Only for a file that nobody writes at the moment. `is_anchored` says that the head which
    these frames lead to is compared with an anchor.
    """
    path = wal_path(journal)
    if path.exists() and not path.is_file():
        raise JournalCorrupt(
            f"journal {journal}: {path.name} is no ordinary file; move it away"
        )
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return 0
    except OSError as error:
        raise JournalFailed(
            f"journal {journal}: cannot read {path.name}: {error.strerror}"
        ) from error
    if len(content) < _HEADER.size or not any(content[: _HEADER.size]):
        return 0
    frames = _Frames(content)
    if not frames.is_whole:
        raise JournalCorrupt(f"journal {journal}: the header of {path.name} is damaged")
    valid, committed = frames.walk()
    if frames.is_changed(valid) or (not is_anchored and frames.fits_behind(valid)):
        raise JournalCorrupt(
            f"journal {journal}: {path.name} is damaged in frame {valid + 1}, which is bytes "
            f"{frames.offset(valid)} to {frames.offset(valid + 1)}"
        )
    return committed


class _Frames:
    """The frames of one write-ahead file."""

    def __init__(self, content: bytes) -> None:
        page: int
        magic, _, page, _, *self._salts, sum0, sum1 = _HEADER.unpack_from(content)
        self._content = content
        self._order = ">" if magic & 1 else "<"
        self._size = _FRAME.size + page
        self.start = (sum0, sum1)
        self.is_whole = magic & ~1 == _MAGIC and self.start == self._sum(content[:24], (0, 0))
        self._count = (len(content) - _HEADER.size) // self._size if self.is_whole else 0

    def offset(self, index: int) -> int:
        """Where a frame begins in the file, counted from 0."""
        return _HEADER.size + index * self._size

    def walk(self) -> tuple[int, int]:
        """Count the frames that are valid one after the other, and those up to a commit."""
        sums, committed = self.start, 0
        for index in range(self._count):
            salts, stored, is_commit = self._fields(index)
            sums = self._sum(self._covered(index), sums)
            if salts != self._salts or sums != stored:
                return index, committed
            if is_commit:
                committed = index + 1
        return self._count, committed

    def is_changed(self, index: int) -> bool:
        """Tell whether one byte of the first frame that is not valid was changed."""
        if index >= self._count:
            return False
        salts, stored, _ = self._fields(index)
        sums = self._sums_after(index)
        if sums == stored:
            return True  # only the salts differ, and older frames do not fit this one's sums
        if salts != self._salts:
            return False
        if _one_byte(sums[0], stored[0]) and sums[1] == stored[1]:
            return True
        if _one_byte(sums[1], stored[1]) and sums[0] == stored[0]:
            return True
        return self._is_one_byte_off(index, sums)

    def fits_behind(self, index: int) -> bool:
        """Tell whether frames behind the first that is not valid follow from one another."""
        for earlier, later in pairwise(range(index, self._count)):
            salts, stored, _ = self._fields(later)
            if salts == self._salts and stored == self._sum(
                self._covered(later), self._fields(earlier)[1]
            ):
                return True
        return False

    def _sums_after(self, index: int) -> _Sums:
        before = self._fields(index - 1)[1] if index else self.start
        return self._sum(self._covered(index), before)

    def _is_one_byte_off(self, index: int, sums: _Sums) -> bool:
        """Tell whether changing one byte would give the stored sums; they are linear in it."""
        stored = self._fields(index)[1]
        missing = ((stored[0] - sums[0]) & _WORD, (stored[1] - sums[1]) & _WORD)
        words = self._words(self._covered(index))
        even, odd = (1, 1), (0, 1)  # what adding 1 to the last pair's words does to the sums
        for at in range(len(words) - 2, -1, -2):
            if _solves(words[at], even, missing) or _solves(words[at + 1], odd, missing):
                return True
            even, odd = _next(even), _next(odd)
        return False

    def _fields(self, index: int) -> tuple[list[int], _Sums, bool]:
        _, pages, salt0, salt1, sum0, sum1 = _FRAME.unpack_from(
            self._content, self.offset(index)
        )
        return [salt0, salt1], (sum0, sum1), pages > 0

    def _covered(self, index: int) -> bytes:
        begin = self.offset(index)
        return (
            self._content[begin : begin + 8]
            + self._content[begin + _FRAME.size : begin + self._size]
        )

    def _words(self, content: bytes) -> tuple[int, ...]:
        return unpack(f"{self._order}{len(content) // 4}I", content)

    def _sum(self, content: bytes, sums: _Sums) -> _Sums:
        sum0, sum1 = sums
        words = self._words(content)
        for even, odd in zip(words[::2], words[1::2], strict=True):
            sum0 = (sum0 + even + sum1) & _WORD
            sum1 = (sum1 + odd + sum0) & _WORD
        return sum0, sum1


def _next(effect: _Sums) -> _Sums:
    first = (effect[0] + effect[1]) & _WORD
    return first, (effect[1] + first) & _WORD


def _solves(word: int, effect: _Sums, missing: _Sums) -> bool:
    side = 0 if effect[0] & 1 else 1  # neighbours of Fibonacci are never both even
    change = missing[side] * pow(effect[side], -1, 1 << 32) & _WORD
    return change * effect[1 - side] & _WORD == missing[1 - side] and _one_byte(
        word, (word + change) & _WORD
    )


def _one_byte(first: int, second: int) -> bool:
    return sum(byte > 0 for byte in (first ^ second).to_bytes(4, "big")) == 1

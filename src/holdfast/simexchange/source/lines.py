"""Read the lines of a data file, gzip or plain, and say in one line what is wrong with one."""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from holdfast.errors import DataError
from holdfast.simexchange.numbers import E8
from holdfast.simexchange.source.bounds import (
    LONGEST_STEP_DAYS,
    MOST_PRICE,
    check_step,
    number_e8,
)

_GZIP_MAGIC = b"\x1f\x8b"
_LONGEST_LINE = 4_000_000
_CHUNK_BYTES = 1 << 18
_TIMES = f"rows by rising time, at most {LONGEST_STEP_DAYS} days apart"
_CHECKED_BYTES = 256 * 1024 * 1024


def read_lines(path: Path) -> Iterator[bytes]:
    """Yield the lines without their ends; raise DataError where the file cannot be read."""
    number = 0
    rest = b""
    try:
        with open_bytes(path) as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                lines = (rest + chunk).split(b"\n")
                rest = lines.pop()
                if len(rest) > _LONGEST_LINE:
                    raise malformed(path, number + 1, what="endless", expected="lines of text")
                for line in lines:
                    number += 1
                    yield line[:-1] if line.endswith(b"\r") else line
        if rest:
            yield rest.rstrip(b"\r")
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(
            f"{path}, after line {number}: the gzip data is truncated or damaged ({error}); "
            "a whole file is needed, copy it again"
        ) from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from error


def check_whole(path: Path) -> None:
    """Raise DataError when a file of ordinary size cannot be read to its end."""
    try:
        if not path.is_file():
            raise DataError(f"{path}: there is no such file; name a market data file")
        if path.stat().st_size > _CHECKED_BYTES:
            return
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from error
    for _ in read_lines(path):
        pass


def open_bytes(path: Path) -> IO[bytes]:
    """Open a file by its content: gzip is unpacked on the way."""
    with path.open("rb") as stream:
        is_gzip = stream.read(2) == _GZIP_MAGIC
    return cast("IO[bytes]", gzip.open(path, "rb")) if is_gzip else path.open("rb")


def malformed(path: Path, number: int, *, what: str, expected: str) -> DataError:
    """Name the file, the line, what is wrong there and what would be right."""
    return DataError(f"{path}, line {number}: {what}; expected {expected}")


def exact(path: Path, number: int, *, column: str, text: bytes, most: int = MOST_PRICE) -> int:
    """Read a decimal number of a column, from 0 to a bound, as a count of 10^-8."""
    try:
        return number_e8(text.decode(), most)
    except ValueError as error:
        raise malformed(
            path,
            number,
            what=f"{column}: {error}",
            expected=f"a decimal number from 0 to {most // E8}",
        ) from error


def check_order(path: Path, number: int, *, before_ns: int, at_ns: int) -> None:
    """Raise DataError when a row's time goes back, or goes on too far; 0 stands for none."""
    if at_ns < before_ns:
        raise malformed(path, number, what="time goes back", expected="rows by rising time")
    try:
        check_step(before_ns, at_ns)
    except ValueError as error:
        raise malformed(path, number, what=str(error), expected=_TIMES) from error

"""Fetch market data that Binance publishes for download, from its archive or a copy of it.

A day (or month) is a zip file beside which its SHA-256 stands. What does not match is not
kept. What is kept is the text inside, compressed, under a name that tells product and symbol.
Source: the venue's repository binance-public-data, "Where do I find the data" and CHECKSUM.
"""

import asyncio
import gzip
import hashlib
import io
import os
import re
import zipfile
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import date, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import aiohttp
import msgspec

from holdfast.errors import DataError, UsageError, VenueTimeout, VenueUnavailable

ARCHIVE = "https://data.binance.vision"
KINDS = ("klines", "aggTrades", "trades")
ROOTS = {"spot": "data/spot", "usdm": "data/futures/um"}
LARGEST_BYTES = 4 << 30
CHUNK_BYTES = 1 << 20
AT_ONCE = 3
ANSWER_WITHIN_S = 30.0
TRIES = 3
DAY = timedelta(days=1)
MOST_DAYS = 10_000
_SYMBOL = re.compile(r"\w{1,40}")
_INTERVAL = re.compile(r"[0-9]{1,2}(s|m|h|d|w|mo)")
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class FetchOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What to fetch: every day, or month, from one date to another, both included."""

    source: str = ARCHIVE
    product: str = "spot"
    kind: str = "klines"
    interval: str = "1m"
    symbol: str
    first: date
    last: date
    is_monthly: bool = False
    folder: Path


class Fetched(msgspec.Struct, kw_only=True):
    """What became of it; `missing` are those that the archive does not have."""

    schema: str = "data-fetch/1"
    kept: list[str] = []
    known: list[str] = []
    missing: list[str] = []
    size_bytes: int = 0


class Wanted(msgspec.Struct, frozen=True):
    """One file: where it lies in the archive, and the name under which it is kept."""

    remote: str
    local: str


class Progress(Protocol):
    """Told of each file how many bytes are here, and of how many; 0 when nobody says."""

    def __call__(self, name: str, done: int, *, total: int) -> None:
        """Show it."""


class Source(Protocol):
    """Where files come from; None for one that is not there."""

    async def read(self, name: str, progress: Progress) -> bytes | None:
        """Read a whole file."""


def wanted(options: FetchOptions) -> list[Wanted]:
    """List the files; `UsageError` for a product, kind or range that nobody publishes."""
    if options.product not in ROOTS or options.kind not in KINDS:
        raise UsageError(
            f"{options.product} {options.kind}: the archive has {', '.join(ROOTS)} and of each "
            f"{', '.join(KINDS)}"
        )
    if options.last < options.first:
        raise UsageError(f"--to {options.last} is before --from {options.first}")
    if (options.last - options.first).days >= MOST_DAYS:
        raise UsageError(
            f"--from {options.first} --to {options.last}: at most {MOST_DAYS} days"
        )
    # Both become parts of a path, here and there.
    if not _SYMBOL.fullmatch(options.symbol):
        raise UsageError(f"--symbol {options.symbol[:40]!a}: no name of a symbol")
    if not _INTERVAL.fullmatch(options.interval):
        raise UsageError(f"--interval {options.interval[:40]!a}: write for example 1m or 1d")
    step = options.interval if options.kind == "klines" else options.kind
    folder = f"{options.kind}/{options.symbol}"
    folder += f"/{options.interval}" if options.kind == "klines" else ""
    span = "monthly" if options.is_monthly else "daily"
    root = f"{ROOTS[options.product]}/{span}/{folder}"
    return [
        Wanted(
            f"{root}/{options.symbol}-{step}-{when}.zip",
            f"binance-{options.product}-{options.symbol}-{step}-{when}.csv.gz",
        )
        for when in _dates(options)
    ]


def _dates(options: FetchOptions) -> Iterator[str]:
    if not options.is_monthly:
        for number in range((options.last - options.first).days + 1):
            yield (options.first + number * DAY).isoformat()
        return
    year, month = options.first.year, options.first.month
    while (year, month) <= (options.last.year, options.last.month):
        yield f"{year}-{month:02d}"
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)  # noqa: PLR2004


async def fetch(options: FetchOptions, *, progress: Progress) -> Fetched:
    """Fetch what is not here yet, three files at a time; DataError for a wrong checksum."""
    files = wanted(options)
    done = Fetched()
    try:
        options.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{options.folder}: nothing can be kept there ({error})") from None
    turns = asyncio.Semaphore(AT_ONCE)
    async with _source(options.source) as source:

        async def take(file: Wanted) -> None:
            async with turns:
                await _take(file, source, options.folder, done=done, progress=progress)

        tasks = [asyncio.ensure_future(take(file)) for file in files]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    done.kept.sort()
    done.missing.sort()
    return done


async def _take(
    file: Wanted, source: Source, folder: Path, *, done: Fetched, progress: Progress
) -> None:
    place = folder / file.local
    if place.exists():
        done.known.append(file.local)
        return
    stated = await source.read(file.remote + ".CHECKSUM", _quietly)
    packed = await source.read(file.remote, progress) if stated is not None else None
    if stated is None or packed is None:
        done.missing.append(file.remote)
        return
    digest = stated.split()[0].decode("ascii", "replace").lower() if stated.split() else ""
    if hashlib.sha256(packed).hexdigest() != digest:
        raise DataError(f"{file.remote}: its SHA-256 is not the published one; nothing is kept")
    text = await asyncio.to_thread(_unpack, file.remote, packed)
    compressed = await asyncio.to_thread(gzip.compress, text, 6, mtime=0)
    part = place.with_name(f"{place.name}.{os.getpid()}.part")  # another may fetch it, too
    try:
        part.write_bytes(compressed)
        part.replace(place)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise DataError(f"{place} cannot be written: {error.strerror}") from None
    done.kept.append(file.local)
    done.size_bytes += len(packed)


def _unpack(name: str, packed: bytes) -> bytes:
    """Give the one text inside; DataError for anything else."""
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            (member,) = archive.infolist()
            if member.file_size > LARGEST_BYTES or not member.filename.endswith(".csv"):
                raise DataError(f"{name}: {member.filename} is not what the archive holds")
            return archive.read(member)
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError) as error:
        raise DataError(f"{name} is no zip file with one text in it ({error})") from None


def _quietly(name: str, done: int, *, total: int) -> None:
    """Show nothing of small files."""


@asynccontextmanager
async def _source(where: str) -> AsyncIterator[Source]:
    """Open a folder or an address; plain HTTP is for this machine alone."""
    url = urlsplit(where)
    if url.scheme not in ("http", "https"):
        yield _Folder(_folder(where))
        return
    if url.scheme == "http" and url.hostname not in _LOOPBACK:
        raise UsageError(f"--source {where}: only https:// leaves this machine")
    timeout = aiohttp.ClientTimeout(
        total=None, connect=ANSWER_WITHIN_S, sock_read=ANSWER_WITHIN_S
    )
    async with aiohttp.ClientSession(timeout=timeout) as session:
        yield _Web(session, where.rstrip("/"))


def _folder(where: str) -> Path:
    folder = Path(where)
    if not folder.is_dir():
        raise UsageError(f"--source {where}: neither a folder nor an https:// address")
    return folder


class _Folder:
    """A copy of the archive on disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def read(self, name: str, progress: Progress) -> bytes | None:
        path = self._folder / name
        if not path.is_file():
            return None
        data = await asyncio.to_thread(path.read_bytes)
        progress(name, len(data), total=len(data))
        return data


class _Web:
    """The archive, or a mirror of it."""

    def __init__(self, session: aiohttp.ClientSession, base: str) -> None:
        self._session = session
        self._base = base

    async def read(self, name: str, progress: Progress) -> bytes | None:
        for left in reversed(range(TRIES)):
            try:
                return await self._read(name, progress)
            except (aiohttp.ClientError, TimeoutError) as error:
                if not left:
                    raise VenueTimeout(
                        f"{self._base}/{name}: {str(error) or 'no answer'}"
                    ) from None
        raise VenueUnavailable(f"{self._base}/{name}: not tried")

    async def _read(self, name: str, progress: Progress) -> bytes | None:
        address = f"{self._base}/{name}"
        async with self._session.get(address, allow_redirects=False) as answer:
            if answer.status == HTTPStatus.NOT_FOUND:
                return None
            if answer.status != HTTPStatus.OK:
                raise VenueUnavailable(f"{self._base}/{name}: status {answer.status}")
            total = answer.content_length or 0
            if total > LARGEST_BYTES:
                raise DataError(f"{name} is larger than {LARGEST_BYTES >> 30} GiB")
            data = bytearray()
            async for chunk in answer.content.iter_chunked(CHUNK_BYTES):
                data += chunk
                progress(name, len(data), total=total)
                if len(data) > LARGEST_BYTES:
                    raise DataError(f"{name} is larger than {LARGEST_BYTES >> 30} GiB")
            return bytes(data)

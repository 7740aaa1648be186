"""Fetching published data: names, checksums, what is not there, and what is refused (MKT-1)."""

import asyncio
import gzip
import hashlib
import io
import os
import zipfile
from datetime import date
from pathlib import Path

import pytest
from aiohttp import web

from holdfast.errors import DataError, UsageError, VenueUnavailable
from holdfast.runtime.fetch import Fetched, FetchOptions, fetch, wanted

ROW = b"1759536000000000,100.0,101.0,99.0,100.5,3.0,1759536059999999,300,7,1.0,100,0\n"
DAY = date(2025, 10, 4)
NAME = "data/spot/daily/klines/BTCUSDT/1m/BTCUSDT-1m-2025-10-04.zip"


def options(folder: Path, **more: object) -> FetchOptions:
    given = {"symbol": "BTCUSDT", "first": DAY, "last": DAY, "folder": folder, **more}
    return FetchOptions(**given)  # type: ignore[arg-type]


def packed(text: bytes = ROW, *, name: str = "BTCUSDT-1m-2025-10-04.csv") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, text)
    return buffer.getvalue()


def publish(
    root: Path, name: str = NAME, *, data: bytes | None = None, digest: str = ""
) -> None:
    """Put a file and its checksum where the archive has them."""
    body = packed() if data is None else data
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    stated = digest or hashlib.sha256(body).hexdigest()
    path.with_name(path.name + ".CHECKSUM").write_text(f"{stated}  {path.name}\n")


def run(wish: FetchOptions) -> Fetched:
    return asyncio.run(fetch(wish, progress=lambda *_, total: None))


def test_days_and_months_are_named_as_the_archive_names_them(tmp_path: Path) -> None:
    days = wanted(options(tmp_path, last=date(2025, 10, 6)))
    assert [file.remote for file in days][::2] == [NAME, NAME.replace("10-04", "10-06")]
    assert days[0].local == "binance-spot-BTCUSDT-1m-2025-10-04.csv.gz"
    months = wanted(
        options(
            tmp_path,
            product="usdm",
            kind="aggTrades",
            is_monthly=True,
            first=date(2025, 11, 5),
            last=date(2026, 1, 1),
        )
    )
    assert [file.remote.rpartition("/")[2] for file in months] == [
        "BTCUSDT-aggTrades-2025-11.zip",
        "BTCUSDT-aggTrades-2025-12.zip",
        "BTCUSDT-aggTrades-2026-01.zip",
    ]
    assert months[0].remote.startswith("data/futures/um/monthly/aggTrades/BTCUSDT/")


def test_what_matches_its_checksum_is_kept_as_text_that_a_run_can_read(tmp_path: Path) -> None:
    publish(tmp_path / "archive")
    wish = options(tmp_path / "out", source=str(tmp_path / "archive"))
    done = run(wish)
    assert done.kept == ["binance-spot-BTCUSDT-1m-2025-10-04.csv.gz"]
    assert gzip.decompress((tmp_path / "out" / done.kept[0]).read_bytes()) == ROW
    again = run(wish)
    assert (again.kept, again.known) == ([], done.kept)


def test_a_wrong_checksum_keeps_nothing(tmp_path: Path) -> None:
    publish(tmp_path / "archive", digest="0" * 64)
    with pytest.raises(DataError, match="not the published one"):
        run(options(tmp_path / "out", source=str(tmp_path / "archive")))
    assert list((tmp_path / "out").iterdir()) == []


def test_what_is_not_published_is_listed_and_the_rest_is_kept(tmp_path: Path) -> None:
    publish(tmp_path / "archive")
    wish = options(tmp_path / "out", source=str(tmp_path / "archive"), last=date(2025, 10, 5))
    done = run(wish)
    assert len(done.kept) == 1
    assert done.missing == [NAME.replace("10-04", "10-05")]


@pytest.mark.parametrize(
    "data",
    [b"no zip", packed(name="../../evil.sh"), b"", packed()[:-30]],
    ids=["no zip", "no csv in it", "empty", "truncated"],
)
def test_a_file_that_is_not_what_it_should_be_keeps_nothing(
    tmp_path: Path, data: bytes
) -> None:
    publish(tmp_path / "archive", data=data)
    with pytest.raises(DataError):
        run(options(tmp_path / "out", source=str(tmp_path / "archive")))
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(
    "more",
    [
        {"source": "ftp://example"},
        {"source": "http://example.com"},
        {"last": date(2025, 10, 3)},
        {"kind": "bookDepth"},
        {"symbol": "../../x"},
        {"symbol": ""},
        {"interval": "../1m"},
        {"last": date.max},
    ],
)
def test_what_cannot_be_asked_for_is_said_before_anything_is_fetched(
    tmp_path: Path, more: dict[str, object]
) -> None:
    with pytest.raises(UsageError):
        run(options(tmp_path, **more))


def test_an_encrypted_or_broken_text_is_one_line_and_keeps_nothing(tmp_path: Path) -> None:
    body = packed(ROW * 50)
    encrypted = bytearray(body)
    encrypted[6] |= 1
    encrypted[body.rindex(b"PK\x01\x02") + 8] |= 1
    broken = bytearray(body)
    broken[70:80] = b"\xff" * 10
    for data in (encrypted, broken):
        publish(tmp_path / "archive", data=bytes(data))
        with pytest.raises(DataError, match="no zip file with one text in it"):
            run(options(tmp_path / "out", source=str(tmp_path / "archive")))
    assert list((tmp_path / "out").iterdir()) == []


def test_a_folder_that_takes_no_file_is_one_line(tmp_path: Path) -> None:
    publish(tmp_path / "archive")
    files = wanted(options(tmp_path))
    part = tmp_path / "out" / f"{files[0].local}.{os.getpid()}.part"
    part.mkdir(parents=True)
    with pytest.raises(DataError, match="cannot be written"):
        run(options(tmp_path / "out", source=str(tmp_path / "archive")))


def test_a_mirror_is_read_by_http_and_a_failing_one_is_one_line(tmp_path: Path) -> None:
    publish(tmp_path / "archive")

    async def story() -> None:
        app = web.Application()
        app.router.add_static("/mirror", tmp_path / "archive")
        app.router.add_get("/broken/{rest:.*}", _broken)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        try:
            base = f"http://{host}:{port}"
            seen: list[int] = []
            wish = options(tmp_path / "out", source=f"{base}/mirror")
            done = await fetch(wish, progress=lambda _, come, *, total: seen.append(come))
            assert len(done.kept) == 1
            assert seen[-1] == done.size_bytes
            with pytest.raises(VenueUnavailable, match="status 502"):
                await fetch(
                    options(tmp_path / "two", source=f"{base}/broken"),
                    progress=lambda *_, total: None,
                )
        finally:
            await runner.cleanup()

    asyncio.run(story())


async def _broken(_request: web.Request) -> web.Response:
    return web.Response(status=502, text="<html>bad gateway</html>")

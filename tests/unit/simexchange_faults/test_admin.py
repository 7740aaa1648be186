"""The admin endpoint: faults armed, listed and disarmed while the venue runs."""

import json

import pytest

from holdfast.errors import ConfigError
from holdfast.simexchange.faults import FaultKind
from tests.unit.simexchange_faults.story import do, fault, happened, post
from tests.unit.simexchange_wire.venue_kit import Client, open_venue, run


async def delete(client: Client, path: str) -> tuple[int, object]:
    """Send DELETE; give the status and the answer."""
    async with client.session.delete(client.rest + path) as response:
        return response.status, await response.json(content_type=None)


def test_faults_are_armed_while_the_venue_runs_and_count_what_struck() -> None:
    async def story() -> None:
        async with open_venue() as client:
            assert await client.get("/sim/faults") == {"faults": [], "happened": {}}
            one = {"kind": "order_503", "count": 2, "account": "demo"}
            armed = await post(client, "/sim/faults", one)
            assert armed["armed"][0]["id"] == 1
            await client.order()
            assert client.status == 503
            [shown] = (await client.get("/sim/faults"))["faults"]
            assert shown == {
                "id": 1, "kind": "order_503", "count": 2, "account": "demo",
                "occasions": 1, "struck": 1, "remaining": 1,
            }  # fmt: skip
            several = {"fault": [{"kind": "depth_gap", "count": 0}, {"kind": "html_502"}]}
            assert len((await post(client, "/sim/faults", several))["armed"]) == 2
            assert (await client.get("/sim/faults"))["faults"][1]["remaining"] is None
            assert await delete(client, "/sim/faults/1") == (200, {"removed": 1})
            assert await delete(client, "/sim/faults") == (200, {"removed": 2})
            assert "orderId" in await client.order()
            assert (await client.get("/sim/status"))["faults"] == {"order_503": 1}

    run(story())


def test_all_of_several_faults_are_armed_or_none() -> None:
    async def story() -> None:
        async with open_venue() as client:
            bad = {"fault": [{"kind": "depth_gap"}, {"kind": "depth_gap", "count": -1}]}
            assert "out of range" in (await post(client, "/sim/faults", bad))["error"]
            unknown = {"fault": [{"kind": "depth_gap"}, {"kind": "user_enum_unknown"}]}
            assert "--profile full" in (await post(client, "/sim/faults", unknown))["error"]
            assert (await client.get("/sim/faults"))["faults"] == []

    run(story())


def test_an_act_that_names_what_is_not_there_is_refused_before_its_time() -> None:
    async def story() -> None:
        async with open_venue() as client:
            for body in (
                {"kind": "symbol_halt", "symbol": "NOPE", "from": "1h"},
                {"kind": "listen_key_expired", "account": "nobody", "from": "1h"},
            ):
                assert "no " in (await post(client, "/sim/faults", body))["error"]
                assert client.status == 400
            assert (await client.get("/sim/faults"))["faults"] == []
            status, _ = await delete(client, "/sim/faults/1")
            assert status == 404
        entry = fault(FaultKind.SYMBOL_HALT, symbol="NOPE", from_="1h")
        with pytest.raises(ConfigError, match="no symbol 'NOPE'"):
            async with open_venue(faults=[entry]):
                pass

    run(story())


def test_a_body_over_the_limit_is_one_line_of_json() -> None:
    async def story() -> None:
        async with open_venue() as client:
            body = await post(client, "/sim/faults", {"kind": "x" * (2 << 20)})
            assert (client.status, body["error"]) == (400, "the body is too large")

    run(story())


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"[]", b"1", b'{"kind":1}', b"\xff", b"[" * 60_000, b'{"fault":{}}', b"null"],
)
@pytest.mark.parametrize("path", ["/sim/faults", "/sim/do"])
def test_a_body_of_no_sense_is_one_line_of_json(path: str, raw: bytes) -> None:
    async def story() -> None:
        async with (
            open_venue() as client,
            client.session.post(client.rest + path, data=raw) as response,
        ):
            text = await response.text()
            assert response.status == 400
            error = json.loads(text)["error"]
            assert error
            assert "\n" not in error

    run(story())


@pytest.mark.parametrize("number", ["0", "7", "x", "-1", "9" * 40, "%00"])
def test_a_fault_that_is_not_there_cannot_be_removed(number: str) -> None:
    async def story() -> None:
        async with open_venue() as client:
            status, body = await delete(client, f"/sim/faults/{number}")
            assert status == 404
            assert "no fault" in str(body)

    run(story())


def test_the_admin_endpoint_stays_open_when_the_venue_is_closed() -> None:
    async def story() -> None:
        entries = [fault(FaultKind.HTML_502, count=0)]
        async with open_venue(faults=entries) as client:
            await do(client, FaultKind.MAINTENANCE)
            await client.get("/api/v3/ping")
            assert client.status == 503
            assert await happened(client) == {"maintenance": 1}

    run(story())

"""The admin endpoint: faults listed, armed and disarmed while the venue runs, and acts at once.

    GET    /sim/faults        every entry, with how often it struck and still may
    POST   /sim/faults        arm one entry, or several as {"fault": [...]}; all or none
    DELETE /sim/faults        disarm all
    DELETE /sim/faults/{id}   disarm one
    POST   /sim/do            do one thing now: an entry with its kind and settings

It needs no key and serves loopback only. Bad input is one line of JSON and changes nothing.
"""

import msgspec
from aiohttp import web

from holdfast.errors import ConfigError, HoldfastError
from holdfast.simexchange.faults import Faults, entries_from
from holdfast.simexchange.faults.acts import act_now, check_names
from holdfast.simexchange.faults.entries import check_act
from holdfast.simexchange.floor import Floor

BAD, ABSENT = 400, 404


def add_routes(app: web.Application, floor: Floor) -> None:
    """Serve `/sim/faults` and `/sim/do`."""
    faults = floor.faults

    async def listed(_request: web.Request) -> web.Response:
        return _json(_all(faults))

    async def added(request: web.Request) -> web.Response:
        try:
            entries = entries_from(await _decoded(request))
            faults.check_room(entries)
            for entry in entries:
                check_names(floor, entry)
        except (ValueError, ConfigError) as error:
            return _error(str(error))
        return _json({"armed": [faults.add(entry).shown() for entry in entries]})

    async def disarmed(request: web.Request) -> web.Response:
        text = request.match_info.get("number")
        if text is None:
            numbers = [one.number for one in faults.armed]
            return _json({"removed": sum(faults.remove(number) for number in numbers)})
        if not (text.isascii() and text.isdigit()) or not faults.remove(int(text[:18])):
            return _error(f"no fault {text[:40]!r}; GET /sim/faults lists them", status=ABSENT)
        return _json({"removed": 1})

    async def done(request: web.Request) -> web.Response:
        try:
            fault = check_act(await _decoded(request))
            did = act_now(floor, fault)
        except (ValueError, HoldfastError) as error:
            return _error(str(error))
        faults.note(fault.kind)
        return _json({"did": fault.kind.value, **did})

    app.router.add_get("/sim/faults", listed)
    app.router.add_post("/sim/faults", added)
    app.router.add_delete("/sim/faults", disarmed)
    app.router.add_delete("/sim/faults/{number}", disarmed)
    app.router.add_post("/sim/do", done)


def _all(faults: Faults) -> dict[str, object]:
    return {"faults": [one.shown() for one in faults.armed], "happened": faults.happened}


async def _decoded(request: web.Request) -> object:
    try:
        raw = await request.read()
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"the body is no JSON ({error})") from None
    except web.HTTPRequestEntityTooLarge:
        raise ValueError("the body is too large") from None
    except RecursionError:
        raise ValueError("the body is nested too deeply") from None


def _error(text: str, *, status: int = BAD) -> web.Response:
    return _json({"error": " ".join(text.split())}, status=status)


def _json(body: object, *, status: int = 200) -> web.Response:
    return web.Response(
        body=msgspec.json.encode(body), status=status, content_type="application/json"
    )

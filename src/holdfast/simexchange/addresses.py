"""Where each interface of a venue is; all share one port."""

HOST = "127.0.0.1"


def ready_line(port: int, host: str = HOST) -> dict[str, str]:
    """Name the addresses as the line says them that tells that the venue is open."""
    spot = spot_addresses(port, host)
    http, ws = spot["rest"], spot["ws"]
    return {
        **spot,
        "usdm_rest": http,
        "usdm_ws": ws,
        "usdm_ws_api": f"{ws}/ws-fapi/v1",
    }


def spot_addresses(port: int, host: str = HOST) -> dict[str, str]:
    """Name the addresses of spot."""
    http, ws = f"http://{host}:{port}", f"ws://{host}:{port}"
    return {"rest": http, "ws": ws, "ws_api": f"{ws}/ws-api/v3"}


def usdm_addresses(port: int, host: str = HOST) -> dict[str, str]:
    """Name the addresses of USD-M."""
    http, ws = f"http://{host}:{port}", f"ws://{host}:{port}"
    return {"fapi": f"{http}/fapi", "fstream": ws, "ws_fapi": f"{ws}/ws-fapi/v1"}

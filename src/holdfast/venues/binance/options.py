"""What a Binance adapter is told at construction: where, as whom, and how patient."""

import msgspec

PEM_START = "-----BEGIN"


class Endpoints(msgspec.Struct, frozen=True):
    """Base URLs; `ws` is the origin of the streams, `ws_api` the whole URL of that API.

    What follows are other doors to the same venue, tried in their order when one fails;
    `public_rest` answers questions of the market alone.
    """

    rest: str = "https://api.binance.com"
    ws: str = "wss://stream.binance.com:9443"
    ws_api: str = "wss://ws-api.binance.com:443/ws-api/v3"
    other_rest: tuple[str, ...] = ()
    public_rest: tuple[str, ...] = ()
    other_ws: tuple[str, ...] = ()
    other_ws_api: tuple[str, ...] = ()


class Credentials(msgspec.Struct, frozen=True):
    """A key and its secret: an HMAC secret, or the PEM text of an Ed25519 private key."""

    api_key: str
    secret: str

    @property
    def is_ed25519(self) -> bool:
        """Tell whether the secret is a private key."""
        return self.secret.lstrip().startswith(PEM_START)

    def __repr__(self) -> str:
        return f"Credentials({self.api_key[:4]}...)"


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How the adapter behaves; the defaults are those of live trading.

    With `paper_pings` every ping goes to the sinks, which answer it in due time, and market
    time is the simulator's, so no offset is measured before the venue asks for it. The answer
    to an order is awaited in market time, the answer to a query in real time. A stream that
    says nothing for `silence_limit_s` is cut and opened again; 0 waits for ever. `each_trade`
    asks USD-M for single trades, which its documents do not name, instead of groups of 100 ms.
    """

    paper_pings: bool = False
    recv_window_ms: int = 5_000
    answer_timeout_ns: int = 10_000_000_000
    query_timeout_s: float = 10.0
    snapshot_levels: int = 1_000
    silence_limit_s: float = 60.0
    each_trade: bool = False


LIVE = Options()

"""What a Binance adapter is told at construction: where, as whom, and how patient."""

import msgspec

from holdfast.domain.instant import NS_PER_S

PEM_START = "-----BEGIN"
_STREAM_PATHS = ("/stream", "/ws")


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

    @property
    def stream_origins(self) -> list[str]:
        """Give where streams are, without the paths that some write behind it."""
        return [_without_path(url) for url in (self.ws, *self.other_ws)]


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


class Rotation(msgspec.Struct, frozen=True, kw_only=True):
    """When a connection is replaced by another one that is opened beside it.

    The venue cuts at 24 h. A connection is replaced at `after_s` less up to `jitter_s`, and one
    by another door than the wanted one after `way_back_s`. Two of them have to agree, or to be
    quiet both, for `settle_s`; that is looked at every `look_every_s`.
    """

    after_s: float = 85_800.0
    jitter_s: float = 600.0
    way_back_s: float = 600.0
    settle_s: float = 5.0
    look_every_s: float = 0.25

    @property
    def way_back_ns(self) -> int:
        """Give the time away from the wanted door in nanoseconds."""
        return int(self.way_back_s * NS_PER_S)


class Liveness(msgspec.Struct, frozen=True, kw_only=True):
    """When a stream is taken for a mute one: by what it should have said, not by pongs.

    A stream that was quiet for `suspect_after_s` is compared with an answer of REST; what that
    shows and the stream does not bring within `grace_s` makes it mute. A quiet market agrees,
    and is asked about again after twice the time, up to `longest_s`. Streams with a rhythm of
    their own (mark prices, every second) are suspect after `rhythm_s`. 0 for `suspect_after_s`
    looks at nothing.
    """

    suspect_after_s: float = 2.0
    grace_s: float = 0.7
    longest_s: float = 60.0
    rhythm_s: float = 3.5
    look_every_s: float = 0.5


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How the adapter behaves; the defaults are those of live trading.

    With `paper_pings` every ping goes to the sinks, which answer it in due time, and market
    time is the simulator's, so no offset is measured before the venue asks for it. The answer
    to an order is awaited in market time, the answer to a query in real time. A stream that
    says nothing for `silence_limit_s` is cut and opened again; 0 waits for ever. `each_trade`
    asks USD-M for single trades, which its documents do not name, instead of groups of 100 ms.
    A market whose messages are `behind_after_ns` old when they are read keeps of each symbol's
    top only the newest. The clock's offset is measured every `measure_every_s`.
    """

    paper_pings: bool = False
    recv_window_ms: int = 5_000
    answer_timeout_ns: int = 10_000_000_000
    query_timeout_s: float = 10.0
    snapshot_levels: int = 1_000
    silence_limit_s: float = 60.0
    each_trade: bool = False
    rotation: Rotation = Rotation()
    liveness: Liveness = Liveness()
    behind_after_ns: int = 500_000_000
    measure_every_s: float = 600.0


LIVE = Options()


def _without_path(url: str) -> str:
    base = url.rstrip("/")
    for path in _STREAM_PATHS:
        base = base.removesuffix(path)
    return base

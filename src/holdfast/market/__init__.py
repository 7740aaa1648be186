"""Market data in: books, feeds and bars, each a fold of messages; no sockets and no clock.

`runtime/pipeline.py` drives it. It hands every message of a symbol, as the adapter received it,
to that symbol's `Feed` (`on_top`, `on_diff`, `on_snapshot`, `on_trade`), shows what comes back
to the strategies, and after a depth message asks `wants_snapshot(now_ns)`: on yes the adapter
fetches one and delivers it as a `DepthSnapshot` among the messages. When a stream breaks it
calls `lose`. Joining a stream, gaps, crossed books and their counts are `sync.py`'s.
"""

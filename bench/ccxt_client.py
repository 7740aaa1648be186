"""ccxt as `bench.tick_to_order` measures it: watch the best bid and ask, create an order.

usage: python -m bench.ccxt_client PORT rest|ws; it prints "ready" and ends with its standard
input. No limiter, no currencies, one symbol: whatever ccxt lets a user switch off is off.
"""

import asyncio
import os
import sys
from typing import Any

import ccxt.pro

SYMBOL = "BTC/USDT"
OPTIONS = {
    "apiKey": "BENCH",
    "secret": "secret",
    "enableRateLimit": False,
    "options": {
        "fetchCurrencies": False,
        "fetchMargins": False,
        "fetchMarkets": {"types": ["spot"]},
        "defaultType": "spot",
        "warnOnFetchOpenOrdersWithoutSymbol": False,
    },
}


def point_at(exchange: Any, port: int) -> None:
    """Send every request to the stub, paths unchanged."""
    urls = exchange.urls["api"]
    for name, url in urls.items():
        if isinstance(url, str):
            path = url.split("://", 1)[1].partition("/")[2]
            urls[name] = f"http://127.0.0.1:{port}/{path}"
    urls["ws"]["spot"] = f"ws://127.0.0.1:{port}/ws"
    urls["ws"]["ws-api"]["spot"] = f"ws://127.0.0.1:{port}/ws-api/v3"


async def trade(port: int, way: str) -> None:
    """Answer every tick with an order, for ever."""
    exchange = ccxt.pro.binance(OPTIONS)
    point_at(exchange, port)
    create = exchange.create_order_ws if way == "ws" else exchange.create_order
    params = {"timeInForce": "IOC"}
    try:
        await exchange.load_markets()
        await create(SYMBOL, "limit", "buy", 0.001, 60_000, params)
        while True:
            watched = await exchange.watch_bids_asks([SYMBOL])
            bid = watched[SYMBOL]["bid"]
            await create(SYMBOL, "limit", "buy", 0.001, bid, params)
    finally:
        await exchange.close()


async def until_told(port: int, way: str) -> None:
    """Trade until standard input ends."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()
    loop.add_reader(0, lambda: os.read(0, 100) or ended.done() or ended.set_result(None))
    trading = loop.create_task(trade(port, way))
    loop.call_later(1.5, lambda: (sys.stdout.write("ready\n"), sys.stdout.flush()))
    await asyncio.wait((trading, ended), return_when=asyncio.FIRST_COMPLETED)
    if trading.done():
        trading.result()
    trading.cancel()
    await asyncio.gather(trading, return_exceptions=True)


if __name__ == "__main__":
    asyncio.run(until_told(int(sys.argv[1]), sys.argv[2]))

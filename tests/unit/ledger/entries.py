"""Events with only what a ledger reads, so that a test's input reads like a ledger."""

import msgspec

from holdfast.domain import events as ev
from holdfast.domain.ids import AccountId, Symbol
from holdfast.domain.instrument import Instrument, Product
from holdfast.domain.money import Asset
from holdfast.ledger import Ledger


def instrument(
    symbol: str, base: str, *, quote: str, product: Product = Product.SPOT
) -> ev.InstrumentRegistered:
    definition = Instrument(
        symbol=Symbol(symbol),
        venue="paper",
        product=product,
        base=Asset(base),
        quote=Asset(quote),
        settle=Asset(quote),
    )
    return ev.InstrumentRegistered(symbol, msgspec.to_builtins(definition))


BTCUSDT = instrument("BTCUSDT", "BTC", quote="USDT")
BTCUSDC = instrument("BTCUSDC", "BTC", quote="USDC")
ETHBTC = instrument("ETHBTC", "ETH", quote="BTC")
SOLPERP = instrument("SOLPERP", "SOL", quote="USDT", product=Product.LINEAR)


def opened(
    amount: str, asset: str, *, mark: str = "", currency: str = "USDT"
) -> ev.BalanceOpened:
    return ev.BalanceOpened(asset, amount, mark, currency, "venue")


def adjusted(
    amount: str, asset: str, *, mark: str = "", currency: str = "USDT"
) -> ev.BalanceAdjusted:
    return ev.BalanceAdjusted(asset, amount, mark, currency, "differs")


def mark(symbol: str, price: str) -> ev.MarkRecorded:
    return ev.MarkRecorded(symbol, price, "book", 0)


def filled(
    exec_id: str,
    trade: str,
    *,
    fee: str = "0 USDT",
    fee_value: str = "",
    symbol: str = "BTCUSDT",
    product: str = "spot",
    strategy: str = "trend",
    at_ns: int = 0,
) -> ev.OrderFilled:
    """Read a trade such as `buy 0.1 at 60000`, and a fee such as `0.0001 BTC`."""
    side, quantity, _, price = trade.split()
    fee_amount, fee_asset = fee.split()
    return ev.OrderFilled(
        client_order_id="H",
        venue_order_id="1",
        exec_id=exec_id,
        strategy=strategy,
        symbol=symbol,
        product=product,
        side=side,
        position_side="both",
        last_price=price,
        last_quantity=quantity,
        cum_quantity=quantity,
        liquidity_side="taker",
        fee=fee_amount,
        fee_asset=fee_asset,
        fee_value=fee_value,
        fee_value_source="book",
        reduce_only=False,
        purpose="entry",
        venue_at_ns=at_ns,
        received_at_ns=at_ns,
        source="stream",
    )


def seen(event: ev.OrderFilled) -> ev.ForeignFillSeen:
    """Give the same execution as one that none of our orders made."""
    return ev.ForeignFillSeen(
        venue_order_id=event.venue_order_id,
        exec_id=event.exec_id,
        symbol=event.symbol,
        product=event.product,
        side=event.side,
        position_side=event.position_side,
        last_price=event.last_price,
        last_quantity=event.last_quantity,
        fee=event.fee,
        fee_asset=event.fee_asset,
        fee_value=event.fee_value,
        fee_value_source=event.fee_value_source,
        liquidity_side=event.liquidity_side,
        venue_at_ns=event.venue_at_ns,
    )


def ledger(*events: ev.Event) -> Ledger:
    """Fold events into the books of an account."""
    books = Ledger(AccountId("desk"))
    for event in events:
        books.apply(event)
    return books


def accounts(books: Ledger) -> dict[str, str]:
    """Give every account as `name currency`, debits positive."""
    return {
        f"{row.account} {row.currency}": row.debit or f"-{row.credit}"
        for row in books.trial_balance()
    }

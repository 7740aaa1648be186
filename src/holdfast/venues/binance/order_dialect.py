"""How the ways of orders differ between the products, as data: what is asked, and where."""

from collections.abc import Callable

import msgspec

from holdfast.domain.instrument import Instrument, Product
from holdfast.domain.order import NewOrder
from holdfast.domain.venue import CancelOrder
from holdfast.venues.binance.wire import spot_requests, usdm_requests
from holdfast.venues.binance.wire.requests import Call, ParamsOf


class ListsOfOrders(msgspec.Struct, frozen=True):
    """How several orders, or a cancel and an order, are asked as one."""

    obstacle: Callable[[tuple[NewOrder, ...]], str]
    place: Callable[[tuple[NewOrder, ...], Instrument], Call]
    replace: Callable[[CancelOrder, Call], Call]


class OrderDialect(msgspec.Struct, frozen=True, kw_only=True):
    """One product's orders.

    An order with an `obstacle` is not written; a plain one fits a template and is written to
    `path`; every other is made by `place`. `lists` is None where there are no such requests.
    """

    product: Product
    path: str
    obstacle: Callable[[NewOrder], str]
    is_plain: Callable[[NewOrder], bool]
    plain_params: ParamsOf
    place: Callable[[NewOrder, Instrument], Call]
    cancel: Callable[[CancelOrder], Call]
    lists: ListsOfOrders | None = None


SPOT_ORDERS = OrderDialect(
    product=Product.SPOT,
    path=spot_requests.ORDER_PATH,
    obstacle=spot_requests.obstacle,
    is_plain=spot_requests.is_plain,
    plain_params=spot_requests.plain_params,
    place=spot_requests.place,
    cancel=spot_requests.cancel_order,
    lists=ListsOfOrders(
        spot_requests.list_obstacle, spot_requests.place_list, spot_requests.replace
    ),
)

USDM_ORDERS = OrderDialect(
    product=Product.LINEAR,
    path=usdm_requests.ORDER_PATH,
    obstacle=usdm_requests.obstacle,
    is_plain=usdm_requests.is_plain,
    plain_params=usdm_requests.plain_params,
    place=usdm_requests.place,
    cancel=usdm_requests.cancel_order,
)

ORDER_DIALECTS = {dialect.product: dialect for dialect in (SPOT_ORDERS, USDM_ORDERS)}

"""The Binance spot adapter: pure wire, REST, streams, and the adapter that joins them."""

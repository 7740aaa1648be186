"""Binance's messages as bytes to domain values and back; pure, so it is tested on its own."""

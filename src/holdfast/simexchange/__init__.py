"""An exchange that speaks Binance's wire protocol: matching, accounts, sources, sockets.

It is another program: it shares no code with the trader but the exception tree.
"""

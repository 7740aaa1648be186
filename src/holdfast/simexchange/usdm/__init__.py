"""The USD-M interface of the simulated exchange: /fapi, its streams, its WebSocket API."""

"""What the USD-M venue can be asked, each once, for REST and the WebSocket API alike."""

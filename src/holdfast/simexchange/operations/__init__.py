"""What the venue can be asked, each once, for REST and the WebSocket API alike."""

"""The nouns of a trade, its events and the ports to the world: pure values, no I/O."""

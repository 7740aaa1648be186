"""Stage 2, from signal to intent: the strategy interface and sizing."""

"""Stage 1, market data in: books, bars and the health of every stream."""

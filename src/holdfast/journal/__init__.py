"""The journal: append-only, hash-chained, one writer; state is a fold of what it holds."""

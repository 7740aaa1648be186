"""The append-only, hash-chained record of everything that changes money or control."""

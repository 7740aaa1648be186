"""Market data at rest: what the streams said, in Parquet, in the order in which it came."""

"""What the running trader shows of itself: log lines, counters and latencies."""

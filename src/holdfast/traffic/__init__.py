"""What may leave this machine, and when: shares of the venue's limits, circuit breakers."""

"""Stage 5, the single way out: epoch fence, idempotency, budgets and breakers."""

"""Stage 4, from an accepted intent to child orders, working orders and reconciliation."""

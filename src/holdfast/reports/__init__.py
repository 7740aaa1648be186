"""Stage 8, what the journal says, for people to read."""

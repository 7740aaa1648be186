"""Stage 6, the edge: one adapter package for each venue."""

"""Stage 7, the books: postings that sum to zero, lots, balances and their proof."""

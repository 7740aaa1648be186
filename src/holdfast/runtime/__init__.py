"""What builds the stages, joins them in one pipeline, and supervises them."""

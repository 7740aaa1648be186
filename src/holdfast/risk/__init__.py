"""Stage 3, the review of intents and of orders: without an approval there is no order."""

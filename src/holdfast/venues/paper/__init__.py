"""The matching core of the simulated exchange as a venue in the same process."""

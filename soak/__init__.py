"""A soak of faults: many orders through every fault, judged by independent checkers."""

"""A manual clock, seeded simulations, builders and checkers, for users' strategies too."""

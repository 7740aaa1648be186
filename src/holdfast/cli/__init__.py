"""Arguments in, one clear answer out: nothing is decided here."""

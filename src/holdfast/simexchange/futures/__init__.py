"""USD-M perpetuals of the simulated exchange: positions, margin, funding, liquidation."""

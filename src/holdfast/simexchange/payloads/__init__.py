"""JSON payloads of the venue with its exact field names; no decision is made here."""

"""JSON payloads of USD-M with their exact field names; no decision is made here."""

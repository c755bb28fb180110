"""Seals: that every row of the ledger is as it was sealed."""

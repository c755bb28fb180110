"""Reconciliation: the bank beside the books, to be looked into and signed off."""

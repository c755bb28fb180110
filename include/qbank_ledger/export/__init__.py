"""Exports: the newest balances as a file for an ERP. What each file holds: docs/exports.md."""

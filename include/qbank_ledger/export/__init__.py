"""Exports: the newest balances as a file for an ERP. What each file holds: docs/exports.md."""

from qbank_ledger.export.balance import ExportError
from qbank_ledger.export.file import Export, Format, export_balances

__all__ = ["Export", "ExportError", "Format", "export_balances"]

"""Reconciliation: the ERP's books beside what the bank says. The rules: docs/reconciliation.md."""

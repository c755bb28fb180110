"""What every room of the page stands on: who asks, the ledger, and how a page and its tables are made."""

"""The month's end: its close pack, of one state of the ledger, for people without SQL."""

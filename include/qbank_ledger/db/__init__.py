"""The ledger database: how it is reached, what a transaction is, whom it waits for, its schema."""

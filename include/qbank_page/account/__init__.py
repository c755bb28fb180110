"""An account: its balances over time, and how they came to be."""

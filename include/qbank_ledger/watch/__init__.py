"""Watch: what is wrong with the ledger now, as an answer for a monitor and as alerts for people."""

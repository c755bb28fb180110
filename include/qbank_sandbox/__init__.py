"""A stand-in for the bank: QBank Connect's token and balance endpoints, with faults on demand.

It shares no code with the client (`qbank`) nor with the ledger (`qbank_ledger`): what it gets right
or wrong, it does by itself. How to start it, and each fault, stands in docs/sandbox.md.
"""

"""Faults on purpose: what the project promises under them, tried for real.

Each fault is put into an hour of its own: a PostgreSQL, a sandbox bank and rooms that are processes, all
made for it and gone afterwards. All of it runs on this machine alone, and each fault is bounded in time.
"""

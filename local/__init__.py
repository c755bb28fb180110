"""The local stack: PostgreSQL, the sandbox and Airflow on this machine, under one state directory.

Not part of the distribution. ``python -m local VERB`` is what the Makefile calls.
"""


class StackError(Exception):
    """Something that the user can put right; the text is one sentence that says how."""

"""The local stack's one error."""


class StackError(Exception):
    """Something that the user can put right; the text is one sentence that says how."""

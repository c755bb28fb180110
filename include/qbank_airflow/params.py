"""Params that may be empty, as a run's form and its configuration give them: null, or an empty text."""

from airflow.sdk import Param

# The form knows a date by its type and format, which refuse an empty text. What is taken stands behind $ref:
# beside that draft 7 reads nothing.
_DATE = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "$ref": "#/definitions/given",
    "definitions": {"given": {"if": {"const": ""}, "else": {"type": ["null", "string"], "format": "date"}}},
    "format": "date",
}


def optional(title: str, description: str, **schema: object) -> Param:
    """A text that may be left out; ``schema`` is what else JSON Schema has to say of it."""
    return Param(None, type=["null", "string"], title=title, description=description, **schema)


def optional_date(title: str, description: str) -> Param:
    """A date that may be left out; the form shows a calendar."""
    return optional(title, description, **_DATE)

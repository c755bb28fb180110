"""The accounts that the bank holds: id and currency, out of the accounts file.

Only those two are read, without judging the rest: checking the file is the ledger's duty.
"""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml


class AccountsError(ValueError):
    """The accounts file can't be used; the text is one sentence."""


def read_currencies(path: Path) -> dict[str, str]:
    """Account id → ISO 4217 code, of every account of a .yaml or .csv file, inactive ones too."""
    try:
        content = path.read_text("utf-8-sig")
        entries: Iterable[Mapping[str, Any]]
        if path.suffix.lower() == ".csv":
            entries = _table([line for line in content.splitlines() if line.strip(" ,;")])
        else:
            document = yaml.load(content, Loader=yaml.BaseLoader)  # noqa: S506 - makes nothing but text
            defaults = document.get("defaults") or {}
            entries = [{**defaults, **entry} for entry in document["accounts"]]
        found = {str(entry["account_id"]).strip(): str(entry["currency"]).strip() for entry in entries}
    except OSError as error:
        raise AccountsError(f"The accounts file {path} can't be read: {error.strerror}.") from None
    except (yaml.YAMLError, csv.Error, UnicodeDecodeError, LookupError, TypeError, AttributeError):
        raise AccountsError(
            f"The accounts file {path} must list accounts, each with account_id and currency."
        ) from None
    if not found:
        raise AccountsError(f"The accounts file {path} lists no account.")
    return found


def _table(lines: list[str]) -> list[Mapping[str, Any]]:
    """Records of a CSV, by the separator that a first line ``sep=;`` or else the header has."""
    separator = ";" if lines and lines[0].count(";") > lines[0].count(",") else ","
    if lines and lines[0].lower().startswith("sep="):
        separator = lines.pop(0)[4]
    records = csv.DictReader(lines, delimiter=separator)
    return [{str(name).strip(): cell for name, cell in record.items()} for record in records]

"""The numbers of an account's chart."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Any


def chart(rows: Sequence[Any], by: str, account: Any) -> dict[str, Any]:
    """What static/chart.js draws: instants, balances as nearly as a drawing has them, and their exact text.

    Rows come oldest first. What is in another currency than the account's would be drawn to another scale:
    it is a gap.
    """
    same = [row["currency"] == account.currency and row["ledger_balance"] is not None for row in rows]
    return {
        "by": by,
        "zone": account.time_zone if by == "hours" else "UTC",
        "at": [_instant(row) for row in rows],
        "series": [
            {
                "label": title,
                "values": [
                    float(row[key].value) if here else None for row, here in zip(rows, same, strict=True)
                ],
                "texts": [
                    row[key].grouped() if here else (row["reason"] or f"in {row['currency']}")
                    for row, here in zip(rows, same, strict=True)
                ],
            }
            for key, title in (
                ("ledger_balance", "Ledger balance"),
                ("available_balance", "Available balance"),
            )
        ],
    }


def _instant(row: Any) -> int:
    if "hour" in row:
        return int(row["hour"].at.timestamp())
    return int(datetime.combine(date.fromisoformat(row["date"].text), time(), UTC).timestamp())

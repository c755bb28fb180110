"""The floor: what one would write with asyncio to fetch and upsert. No retry, no renewal, no audit."""

import asyncio
import json
import os
from decimal import Decimal
from pathlib import Path

import aiohttp
import asyncpg

CONCURRENCY = 64


async def main(bank: str, client_id: str, client_secret: str, database: str, ids: list[str]) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": client_id,
        "client_secret": client_secret,
        "scope": "balances.read",
    }
    fresh, rows = iter(ids), []
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONCURRENCY)) as session:
        async with session.post(f"{bank}/token", data=form) as reply:
            token = (await reply.json())["access_token"]
        headers = {"Authorization": f"Bearer {token}"}

        async def work() -> None:
            for account_id in fresh:
                async with session.get(f"{bank}/v1/balances/{account_id}", headers=headers) as reply:
                    found = json.loads(await reply.read(), parse_float=Decimal, parse_int=Decimal)
                    if reply.status == 200:
                        rows.append((account_id, found["available_balance"], found["ledger_balance"]))

        await asyncio.gather(*(work() for _ in range(CONCURRENCY)))
    connection = await asyncpg.connect(database)
    await connection.execute(
        "CREATE TABLE IF NOT EXISTS balance"
        " (account_id text PRIMARY KEY, available_balance numeric, ledger_balance numeric)"
    )
    await connection.execute(
        "INSERT INTO balance SELECT * FROM unnest($1::text[], $2::numeric[], $3::numeric[])"
        " ON CONFLICT (account_id) DO UPDATE"
        " SET (available_balance, ledger_balance) = (excluded.available_balance, excluded.ledger_balance)",
        *map(list, zip(*rows, strict=True)),
    )
    await connection.close()


if __name__ == "__main__":
    asyncio.run(main(**json.loads((Path(os.environ["PEER_FOLDER"]) / "job.json").read_text())))

"""timeback-oneroster, pydantic models over asyncio, 1.2: ``URL ROOT COLLECTION``."""

import asyncio
import sys

from measure import measure
from timeback_oneroster import OneRosterClient

url, _root, collection = sys.argv[1:]


async def _pull() -> int:
    client = OneRosterClient(
        base_url=url,
        auth_url=f"{url}/token",
        client_id="key",
        client_secret="secret",  # noqa: S106 - the server here asks for none
    )
    try:
        rows = [row async for row in getattr(client, collection).stream(limit=1000)]
    finally:
        await client.close()
    return len(rows)


measure(lambda: asyncio.run(_pull()))

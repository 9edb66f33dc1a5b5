"""edlink: ``URL VERSION COLLECTION MODE CONCURRENCY``; MODE is ``hold`` or ``walk``."""

import sys

from measure import measure

from edlink.oneroster import HttpSettings, OneRosterClient, StaticBearer

url, version, collection, mode, concurrency = sys.argv[1:]
client = OneRosterClient(
    url,
    auth=StaticBearer("t"),
    version=version,
    settings=HttpSettings(rate=0, concurrency=int(concurrency)),
)


def pull() -> int:
    """Return the number of typed records, held in a list or only walked through."""
    records = getattr(client, collection)()
    return len(list(records)) if mode == "hold" else sum(1 for _ in records)


measure(pull)
client.close()

"""strongmind-clever-client, generated from Clever's 3.0 Swagger: ``URL COLLECTION PAGE_SIZE``."""

import sys

import clever_client
from measure import measure

url, collection, size = sys.argv[1:]
configuration = clever_client.Configuration()
configuration.host = url
api_client = clever_client.ApiClient(configuration)
if collection == "users":
    ask = clever_client.UsersApi(api_client).get_users
else:
    ask = clever_client.SectionsApi(api_client).get_sections


def pull() -> int:
    """Return the number of records; the client does not page by itself."""
    rows: list[object] = []
    after = {}
    while True:
        page = ask(limit=int(size), **after).data
        if not page:
            return len(rows)
        rows += page
        after = {"starting_after": page[-1].data.id}


measure(pull)

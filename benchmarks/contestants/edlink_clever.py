"""edlink on Clever 3.0: ``URL COLLECTION PAGE_SIZE``; the records are held."""

import sys

from measure import measure

from edlink._http import HttpSettings
from edlink.clever import CleverClient

url, collection, size = sys.argv[1:]
client = CleverClient(
    "t", version="3.0", base_url=url, page_size=int(size), settings=HttpSettings(rate=0)
)


def pull() -> int:
    """Return the number of typed records, held in a list."""
    return len(list(client.users() if collection == "users" else client.classes()))


measure(pull)
client.close()

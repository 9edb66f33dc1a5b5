"""The untyped floor: requests and ``json.loads`` into dicts; ``URL ROOT COLLECTION``."""

import json
import sys

import requests
from measure import measure

url, root, collection = sys.argv[1:]
session = requests.Session()


def pull() -> int:
    """Return the number of dicts."""
    rows: list[object] = []
    while True:
        params = {"limit": "1000", "offset": str(len(rows)), "sort": "sourcedId"}
        response = session.get(f"{url}{root}/{collection}", params=params, timeout=60)
        rows += json.loads(response.content)[collection]
        if len(rows) >= int(response.headers["X-Total-Count"]):
            return len(rows)


measure(pull)

"""``oneroster``, a connector that returns raw dicts: ``URL ROOT COLLECTION``."""

import sys
import warnings

from measure import measure

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from oneroster.classlink import ClasslinkAPI

    from oneroster import ClasslinkConnector

url, root, collection = sys.argv[1:]
connector = ClasslinkConnector(f"{url}{root}/", page_size=1000)
connector.classlink_api = ClasslinkAPI("key", "any")


def pull() -> int:
    """Return the number of dicts; it follows Link headers."""
    first = f"{url}{root}/{collection}?limit=1000&offset=0"
    return len(connector.make_call(first, "all_users", None))


measure(pull)

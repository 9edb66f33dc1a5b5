"""strongmind-oneroster-client, generated from the 1.1 Swagger: ``URL ROOT COLLECTION``."""

import sys

import oneroster_client
from measure import measure

url, root, collection = sys.argv[1:]
configuration = oneroster_client.Configuration()
configuration.host = url + root
api_client = oneroster_client.ApiClient(configuration)
if collection == "users":
    ask = oneroster_client.UsersManagementApi(api_client).get_users
else:
    ask = oneroster_client.EnrollmentsManagementApi(api_client).get_enrollments


def pull() -> int:
    """Return the number of records; the client does not page by itself."""
    rows: list[object] = []
    while True:
        page = getattr(ask(limit=1000, offset=len(rows)), collection)
        if not page:
            return len(rows)
        rows += page


measure(pull)

"""
What ``veracross-api3`` sees of a school; run by itself, with that package on the path.

Reads as JSON where the school is and what to ask for, and prints each list's ids as JSON.
"""

import json
import sys
from importlib import import_module


def main() -> None:
    """Ask for every list, in pages of so many rows."""
    asked = json.load(sys.stdin)
    peer = import_module("veracross_api3").Veracross(asked["config"])
    peer.token_url, peer.api_base_url = asked["token_url"], asked["api_base_url"]
    peer.session.headers["X-Page-Size"] = str(asked["page_size"])
    peer.page_size = asked["page_size"]
    found = {path: [row["id"] for row in peer.get(path)] for path in asked["paths"]}
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()

"""A Clever that costs its clients nothing: every page is made once, before the first request."""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from edlink.sandbox import District
from edlink.sandbox.clever.rows import Row, Rows
from edlink.sandbox.clever.views import Views

VERSION = "3.0"


def make_pages(collection: str, rows: list[Row], size: int) -> dict[str, bytes]:
    """Return the pages of a collection by the id that they start behind."""
    pages = {}
    after, path = "", f"/v{VERSION}/{collection}"
    for place in range(0, len(rows) + 1, size):
        found = rows[place : place + size]
        data = [{"data": row, "uri": f"{path}/{row['id']}"} for row in found]
        links = [{"rel": "self", "uri": path}]
        if place + size < len(rows):
            links.append({"rel": "next", "uri": f"{path}?starting_after={found[-1]['id']}"})
        pages[after] = json.dumps({"data": data, "links": links}).encode()
        after = found[-1]["id"] if found else after
    pages.setdefault(after, json.dumps({"data": [], "links": []}).encode())
    return pages


class Handler(BaseHTTPRequestHandler):
    """Sends a page that is ready."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    pages: dict[str, dict[str, bytes]]

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        after = parse_qs(parts.query).get("starting_after", [""])[0]
        pages = self.pages[parts.path.rpartition("/")[2]]
        body = pages.get(after) or b'{"data": [], "links": []}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


def main() -> None:
    """Make the pages of ``PEOPLE SIZE``, print the address, and serve until killed."""
    people, size = map(int, sys.argv[1:])
    rows = Rows(Views(District(people), VERSION), VERSION)
    Handler.pages = {
        name: make_pages(name, rows.of(name) or [], size) for name in ("users", "sections")
    }
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(f"http://127.0.0.1:{server.server_port}/v{VERSION}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()

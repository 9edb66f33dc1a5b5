"""
A OneRoster server that costs its clients nothing: pages are templates with the ids filled in.

Run by pull.py in a process of its own: ``server.py ROWS LATENCY_MS``; it prints its address, then
serves 1.1 and 1.2 users and enrollments until it is killed.
"""

import json
import sys
import time
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

PAGE = 1000
HREF = "https://sis.example.org/ims/oneroster/v1p1"
STAMP = "2026-09-24T19:35:01.000Z"
#: Stands for a page's number in a template; ids are the page's number, then the row's.
MARK = "@@@@@@"


def ref(kind: str, sourced_id: str) -> dict[str, str]:
    return {"href": f"{HREF}/{kind}s/{sourced_id}", "sourcedId": sourced_id, "type": kind}


def user(row: int, version: str) -> dict[str, object]:
    number = f"{MARK}{row:03}"
    record: dict[str, object] = {
        "sourcedId": f"u-{number}",
        "status": "active",
        "dateLastModified": STAMP,
        "username": f"ana.maya.{number}",
        "userIds": [
            {"type": "Fed", "identifier": number},
            {"type": "StateID", "identifier": f"55{number}"},
        ],
        "enabledUser": "true",
        "givenName": f"Ana{row}",
        "familyName": f"Maya{row}",
        "middleName": "",
        "identifier": f"1{number}",
        "email": f"ana.maya.{number}@example.org",
        "sms": "",
        "phone": "",
        "agents": [ref("user", f"g-{number}")],
        "grades": ["09"],
        "password": "",
    }
    school = ref("org", f"s-{row % 20}")
    if version == "v1p1":
        return {**record, "role": "student", "orgs": [school]}
    return {**record, "roles": [{"roleType": "primary", "role": "student", "org": school}]}


def enrollment(row: int, _: str) -> dict[str, object]:
    number = f"{MARK}{row:03}"
    return {
        "sourcedId": f"e-{number}",
        "status": "active",
        "dateLastModified": STAMP,
        "user": ref("user", f"u-{number}"),
        "class": ref("class", f"c-{row % 300}"),
        "school": ref("org", f"s-{row % 20}"),
        "role": "student",
        "primary": "false",
        "beginDate": "2026-08-10",
        "endDate": "2027-06-10",
    }


MAKERS = {"users": user, "enrollments": enrollment}


@lru_cache
def template(collection: str, version: str) -> bytes:
    rows = [MAKERS[collection](row, version) for row in range(PAGE)]
    return json.dumps({collection: rows}, separators=(",", ":")).encode()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    rows = 0
    latency = 0.0

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        version, collection = parts.path.rstrip("/").split("/")[-2:]
        query = parse_qs(parts.query)
        limit = int(query.get("limit", ["100"])[0])
        offset = int(query.get("offset", ["0"])[0])
        if self.latency:
            time.sleep(self.latency)
        body = self.page(collection, version, offset, limit)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Total-Count", str(self.rows))
        if offset + limit < self.rows:
            host = self.headers["Host"]
            url = f"http://{host}{parts.path}?limit={limit}&offset={offset + limit}"
            self.send_header("Link", f'<{url}>; rel="next"')
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        body = b'{"access_token":"t","token_type":"Bearer","expires_in":86400}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def page(self, collection: str, version: str, offset: int, limit: int) -> bytes:
        if offset >= self.rows:
            return json.dumps({collection: []}).encode()
        if limit != PAGE or offset % PAGE:
            message = "this server knows pages of 1000 rows alone"
            raise ValueError(message)
        return template(collection, version).replace(MARK.encode(), f"{offset // PAGE:06}".encode())

    def log_message(self, *_: object) -> None:
        pass


def main() -> None:
    Handler.rows, Handler.latency = int(sys.argv[1]), float(sys.argv[2]) / 1000
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    for collection in MAKERS:
        for version in ("v1p1", "v1p2"):
            template(collection, version)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()

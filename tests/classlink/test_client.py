"""ClassLink's partner list and the clients it opens, against the sandbox's ClassLink door."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from edlink import sandbox
from edlink._http import HttpSettings
from edlink.classlink import ClassLinkPartner
from edlink.classlink.client import _DistrictBearer
from edlink.errors import AuthError, ConfigError, NotFoundError, PayloadError
from edlink.sandbox import Sandbox
from edlink.vocabulary import Severity

SETTINGS = HttpSettings(rate=0, attempts=2, backoff=0)


@pytest.fixture
def district() -> Iterator[Sandbox]:
    """Yield a running ClassLink sandbox."""
    with sandbox.start(100, "classlink") as running:
        yield running


def partner(district: Sandbox) -> ClassLinkPartner:
    """Return a partner for a sandbox."""
    return ClassLinkPartner(district.api_key, host=district.url, settings=SETTINGS)


def test_every_district_is_listed_though_pages_have_no_count(district: Sandbox) -> None:
    """All rows come, whether they are ready or not, each tenant once."""
    with partner(district) as classlink:
        found = classlink.districts()
    assert district.details["tenant_id"] in {d.tenant_id for d in found}
    assert len({d.tenant_id for d in found}) == len(found)
    assert not all(d.is_ready for d in found)


def test_a_district_switched_off_is_not_ready(district: Sandbox) -> None:
    """The text "false" is not true."""
    with partner(district) as classlink:
        off = [d for d in classlink.districts() if not d.is_enabled]
    assert off
    assert not any(d.is_ready for d in off)


def test_a_client_of_a_district_that_is_not_ready_is_refused(district: Sandbox) -> None:
    """No request is sent without a bearer, or for a district that is switched off."""
    with partner(district) as classlink:
        for waiting in [d for d in classlink.districts() if not d.is_ready]:
            with pytest.raises(ConfigError) as caught:
                waiting.roster_client()
            assert caught.value.code == "EDL-CONF-111"


def test_the_proxy_gives_the_district_s_truth(district: Sandbox) -> None:
    """The application id goes into the address byte for byte, and the roster is whole."""
    tenant = district.details["tenant_id"]
    with partner(district) as classlink, classlink.district(tenant).roster_client() as client:
        roster = client.pull_roster()
    assert roster.users == district.truth.users
    assert str(roster.source) == f"classlink:{tenant}"


def test_the_direct_form_asks_the_district_s_own_server(district: Sandbox) -> None:
    """Key, secret and address come from the proxy; requests are signed with OAuth 1.0a."""
    tenant = district.details["tenant_id"]
    with partner(district) as classlink, classlink.district(tenant).direct_client() as client:
        roster = client.pull_roster()
    assert roster.users == district.truth.users


def test_an_unknown_tenant_is_an_error(district: Sandbox) -> None:
    """A district that shares nothing is named as such."""
    with partner(district) as classlink, pytest.raises(NotFoundError) as caught:
        classlink.district("0")
    assert caught.value.code == "EDL-CLASSLINK-002"


def test_a_refused_key_is_a_finding(district: Sandbox) -> None:
    """The doctor says who must do what, and raises nothing."""
    with ClassLinkPartner("wrong", host=district.url, settings=SETTINGS) as classlink:
        (finding,) = classlink.check_access()
    assert (finding.code, finding.severity) == ("EDL-CHECK-201", Severity.error)
    assert finding.who == "partner"


def test_the_doctor_counts_districts_that_are_not_ready(district: Sandbox) -> None:
    """Ready and waiting districts are told apart in counts."""
    with partner(district) as classlink:
        accepted, waiting = classlink.check_access()
        ready = sum(d.is_ready for d in classlink.districts())
    assert accepted.code == "EDL-CHECK-200"
    assert accepted.evidence["ready"] == ready
    assert waiting.code == "EDL-CHECK-202"


@pytest.mark.parametrize("template", ["/proxy/v1p0", "/{id}/{id}", "{id}", "/{id}/{x}", "/{id}}"])
def test_a_path_template_needs_its_id_alone(template: str) -> None:
    """A template without the id would send every district's bearer to one address."""
    with pytest.raises(ConfigError) as caught:
        ClassLinkPartner("key", path_template=template)
    assert caught.value.code == "EDL-CONF-110"


def test_nothing_secret_is_in_a_repr(district: Sandbox) -> None:
    """Neither key nor bearer is printable."""
    with partner(district) as classlink:
        shown = repr(classlink) + repr(classlink.districts())
    assert district.api_key not in shown
    assert district.details["bearer"] not in shown


# A proxy of our own, for answers the sandbox does not give


class Proxy:
    """Serves fixed rows of /applications, a bearer that may change, and one roster answer."""

    def __init__(self, rows: list[dict[str, object]], server: object = None) -> None:
        self.rows = rows
        self.server = server
        self.accepted = "new"
        self.seen: list[str] = []
        self.listed = 0
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, body = proxy.answer(self.path, self.headers["Authorization"])
                data = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def answer(self, target: str, authorization: str) -> tuple[int, object]:
        """Return status and body."""
        path = target.partition("?")[0]
        if path == "/applications":
            self.listed += 1
            offset = int(target.split("offset=")[1].partition("&")[0])
            return 200, {"status": 1, "applications": self.rows[offset:]}
        if path.endswith("/server"):
            return 200, self.server
        self.seen.append(authorization)
        if authorization != f"Bearer {self.accepted}":
            return 401, {"error": "unauthorized"}
        return 200, {"org": {"sourcedId": "o1", "name": "North"}}

    def close(self) -> None:
        """Stop serving."""
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


ROW: dict[str, object] = {
    "id": 7,
    "tenant_id": 2400,
    "tenant_name": "North",
    "tenant_status": "Active",
    "oneroster_application_id": "%2Fg%43",
    "bearer": "old",
    "enabled": "true",
}


def open_proxy(rows: list[dict[str, object]], server: object = None) -> Proxy:
    """Return a running proxy."""
    return Proxy(rows, server)


def test_a_rotated_bearer_is_fetched_again_once() -> None:
    """After a 401 the list is read again, and the new bearer is used."""
    proxy = open_proxy([dict(ROW)])
    with ClassLinkPartner("key", host=proxy.url, settings=SETTINGS) as classlink:
        with classlink.district("2400").roster_client() as client:
            proxy.rows[0]["bearer"] = "new"
            assert client.org("o1").sourced_id == "o1"
            assert client.org("o1").sourced_id == "o1"
    proxy.close()
    assert proxy.seen == ["Bearer old", "Bearer new", "Bearer new"]


def test_a_bearer_that_another_thread_has_renewed_is_used() -> None:
    """A refusal of the old bearer asks for no list once there is a new one."""
    proxy = open_proxy([dict(ROW, bearer="new")])
    with ClassLinkPartner("key", host=proxy.url, settings=SETTINGS) as classlink:
        bearer = _DistrictBearer(classlink, classlink.district("2400"), "new")
        before = proxy.listed
        refused = requests.Request("GET", proxy.url, {"Authorization": "Bearer old"}).prepare()
        assert bearer.refresh(refused)
    proxy.close()
    assert proxy.listed == before


@pytest.mark.parametrize("change", [{}, {"enabled": "false"}], ids=["unchanged", "switched off"])
def test_an_unchanged_bearer_means_that_access_was_taken_away(change: dict[str, object]) -> None:
    """The same bearer is not tried again: the refusal stands."""
    proxy = open_proxy([dict(ROW)])
    with ClassLinkPartner("key", host=proxy.url, settings=SETTINGS) as classlink:
        with classlink.district("2400").roster_client() as client:
            proxy.rows[0].update(change)
            with pytest.raises(AuthError):
                client.org("o1")
    proxy.close()
    assert proxy.seen == ["Bearer old"]


@pytest.mark.parametrize("path", [None, "", "a/b", "..", "%2e%2E", "a b", "a?b", "%4"])
def test_an_id_that_is_no_path_segment_is_no_district(path: str | None) -> None:
    """An id that could lead to another address never gets into one."""
    proxy = open_proxy([{**ROW, "oneroster_application_id": path}])
    with ClassLinkPartner("key", host=proxy.url, settings=SETTINGS) as classlink:
        assert classlink.districts() == ()
    proxy.close()


def test_odd_rows_do_not_hide_the_good_ones() -> None:
    """A row without an id, or of another shape, is passed over."""
    rows: list[dict[str, object]] = [
        {"id": True},
        {"id": None},
        dict(ROW),
        {**ROW, "id": 8, "oneroster_application_id": "b", "enabled": True},
    ]
    proxy = open_proxy(rows)
    with ClassLinkPartner("key", host=proxy.url, settings=SETTINGS) as classlink:
        found = classlink.districts()
    proxy.close()
    assert [d.tenant_id for d in found] == ["2400", "2400"]
    assert all(d.is_ready for d in found)


def test_all_ready_needs_no_second_finding() -> None:
    """Where every district is ready, the doctor has nothing to mend."""
    proxy = open_proxy([dict(ROW)])
    with ClassLinkPartner("key", host=proxy.url, settings=SETTINGS) as classlink:
        (finding,) = classlink.check_access()
    proxy.close()
    assert finding.is_ok


def test_a_district_without_a_tenant_id_is_not_ready() -> None:
    """The proxy's host is never taken for a tenant: districts would be mixed up."""
    proxy = open_proxy([{**ROW, "tenant_id": None}])
    with ClassLinkPartner("key", host=proxy.url, settings=SETTINGS) as classlink:
        (nameless,) = classlink.districts()
        for open_client in (nameless.roster_client, nameless.direct_client):
            with pytest.raises(ConfigError, match="EDL-CONF-111"):
                open_client()
        with pytest.raises(NotFoundError):
            classlink.district("")
        accepted, _ = classlink.check_access()
    proxy.close()
    assert (accepted.evidence["ready"], accepted.evidence["without_tenant"]) == (0, 1)


def test_districts_are_told_apart_by_tenant_and_application() -> None:
    """Rows that share an id but name other districts are all kept; a row sent twice is one."""
    proxy = open_proxy([dict(ROW), {**ROW, "tenant_id": 2401}, {**ROW, "id": 9}])
    with ClassLinkPartner("key", host=proxy.url, settings=SETTINGS) as classlink:
        found = classlink.districts()
    proxy.close()
    assert [d.tenant_id for d in found] == ["2400", "2401"]


def test_rows_that_cannot_be_used_are_counted() -> None:
    """Unreadable rows and unsafe ids are no districts, and the doctor says how many there are."""
    unsafe = {**ROW, "id": 8, "oneroster_application_id": ".."}
    proxy = open_proxy([dict(ROW), {"id": True}, unsafe])
    with ClassLinkPartner("key", host=proxy.url, settings=SETTINGS) as classlink:
        accepted, waiting = classlink.check_access()
    proxy.close()
    assert accepted.evidence["unusable"] == 2
    assert waiting.code == "EDL-CHECK-202"


def test_a_proxy_that_is_not_there_is_a_finding() -> None:
    """The doctor raises nothing where no connection is made."""
    with ClassLinkPartner("key", host="http://127.0.0.1:9", settings=SETTINGS) as classlink:
        (finding,) = classlink.check_access()
    assert (finding.code, finding.who) == ("EDL-CHECK-203", "developer")


def test_no_district_at_all_is_a_warning() -> None:
    """An app that nobody has added yet is told so."""
    proxy = open_proxy([])
    with ClassLinkPartner("key", host=proxy.url, settings=SETTINGS) as classlink:
        _, waiting = classlink.check_access()
    proxy.close()
    assert waiting.title == "no district shares yet"


@pytest.mark.parametrize(
    "server",
    [None, [], {"server": None}, {"server": {"endpoint_url": "x"}}, b'{"server":' + b"[" * 100_000],
    ids=["null", "list", "no server", "no secret", "nested"],
)
def test_a_server_answer_without_credentials_is_an_error(server: object) -> None:
    """What the direct form needs is there whole, or the error says so."""
    proxy = open_proxy([dict(ROW)], server)
    with ClassLinkPartner("key", host=proxy.url, settings=SETTINGS) as classlink:
        with pytest.raises(PayloadError) as caught:
            classlink.district("2400").direct_client()
    proxy.close()
    assert caught.value.code == "EDL-CLASSLINK-001"

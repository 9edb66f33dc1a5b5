"""The doctor against the sandbox: healthy, shut, withheld and masked districts."""

from collections.abc import Sequence

import pytest
from tests._http.loopback import Reply, Server
from tests.contract.doors import DOORS, Door, SkippingClock
from tests.oneroster.small_server import QUICK, Serve, small

from edlink import sandbox
from edlink.oneroster import ClientCredentials, HttpSettings, OAuth1, OneRosterClient, StaticBearer
from edlink.report import Finding
from edlink.vocabulary import Severity

HERE = [door for door in DOORS if door.provider in ("oneroster", "classlink")]
ONEROSTER, CLASSLINK = HERE[0], HERE[-1]


def codes(findings: Sequence[Finding]) -> set[str]:
    """Return the codes of findings that ask for something to be done."""
    return {finding.code for finding in findings if not finding.is_ok}


class LateClock(SkippingClock):
    """A clock that is ten minutes slow."""

    def time(self) -> float:
        """Unix seconds, less ten minutes."""
        return super().time() - 600


@pytest.mark.parametrize("door", HERE, ids=str)
def test_a_healthy_district_has_no_error(door: Door) -> None:
    """Access, clock and every collection are fine; gaps in the data are warnings at most."""
    with door.open() as (_, client):
        findings = client.check_access()
    assert not [f for f in findings if f.severity is Severity.error]
    assert {"EDL-CHECK-100", "EDL-CHECK-104", "EDL-CHECK-115"} <= {f.code for f in findings}


def test_each_collection_is_counted() -> None:
    """The number of records that can be read stands in the evidence."""
    with ONEROSTER.open() as (district, client):
        findings = client.check_access()
        counts = district.truth.counts()
    found = {
        f.title.split()[0]: f.evidence["records"] for f in findings if f.code == "EDL-CHECK-105"
    }
    assert found == {name: n for name, n in counts.items() if name != "relationships"}


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("unauthorized", "EDL-CHECK-103"),
        ("redirect_to_login", "EDL-CHECK-103"),
        ("error_503_always", "EDL-CHECK-107"),
        ("demographics_forbidden", "EDL-CHECK-106"),
        ("demographics_empty", "EDL-CHECK-106"),
        ("masked_names", "EDL-CHECK-114"),
        ("total_changes", "EDL-CHECK-107"),
    ],
)
def test_what_is_wrong_is_found(fault: str, code: str) -> None:
    """Each kind of trouble has a finding of its own, and the doctor raises nothing."""
    with ONEROSTER.open(fault) as (_, client):
        findings = client.check_access()
    assert code in codes(findings)
    assert all(f.fix and f.who != "nobody" for f in findings if f.code == code)


def test_permissions_that_keep_changing_are_found() -> None:
    """A pull that never sees one state is an error with a step."""
    with CLASSLINK.open("permissions_change") as (_, client):
        findings = client.check_access()
    assert "EDL-CHECK-108" in codes(findings)


def test_classlink_s_own_screens_are_named() -> None:
    """The fix for demographics is where ClassLink's administrators find it."""
    with CLASSLINK.open("demographics_forbidden") as (_, client):
        findings = client.check_access()
    (fix,) = {f.fix for f in findings if f.code == "EDL-CHECK-106"}
    assert "Roster Server > Apps > your app > Permissions: switch on Demographics" in fix


def test_a_forbidden_first_answer_is_not_a_refused_credential(serve: Serve) -> None:
    """403 on the first list still says that the credentials are good."""
    district = small()
    district.hooks.append(lambda ask: Reply(status=403) if ask.path == "/orgs" else None)
    findings = serve(district).check_access()
    assert "EDL-CHECK-100" in {f.code for f in findings}
    assert {"EDL-CHECK-106"} <= codes(findings)


def _dated(reply: Reply, date: str) -> Reply:
    """Return a reply whose Date header says what is given, and nothing else."""
    lines = ["HTTP/1.1 200 OK", f"Date: {date}", f"Content-Length: {len(reply.body)}", "", ""]
    return Reply(raw="\r\n".join(lines).encode() + reply.body)


@pytest.mark.parametrize(
    "date",
    [
        "soon",
        "Sat, 21 Nov 2026 10:00:00 -0000",
        "Sat, 21 Nov 2026 10:00:00 +99999999999999",
        "Sat, 31 Feb 2026 10:00:00 GMT",
    ],
)
def test_a_server_that_does_not_tell_the_time_is_fine(serve: Serve, date: str) -> None:
    """Where the Date header is no instant, nothing is said of clocks."""
    district = small()
    district.hooks.append(lambda ask: _dated(district.page(ask), date))
    findings = serve(district).check_access()
    assert "EDL-CHECK-104" not in {f.code for f in findings}


@pytest.mark.parametrize(("status", "step"), [(403, "collection"), (401, "key and secret")])
def test_a_door_shut_to_every_version_is_a_finding(serve: Serve, status: int, step: str) -> None:
    """Where no version may be looked for, the doctor says whose step it is and raises nothing."""
    district = small()
    district.hooks.append(lambda _: Reply(status=status))
    (finding,) = [f for f in serve(district, version="auto").check_access() if not f.is_ok]
    assert finding.code == "EDL-CHECK-103"
    assert step in finding.fix


def test_a_refusal_still_tells_the_time(serve: Serve) -> None:
    """A clock that differs is found beside the refused credentials, since it explains them."""
    district = small()
    lines = ["HTTP/1.1 401 No", "Date: Wed, 01 Jan 2020 00:00:00 GMT", "Content-Length: 0", "", ""]
    district.hooks.append(lambda _: Reply(raw="\r\n".join(lines).encode()))
    findings = serve(district).check_access()
    assert codes(findings) == {"EDL-CHECK-103", "EDL-CHECK-104"}


def test_a_server_that_is_not_there_is_found() -> None:
    """A refused connection is told apart from refused credentials."""
    with OneRosterClient("http://127.0.0.1:9", auth=StaticBearer("t"), settings=QUICK) as client:
        (finding,) = client.check_access()
    assert (finding.code, finding.title) == ("EDL-CHECK-101", "the server cannot be reached")
    assert finding.evidence == {"error": "EDL-HTTP-010"}


@pytest.mark.parametrize("version", ["1.1", "auto"])
@pytest.mark.parametrize("body", [b"<html>Sign in</html>", b'{"error":"no such route"}', b""])
def test_a_page_that_is_no_roster_is_no_open_door(serve: Serve, version: str, body: bytes) -> None:
    """A login page with status 200 is never accepted credentials, whoever states the version."""
    district = small()
    district.hooks.append(lambda _: Reply(body=body))
    findings = serve(district, version=version).check_access()
    assert [f.code for f in findings if f.code != "EDL-CHECK-104"] == ["EDL-CHECK-102"]


@pytest.mark.parametrize(
    ("reply", "code", "title", "fix"),
    [
        (
            Reply(status=429, headers=[("Retry-After", "3600")]),
            "EDL-HTTP-006",
            "the server is busy and asks for a longer pause",
            "Try again later",
        ),
        (Reply(status=503), "EDL-HTTP-007", "the server keeps failing", "Try again later"),
        (Reply(status=400), "EDL-HTTP-005", "the server does not answer as it should", "provider"),
        (
            Reply(status=302, headers=[("Location", "/login")]),
            "EDL-HTTP-001",
            "the server sends us elsewhere, most likely to a login page",
            "Check the base URL",
        ),
    ],
)
def test_a_shut_door_says_what_it_does(
    serve: Serve, reply: Reply, code: str, title: str, fix: str
) -> None:
    """Cause, code and step are the error's own, not those of a wrong address."""
    district = small()
    district.hooks.append(lambda _: reply)
    (finding,) = [f for f in serve(district).check_access() if not f.is_ok]
    assert finding.evidence["error"] == code
    assert title in finding.title
    assert fix in finding.fix


def test_a_server_without_tls_is_told_so() -> None:
    """A handshake that fails is no wrong address."""
    server = Server()
    try:
        url = server.url.replace("http:", "https:")
        with OneRosterClient(url, auth=StaticBearer("t"), settings=QUICK) as client:
            (finding,) = client.check_access()
    finally:
        server.close()
    assert "TLS" in finding.title
    assert "REQUESTS_CA_BUNDLE" in finding.fix


@pytest.mark.parametrize(
    ("place", "code", "title"),
    [
        ("{}/nowhere", "EDL-CHECK-101", "the token endpoint answers with no token"),
        ("http://127.0.0.1:9/token", "EDL-CHECK-101", "the token endpoint cannot be reached"),
        ("{}/token", "EDL-CHECK-103", "the token endpoint refuses the credentials"),
    ],
)
def test_trouble_with_tokens_is_told_of_the_token_endpoint(
    place: str, code: str, title: str
) -> None:
    """A wrong token address never leads to the key and secret."""
    server = Server()
    server.will(lambda seen: Reply(status=401 if seen.target == "/token" else 404))
    auth = ClientCredentials(place.format(server.url), "id", "secret", clock=SkippingClock())
    try:
        with OneRosterClient(server.url, auth=auth, settings=QUICK) as client:
            (finding,) = [f for f in client.check_access() if not f.is_ok]
    finally:
        server.close()
    assert (finding.code, finding.title) == (code, title)
    assert "key and secret" not in finding.fix


def test_a_collection_that_breaks_is_no_missing_permission(serve: Serve) -> None:
    """The step for what cannot be read whole names the code, which has a page."""
    district = small()
    district.hooks.append(lambda ask: Reply(body=b"<html>") if ask.path == "/classes" else None)
    (finding,) = [f for f in serve(district).check_access() if f.code == "EDL-CHECK-107"]
    assert finding.evidence["reason"] == "EDL-PAGE-001"
    assert "EDL-PAGE-001" in finding.fix


def test_clocks_that_differ_are_an_error() -> None:
    """Ten minutes are enough for signatures to be refused."""
    with sandbox.start(60, auth="oauth2") as district:
        settings = HttpSettings(rate=0)
        door = Door(provider="oneroster", version="1.1", auth="oauth2")
        with OneRosterClient(
            district.base_url, auth=door.auth_of(district), settings=settings, clock=LateClock()
        ) as client:
            findings = client.check_access()
    assert "EDL-CHECK-104" in codes(findings)


def test_no_oneroster_at_the_address_is_found() -> None:
    """An address that knows no version is told apart from refused credentials."""
    with sandbox.start(60, auth="oauth1") as district:
        auth = OAuth1(district.key, district.secret)
        with OneRosterClient(f"{district.url}/elsewhere", auth=auth) as client:
            (finding,) = client.check_access()
    assert finding.code == "EDL-CHECK-102"

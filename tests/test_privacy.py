"""
Sentinel people run through every call, and nothing printable holds them.

Their names, addresses, numbers, birth dates and secrets are words that occur nowhere else; every
repr, text, log, warning, Issue, finding and traceback is searched for them.
"""

import json
import logging
import re
import traceback
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, cast

import attrs
import pytest
from tests._http.loopback import Reply, Server
from tests.oneroster.small_server import QUICK, Ask, District, small

import edlink
from edlink.coverage import Scope
from edlink.errors import EdlinkError
from edlink.model import RECORD_TYPES
from edlink.oneroster import (
    CLASSLINK,
    ClientCredentials,
    OAuth1,
    OneRosterClient,
    Query,
    StaticBearer,
)
from edlink.report import Finding
from edlink.roster import Roster
from edlink.snapshot import load_roster, save_roster
from edlink.state import ChangeSet, SyncState
from edlink.vocabulary import Kind

SECRETS = {
    "given": "Xanthippe",
    "family": "Quetzalcoatl",
    "middle": "Wilhelmina",
    "preferred": "Zuzanna",
    "email": "xq.sentinel@example.org",
    "user_name": "xq-login",
    "phone": "555-0199-77",
    "sms": "555-0188-66",
    "number": "SN-424242",
    "birth_date": "2011-11-13",
    "birth_city": "Ouagadougou",
    "password": "hunter2-sentinel",
    "free": "lunch-sentinel",
    "token": "token-sentinel",
    "secret": "secret-sentinel",
    "filter": "Filterella",
    "class_title": "Homeroom-Quetzalcoatl",
}
FORBIDDEN = re.compile("|".join(map(re.escape, SECRETS.values())), re.IGNORECASE)


def person(number: int, role: str, **more: object) -> dict[str, Any]:
    """Return a sentinel as a server sends them, in the fields of both versions."""
    s = SECRETS
    org = {"sourcedId": "s1", "type": "org"}
    profile = {"credentials": [{"username": s["user_name"], "password": s["password"]}]}
    return {
        "sourcedId": f"u{number}",
        "status": "active",
        "dateLastModified": "2026-09-01T10:00:00Z",
        "enabledUser": "true",
        "username": s["user_name"],
        "userIds": [{"type": "StateID", "identifier": s["number"]}],
        "givenName": s["given"],
        "middleName": s["middle"],
        "familyName": s["family"],
        "preferredFirstName": s["preferred"],
        "email": s["email"],
        "phone": s["phone"],
        "sms": s["sms"],
        "identifier": s["number"],
        "password": s["password"],
        "userProfiles": [profile],
        "metadata": {"lunch": s["free"], "password": s["password"]},
        "role": role,
        "orgs": [org],
        "roles": [{"roleType": "primary", "role": role, "org": org}],
        **more,
    }


def sentinels() -> District:
    """Return a district of sentinels, with rows that are wrong in every way that is told."""
    s, district = SECRETS, small()
    district.rows["users"] = [
        person(1, "student", agents=["u3", "ghost"]),
        person(2, "teacher"),
        person(3, "parent", agents=["u1"]),
        person(4, "student", dateLastModified=s["given"], enabledUser=s["family"]),
        {**person(5, "student"), "sourcedId": ""},
    ]
    district.rows["classes"][0]["title"] = s["class_title"]
    district.rows["demographics"] = [
        {"sourcedId": "u1", "birthDate": s["birth_date"], "cityOfBirth": s["birth_city"]},
        {"sourcedId": "u2", "birthDate": f"{s['birth_date']} {s['given']}", "sex": s["family"]},
    ]
    return district


@pytest.fixture
def search(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[..., None]]:
    """Return a search of texts; at the end every log at DEBUG is searched too."""
    caplog.set_level(logging.DEBUG)

    def look(*texts: str) -> None:
        for text in texts:
            found = FORBIDDEN.search(text)
            assert found is None, f"{found.group()!r} is in {text[:200]!r}"

    yield look
    look(*(record.getMessage() + str(record.args) for record in caplog.records))


@pytest.fixture(params=["1.1", "1.2"])
def client(request: pytest.FixtureRequest) -> Iterator[OneRosterClient]:
    """Return a client of sentinels that keeps everything it is sent."""
    district, server = sentinels(), Server()
    district.extra = {"x-obfuscated": "yes"}
    server.will(district.answer)
    with OneRosterClient(
        server.url,
        auth=StaticBearer(SECRETS["token"]),
        version=request.param,
        settings=QUICK,
        keep_metadata=True,
        server=CLASSLINK,
    ) as one:
        yield one
    server.close()


def texts(value: object) -> Iterator[str]:
    """Yield everything that a value prints as."""
    yield from (repr(value), str(value), f"{value}")
    html = getattr(value, "_repr_html_", None)
    if html is not None:
        yield html()
    for name in ("summary", "to_text", "to_dict", "counts"):
        method = getattr(value, name, None)
        if callable(method):
            yield json.dumps(method(), default=str)


def parts(value: object) -> Iterator[str]:
    """Yield what a value prints as, and what each value within prints as."""
    yield from texts(value)
    if attrs.has(type(value)):
        for field in attrs.fields(cast("Any", type(value))):
            inner = getattr(value, field.name)
            if isinstance(inner, tuple | list) and inner and attrs.has(type(inner[0])):
                for one in inner:
                    yield from texts(one)


def raised(call: Callable[[], object]) -> BaseException:
    """Return what a call raises."""
    with pytest.raises(EdlinkError) as caught:
        call()
    return caught.value


def printed(error: BaseException) -> Iterator[str]:
    """Yield everything that an error reporter would show, the chain's locals excepted."""
    yield "".join(traceback.format_exception(error))
    link: BaseException | None = error
    while link is not None:
        yield repr(link) + str(link) + repr(vars(link)) + repr(link.args)
        link = link.__cause__ or link.__context__


def test_the_sentinels_arrive(client: OneRosterClient) -> None:
    """What is searched for below is really there: the roster holds the sentinels."""
    roster = client.pull_roster()
    user = roster.user("u1")
    assert user is not None
    assert (user.given_name, user.email) == (SECRETS["given"], SECRETS["email"])
    assert roster.demographics[0].city_of_birth == SECRETS["birth_city"]


def test_a_pull_prints_nobody(client: OneRosterClient, search: Callable[..., None]) -> None:
    """A roster, its records, Issues, warnings and coverage print no person."""
    roster = client.pull_roster()
    search(*parts(roster))
    assert roster.issues
    assert roster.warnings


def test_a_password_is_nowhere(client: OneRosterClient) -> None:
    """Passwords are not even among the kept metadata."""
    everything = [row for kind in RECORD_TYPES for row in client.pull_roster().rows(kind)]
    assert SECRETS["password"] not in str(everything)
    assert SECRETS["free"] in str(everything)


def test_a_delta_prints_nobody(client: OneRosterClient, search: Callable[..., None]) -> None:
    """A change set and the state after it print no person."""
    state = SyncState.after(client.pull_roster())
    changes: ChangeSet = client.pull_changes(state)
    search(*parts(changes), *parts(state), *parts(changes.state))


def test_lists_and_singles_print_nobody(
    client: OneRosterClient, search: Callable[..., None]
) -> None:
    """Records that are listed print ids and vocabulary."""
    for listed in (client.users(), client.classes(), client.demographics(), client.enrollments()):
        for record in listed:
            search(*parts(record))


def test_the_doctor_prints_nobody(client: OneRosterClient, search: Callable[..., None]) -> None:
    """Findings hold counts."""
    findings: Iterable[Finding] = client.check_access()
    for finding in findings:
        search(*parts(finding), json.dumps(dict(finding.evidence)))


def test_look_ups_and_scopes_print_nobody(
    client: OneRosterClient, search: Callable[..., None]
) -> None:
    """What the roster's methods return prints no person."""
    roster: Roster = client.pull_roster(Scope(exclude_orgs={"elsewhere"}))
    for value in (
        roster.people_of_class("c1"),
        roster.contacts_of_student("u1"),
        roster.relationships,
        roster.tombstones,
        roster.scope,
        roster.coverage,
        roster.source,
    ):
        search(*texts(value))


def test_a_snapshot_prints_nobody(
    client: OneRosterClient, tmp_path: Path, search: Callable[..., None]
) -> None:
    """Saving, loading, and refusing a damaged file print no person."""
    path = tmp_path / "roster.jsonl"
    roster = client.pull_roster()
    save_roster(roster, path)
    search(*parts(load_roster(path)))
    whole = path.read_bytes()
    for damaged in (whole[:-20], whole.replace(b"{", b"[", 9), whole.replace(b"user", b"")):
        path.write_bytes(damaged)
        search(*printed(raised(lambda: load_roster(path))))


def test_credentials_print_nothing(search: Callable[..., None]) -> None:
    """No auth, client or query shows what it holds."""
    token, secret = SECRETS["token"], SECRETS["secret"]
    auths = (
        StaticBearer(token),
        OAuth1(token, secret),
        ClientCredentials("https://example.org/token", token, secret),
    )
    for auth in auths:
        search(*texts(auth))
        with OneRosterClient("https://example.org", auth=auth) as one:
            search(*texts(one))
    search(*texts(Query(filter=f"familyName='{SECRETS['filter']}'")))


BODIES = [
    b"<html>%s</html>" % SECRETS["given"].encode(),
    b'{"users":[{"givenName":"%s"' % SECRETS["given"].encode(),
    b'{"error":"%s"}' % SECRETS["given"].encode(),
    b'{"people":[{"givenName":"%s"}]}' % SECRETS["given"].encode(),
    json.dumps({"users": [{"givenName": SECRETS["given"]}] * 9}).encode(),
    json.dumps({"user": {"givenName": SECRETS["given"]}}).encode(),
]
CALLS: list[Callable[[OneRosterClient], object]] = [
    lambda c: c.pull_roster(),
    lambda c: list(c.users(Query(filter=f"familyName='{SECRETS['filter']}'"))),
    lambda c: c.user(SECRETS["number"]),
    lambda c: c.demographics_of(SECRETS["number"]),
    lambda c: list(c.classes_of_student(SECRETS["number"])),
]


@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404, 422, 429, 500, 503])
@pytest.mark.parametrize("body", BODIES)
def test_an_error_prints_nobody(status: int, body: bytes, search: Callable[..., None]) -> None:
    """Whatever goes wrong, the error, its chain and its traceback hold no person."""
    headers = [
        ("Location", f"https://example.org/?u={SECRETS['given']}"),
        ("Link", SECRETS["email"]),
    ]
    server, district = Server(), District()

    def answer(ask: Ask) -> Reply:
        assert ask.path
        return Reply(status=status, body=body, headers=headers)

    district.hooks = [answer]
    server.will(district.answer)
    with OneRosterClient(
        server.url, auth=StaticBearer(SECRETS["token"]), version="1.1", settings=QUICK
    ) as one:
        for call in CALLS:
            try:
                result = call(one)
            except EdlinkError as error:
                search(*printed(error))
            else:
                search(*texts(result))
    server.close()


def test_a_connection_that_breaks_prints_nobody(search: Callable[..., None]) -> None:
    """Where nobody answers, neither address, id nor token is shown."""
    for auth in (
        StaticBearer(SECRETS["token"]),
        OAuth1(SECRETS["token"], SECRETS["secret"]),
        ClientCredentials("http://127.0.0.1:9/token", SECRETS["token"], SECRETS["secret"]),
    ):
        with OneRosterClient("http://127.0.0.1:9", auth=auth, version="1.1", settings=QUICK) as one:
            search(*printed(raised(one.pull_roster)))


def test_every_kind_has_a_sentinel(client: OneRosterClient) -> None:
    """The searches above see records of every kind."""
    roster = client.pull_roster()
    assert all(roster.records(kind) for kind in Kind)
    assert edlink.EdlinkError is EdlinkError

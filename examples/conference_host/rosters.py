"""Where a roster may come from: one connector for each kind of credentials a district gives."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import TypeAlias

from examples.conference_host.connections import Connector, Facts, Field, test_address

from edlink.classlink import ClassLinkPartner
from edlink.classlink.client import PROXY
from edlink.clever import CleverClient
from edlink.entra import Directory, EntraClient
from edlink.entra.client import GRAPH
from edlink.oneroster import ClientCredentials, HttpSettings, OAuth1, OneRosterClient
from edlink.oneroster.csv import OneRosterCsv
from edlink.state import ChangeSource
from edlink.veracross import VeracrossClient

Opener: TypeAlias = Callable[[Facts], AbstractContextManager[ChangeSource]]

_SCOPE = "https://purl.imsglobal.org/spec/or/v1p2/scope/{}.readonly"
_SCOPES = (_SCOPE.format("roster"), _SCOPE.format("roster-demographics"))


def _oneroster_1_1(facts: Facts) -> AbstractContextManager[ChangeSource]:
    return OneRosterClient(
        facts["url"],
        auth=OAuth1(facts["key"], facts["secret"]),
        version="1.1",
        tenant=facts["tenant"],
    )


def _oneroster_1_2(facts: Facts) -> AbstractContextManager[ChangeSource]:
    auth = ClientCredentials(facts["token_url"], facts["key"], facts["secret"], scopes=_SCOPES)
    return OneRosterClient(facts["url"], auth=auth, version="1.2", tenant=facts["tenant"])


@contextmanager
def _classlink(facts: Facts) -> Iterator[ChangeSource]:
    with (
        ClassLinkPartner(facts["key"], host=facts.get("test_url", PROXY)) as partner,
        partner.district(facts["tenant"]).roster_client() as client,
    ):
        yield client


def _clever(facts: Facts) -> AbstractContextManager[ChangeSource]:
    url = facts.get("test_url")
    # A sandbox need not be spared.
    settings = HttpSettings(rate=0) if url else None
    return CleverClient(facts["key"], district_id=facts["tenant"], base_url=url, settings=settings)


def _csv(facts: Facts) -> AbstractContextManager[ChangeSource]:
    return OneRosterCsv(facts["path"], tenant=facts["tenant"])


def _veracross(facts: Facts) -> AbstractContextManager[ChangeSource]:
    return VeracrossClient(
        facts["tenant"],
        client_id=facts["key"],
        client_secret=facts["secret"],
        base_url=facts.get("test_url"),
        accounts_url=facts.get("test_accounts_url"),
    )


def _entra(facts: Facts) -> AbstractContextManager[ChangeSource]:
    return _graph(facts, None)


def _entra_directory(facts: Facts) -> AbstractContextManager[ChangeSource]:
    directory = Directory(
        student_groups=facts["student_groups"].split(),
        teacher_groups=facts["teacher_groups"].split(),
        class_prefix=facts["class_prefix"],
    )
    return _graph(facts, directory)


def _graph(facts: Facts, directory: Directory | None) -> EntraClient:
    return EntraClient(
        facts["tenant"],
        facts["key"],
        facts["secret"],
        directory=directory,
        track_changes=True,
        authority=facts.get("test_authority"),
        graph_url=facts.get("test_url", GRAPH),
        allow_test_hosts="test_url" in facts,
    )


_DISTRICT = Field(
    name="tenant", label="Short name of the district", hint="Yours to choose; it never changes."
)
_URL = Field(
    name="url",
    label="Server address",
    hint="With or without /ims/oneroster/v1p1 at its end.",
    is_address=True,
)
_CLIENT_ID = Field(name="key", label="Client id")
_SECRET = Field(name="secret", label="Client secret", kind="password")
_TEST_URL = test_address("test_url", "Sandbox: address of the data")
_ENTRA = (
    Field(
        name="tenant",
        label="Directory (tenant) id",
        hint="Entra admin center, App registrations, your app, Overview.",
    ),
    Field(name="key", label="Application (client) id"),
    _SECRET,
)
_ENTRA_TESTS = (_TEST_URL, test_address("test_authority", "Sandbox: address of sign-in"))

ROSTERS: Mapping[str, Connector[Opener]] = {
    "clever": Connector(
        title="Clever",
        provider="clever",
        fields=(
            Field(name="tenant", label="District id"),
            Field(name="key", label="District token", kind="password"),
            _TEST_URL,
        ),
        open=_clever,
    ),
    "classlink": Connector(
        title="ClassLink",
        provider="classlink",
        fields=(
            Field(name="tenant", label="Tenant id", hint="A number."),
            Field(name="key", label="Partner API key", kind="password"),
            _TEST_URL,
        ),
        open=_classlink,
    ),
    "oneroster-1.2": Connector(
        title="OneRoster 1.2",
        provider="oneroster",
        fields=(
            _DISTRICT,
            _URL,
            Field(name="token_url", label="Token address", is_address=True),
            _CLIENT_ID,
            _SECRET,
        ),
        open=_oneroster_1_2,
        note="For a student system that gives a client id and secret (OAuth 2).",
    ),
    "oneroster-1.1": Connector(
        title="OneRoster 1.1",
        provider="oneroster",
        fields=(
            _DISTRICT,
            _URL,
            Field(name="key", label="Consumer key"),
            Field(name="secret", label="Consumer secret", kind="password"),
        ),
        open=_oneroster_1_1,
        note="For a student system that gives a consumer key and secret (OAuth 1).",
    ),
    "oneroster-csv": Connector(
        title="OneRoster CSV files",
        provider="oneroster-csv",
        fields=(
            _DISTRICT,
            Field(
                name="path",
                label="Folder or ZIP on this machine",
                hint="Where the district's upload arrives.",
            ),
        ),
        open=_csv,
        note="For a district that uploads files instead of opening a server.",
    ),
    "veracross": Connector(
        title="Veracross",
        provider="veracross",
        fields=(
            Field(
                name="tenant",
                label="School route",
                hint="The word after veracross.com/ in the school's addresses.",
            ),
            _CLIENT_ID,
            _SECRET,
            _TEST_URL,
            test_address("test_accounts_url", "Sandbox: address of tokens"),
        ),
        open=_veracross,
    ),
    "entra": Connector(
        title="Microsoft Entra ID, with School Data Sync",
        provider="entra",
        fields=(*_ENTRA, *_ENTRA_TESTS),
        open=_entra,
        note="Microsoft knows no birth dates, so parents cannot add children by them.",
    ),
    "entra-directory": Connector(
        title="Microsoft Entra ID, groups only",
        provider="entra",
        fields=(
            *_ENTRA,
            Field(name="student_groups", label="Groups of students", hint="Object ids."),
            Field(name="teacher_groups", label="Groups of teachers", hint="Object ids."),
            Field(name="class_prefix", label="Classes are groups whose nickname begins with"),
            *_ENTRA_TESTS,
        ),
        open=_entra_directory,
        note="Microsoft knows no birth dates, so parents cannot add children by them.",
    ),
}

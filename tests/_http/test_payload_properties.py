"""Whatever JSON arrives is a page or a PayloadError, and nothing is lost in between."""

import contextlib
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests._http.test_payload import answer, decoder

from edlink._http.payload import Envelope, Page, PageDecoder
from edlink.errors import PayloadError
from edlink.oneroster.endpoints import ENVELOPES
from edlink.oneroster.problems import ERROR_KEYS
from edlink.oneroster.wire import schema_of
from edlink.vocabulary import Kind

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.sampled_from(["true", "2026-08-10", "0001-01-01T00:00:00+01:00", "a,b", "student", "0"])
)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=8,
)

DECODERS: list[tuple[str, PageDecoder[Any]]] = [
    (
        plural,
        PageDecoder(
            schema_of(kind, version, keep_metadata=keep),
            kind=kind,
            provider="invented",
            envelope=Envelope(
                keys=(plural,), bare_list=True, may_be_absent=True, error_keys=ERROR_KEYS
            ),
            id_key="sourcedId",
        ),
    )
    for kind, (plural, _) in ENVELOPES.items()
    for version in ("1.1", "1.2")
    for keep in (False, True)
]

#: Every name that a row of OneRoster may hold, and what else is worth sending.
NAMES = st.sampled_from(
    [
        "sourcedId",
        "status",
        "dateLastModified",
        "metadata",
        "name",
        "type",
        "identifier",
        "parent",
        "children",
        "title",
        "startDate",
        "endDate",
        "schoolYear",
        "courseCode",
        "grades",
        "subjects",
        "org",
        "resources",
        "classCode",
        "classType",
        "location",
        "course",
        "school",
        "terms",
        "periods",
        "username",
        "userIds",
        "enabledUser",
        "givenName",
        "role",
        "roles",
        "orgs",
        "primaryOrg",
        "userMasterIdentifier",
        "userProfiles",
        "agents",
        "user",
        "class",
        "primary",
        "beginDate",
        "birthDate",
        "sex",
        "white",
        "password",
    ]
)
REFERENCES = st.fixed_dictionaries({"sourcedId": SCALARS})
ROWS = st.dictionaries(
    NAMES, SCALARS | REFERENCES | st.lists(REFERENCES, max_size=2) | JSON, max_size=8
)


def check(decode: Callable[[], Page[Any]], count: int) -> None:
    """Demand that every row received is a record or an Issue that says it was set aside."""
    try:
        page = decode()
    except PayloadError:
        return
    assert page.received == count
    assert len(page.rows) + sum(issue.set_aside for issue in page.issues) == count
    assert all(isinstance(row.sourced_id, str) and row.sourced_id.strip() for row in page.rows)


@given(JSON)
def test_any_json_is_a_page_or_a_payload_error(body: object) -> None:
    """No JSON value makes the decoder raise anything but PayloadError."""
    with contextlib.suppress(PayloadError):
        decoder(bare_list=True, may_be_absent=True).decode(answer(body))


@given(st.binary(max_size=40))
def test_any_bytes_are_a_page_or_a_payload_error(body: bytes) -> None:
    """No bytes make the decoder raise anything but PayloadError."""
    with contextlib.suppress(PayloadError):
        decoder(bare_list=True, may_be_absent=True).decode(answer(body))


@given(st.sampled_from(DECODERS), st.lists(ROWS | JSON, max_size=4))
@settings(deadline=None)
def test_each_row_becomes_a_record_or_an_issue(
    case: tuple[str, PageDecoder[Any]], rows: list[object]
) -> None:
    """No row of any OneRoster collection is lost, and none makes anything else be raised."""
    key, one = case
    check(lambda: one.decode(answer({key: rows})), len(rows))


def test_every_kind_is_tried() -> None:
    """The property above covers every kind that OneRoster has."""
    assert set(ENVELOPES) == set(Kind) - {Kind.relationship}

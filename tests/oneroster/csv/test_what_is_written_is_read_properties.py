"""A roster written and read again is equal, but for what the writer says was lost."""

import tempfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import attrs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edlink import (
    AcademicSession,
    Class,
    ClassType,
    Course,
    Demographics,
    EndSemantics,
    Enrollment,
    Identifier,
    IdentifierType,
    Kind,
    Org,
    OrgType,
    Relationship,
    Role,
    RoleAssignment,
    Roster,
    SessionType,
    Sex,
    Source,
    User,
)
from edlink.model import RECORD_TYPES
from edlink.oneroster.convert import to_relationships
from edlink.oneroster.csv import OneRosterCsv, write_csv
from edlink.oneroster.values import read_grade
from edlink.roster import COLLECTIONS

NOW = datetime(2026, 11, 2, tzinfo=UTC)

# Strings that CSV, braces, lists and readers stumble over, and any others.
nasty = st.sampled_from(["a,b", '"', '""', "x\r\ny", "x\ny", "=1+1", "{a:b}", "},{", "ﬁ", "'", "0"])
anything = st.text(max_size=8)
texts = st.none() | nasty | anything
ids = st.sampled_from(["1", "01", "a|b", "ä", "A", "a"]) | st.text(min_size=1, max_size=6)
lists = st.lists(nasty | anything, max_size=3).map(tuple)
moments = st.none() | st.datetimes(timezones=st.just(UTC))
metadata = st.none() | st.dictionaries(anything, anything | st.integers(), max_size=3)
flags = st.none() | st.booleans()
days = st.none() | st.dates()
identifiers = st.builds(
    Identifier, type=st.sampled_from(IdentifierType), type_raw=texts, value=anything
)


def head(**fields: Any) -> dict[str, Any]:  # noqa: ANN401 - strategies
    return {"sourced_id": ids, "date_last_modified": moments, "metadata": metadata, **fields}


roles = st.builds(
    RoleAssignment,
    role=st.sampled_from(Role),
    role_raw=st.sampled_from(["student", "parent", "Teacher", "ext:x"]) | texts,
    org_id=st.none() | ids,
    is_primary=flags,
    begin_date=days,
    end_date=days,
    user_profile_id=st.none() | ids,
    sourced_id=st.none() | ids,
    title=st.none() | anything,
)
records = st.one_of(
    st.builds(
        Org,
        **head(
            name=texts,
            type=st.sampled_from(OrgType),
            type_raw=texts,
            parent_id=st.none() | ids,
            identifiers=st.lists(identifiers, max_size=2).map(tuple),
        ),
    ),
    st.builds(
        AcademicSession,
        **head(
            title=texts,
            type=st.sampled_from(SessionType),
            type_raw=texts,
            start_date=days,
            end_date=days,
            end_semantics=st.sampled_from(EndSemantics),
            school_year=st.none() | st.integers(0, 9999),
        ),
    ),
    st.builds(
        Course,
        **head(title=texts, resource_ids=lists, subjects=lists, grades_raw=lists, grades=lists),
    ),
    st.builds(
        Class,
        **head(
            title=texts,
            class_type=st.sampled_from(ClassType),
            class_type_raw=texts,
            session_ids=lists,
            periods=lists,
        ),
    ),
    st.builds(
        User,
        **head(
            enabled=st.booleans(),
            username=texts,
            given_name=texts,
            pronouns=texts,
            phone=texts,
            identifiers=st.lists(identifiers, max_size=3).map(tuple),
            roles=st.lists(roles, max_size=3).map(tuple),
            primary_org_id=st.none() | ids,
            primary_org_is_guess=st.booleans(),
            agent_ids=st.lists(ids, max_size=2).map(tuple),
            resource_ids=lists,
        ),
    ),
    st.builds(
        Enrollment,
        **head(
            user_id=st.none() | ids,
            class_id=st.none() | ids,
            role=st.sampled_from(Role),
            role_raw=texts,
            is_primary=flags,
            begin_date=days,
        ),
    ),
    st.builds(
        Demographics,
        **head(
            birth_date=days, birth_date_raw=texts, sex=st.none() | st.sampled_from(Sex), asian=flags
        ),
    ),
    st.builds(Relationship, sourced_id=ids, student_id=ids, contact_id=ids),
)


def to_roster(found: list[Any]) -> Roster:
    """Return a roster of the records, the first of each kind and id."""
    unique = {(type(record), record.sourced_id): record for record in reversed(found)}
    source = Source("example", "t")
    return Roster.from_records(unique.values(), source=source, pulled_at=NOW)


rosters = st.lists(records, max_size=12).map(to_roster)
versions = st.sampled_from(["1.1", "1.2"])
patient = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def written_and_read(roster: Roster, version: str) -> tuple[Roster, Any]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "out.zip"
        written = write_csv(roster, path, version)
        client = OneRosterCsv(path, tenant="t", settle=0, keep_metadata=True, clock=lambda: NOW)
        with client:
            return client.pull_roster(allow_partial=True), written


@given(roster=rosters, version=versions)
@patient
def test_every_field_is_equal_or_reported(roster: Roster, version: str) -> None:
    """Each record is read again, and each field is equal, unless the report names it."""
    again, written = written_and_read(roster, version)
    lost = {(issue.kind, issue.sourced_id): issue for issue in written.lost}
    for kind, cls in RECORD_TYPES.items():
        expected = [
            record.sourced_id
            for record in roster.records(kind)
            if (issue := lost.get((kind, record.sourced_id))) is None or not issue.set_aside
        ]
        if kind is not Kind.relationship:
            assert [record.sourced_id for record in again.records(kind)] == expected
        for sourced_id in expected:
            before, after = roster.get(kind, sourced_id), again.get(kind, sourced_id)
            issue = lost.get((kind, sourced_id))
            names = {field.name for field in attrs.fields(cls)}
            differing = {n for n in names if getattr(before, n) != getattr(after, n)}
            assert differing == set(issue.fields if issue else ())


def clean(text: str) -> str:
    return text.replace("\0", "").encode("utf-8", "ignore").decode().strip()


# What OneRoster 1.2 can say: texts without blanks around them, lists without commas, words that
# mean their enum's member, dates that are dates.
good_texts = st.none() | (nasty | anything).map(clean).map(lambda text: text or None)
good_ids = ids.map(clean).filter(bool)
good_items = (
    st.lists(anything.map(lambda text: clean(text.replace(",", ""))).filter(bool), max_size=3)
    .map(dict.fromkeys)
    .map(tuple)
)
good_roles = st.builds(
    RoleAssignment,
    role=st.just(Role.teacher),
    role_raw=st.sampled_from(["teacher", "Teacher"]),
    org_id=st.none() | good_ids,
    is_primary=st.booleans(),
    begin_date=st.none() | st.dates(min_value=date(2000, 1, 1)),
)
good_records = st.one_of(
    st.builds(Org, sourced_id=good_ids, name=good_texts, date_last_modified=moments),
    st.builds(
        Course,
        sourced_id=good_ids,
        resource_ids=good_items,
        subjects=good_items,
        grades_raw=good_items,
    ).map(lambda c: attrs.evolve(c, grades=tuple(read_grade(grade) for grade in c.grades_raw))),
    st.builds(
        User,
        sourced_id=good_ids,
        given_name=good_texts,
        pronouns=good_texts,
        enabled=st.booleans(),
        agent_ids=st.lists(ids.map(lambda i: clean(i.replace(",", ""))).filter(bool), max_size=2)
        .map(dict.fromkeys)
        .map(tuple),
        primary_org_id=good_ids,
        roles=st.lists(good_roles, max_size=2, unique=True).map(tuple),
    ),
    st.builds(Demographics, sourced_id=good_ids, city_of_birth=good_texts, white=flags),
)


@given(found=st.lists(good_records, max_size=12))
@patient
def test_all_that_1_2_can_say_is_kept(found: list[Any]) -> None:
    """What OneRoster 1.2 can say is equal in every collection, and nothing is reported lost."""
    bare = to_roster(found)
    roster = attrs.evolve(bare, relationships=to_relationships(bare.users)[0])
    again, written = written_and_read(roster, "1.2")
    assert written.lost == ()
    for name in COLLECTIONS.values():
        assert getattr(again, name) == getattr(roster, name)

"""A roster as a package."""

import csv
import stat
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import attrs
import pytest

from edlink import (
    AcademicSession,
    Class,
    Course,
    CoverageState,
    Demographics,
    EndSemantics,
    Enrollment,
    Identifier,
    IdentifierType,
    Kind,
    Org,
    OrgType,
    Role,
    RoleAssignment,
    Roster,
    Scope,
    SessionType,
    Sex,
    Source,
    Status,
    Tombstone,
    User,
)
from edlink.errors import ConfigError
from edlink.oneroster.csv import OneRosterCsv, write_csv
from edlink.roster import COLLECTIONS

Make = Callable[..., Path]
Open = Callable[..., OneRosterCsv]

EMPTY = Roster(source=Source("example", "t"), pulled_at=datetime(2026, 11, 2, tzinfo=UTC))
VERSIONS = pytest.mark.parametrize("version", ["1.1", "1.2"])


def collections(roster: Roster) -> dict[str, object]:
    return {name: getattr(roster, name) for name in COLLECTIONS.values()}


@VERSIONS
@pytest.mark.parametrize("name", ["out.zip", "out"])
def test_written_and_read_again(
    make_zip: Make, open_csv: Open, tmp_path: Path, version: str, name: str
) -> None:
    """A package of a version, written as a ZIP or folder, is the same roster again."""
    roster = open_csv(make_zip(v12=version == "1.2"), keep_metadata=True).pull_roster()
    written = write_csv(roster, tmp_path / name, version, allow_loss=False)
    again = open_csv(tmp_path / name, keep_metadata=True).pull_roster(allow_partial=True)
    assert collections(again) == collections(roster)
    assert (again.coverage, again.warnings, written.lost) == (roster.coverage, (), ())
    assert written.counts["users"] == len(roster.users)


@VERSIONS
def test_the_manifest_lists_every_file(tmp_path: Path, version: str) -> None:
    """The manifest lists every file of the version, and kinds that are not known as absent."""
    write_csv(attrs.evolve(EMPTY, orgs=(Org(sourced_id="o"),)), tmp_path / "out", version)
    with (tmp_path / "out/manifest.csv").open(newline="") as stream:
        rows = dict(list(csv.reader(stream)))
    files = {name: mode for name, mode in rows.items() if name.startswith("file.")}
    assert rows["oneroster.version"] == version
    assert len(files) == {"1.1": 13, "1.2": 21}[version]
    assert [name for name, mode in files.items() if mode == "bulk"] == ["file.orgs"]


def test_what_is_not_known_stays_withheld(open_csv: Open, tmp_path: Path) -> None:
    """A kind that the roster does not know is withheld when read, not empty."""
    write_csv(attrs.evolve(EMPTY, orgs=(Org(sourced_id="o"),)), tmp_path / "out.zip")
    again = open_csv(tmp_path / "out.zip").pull_roster(allow_partial=True)
    assert CoverageState.withheld is again.coverage.state(Kind.user)


def test_equal_rosters_are_equal_bytes(make_zip: Make, open_csv: Open, tmp_path: Path) -> None:
    """Writing twice gives the same bytes."""
    roster = open_csv(make_zip()).pull_roster()
    for name in ("a.zip", "b.zip"):
        write_csv(roster, tmp_path / name)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


@pytest.mark.parametrize("name", ["out.zip", "out", "out/users.csv"])
def test_only_the_owner_reads(make_zip: Make, open_csv: Open, tmp_path: Path, name: str) -> None:
    """What is written can be read by its owner only."""
    roster = open_csv(make_zip()).pull_roster()
    for target in ("out.zip", "out"):
        write_csv(roster, tmp_path / target)
    assert stat.S_IMODE((tmp_path / name).stat().st_mode) & 0o077 == 0


@VERSIONS
def test_values_as_they_are(open_csv: Open, tmp_path: Path, version: str) -> None:
    """Commas, braces, quotes, line breaks and formulas come back as they were."""
    text = '=1+1,{a}"b"\r\nc\rd\ne'
    user = User(
        sourced_id="u,{1}",
        given_name=text,
        family_name="Åß-梅",
        identifiers=(
            Identifier(type=IdentifierType.ldap, type_raw="LDAP", value='a,}{"b:c\nd'),
            Identifier(type=IdentifierType.other, type_raw="Local", value="{x}"),
        ),
        date_last_modified=datetime(2026, 1, 2, 3, 4, 5, 678901, UTC),
        metadata={"a, b": "=x", "B": '"'},
    )
    roster = attrs.evolve(EMPTY, users=(user,))
    assert write_csv(roster, tmp_path / "out.zip", version).lost == ()
    again = open_csv(tmp_path / "out.zip", keep_metadata=True).pull_roster(allow_partial=True)
    assert again.users == (user,)


def test_words_of_other_providers(open_csv: Open, tmp_path: Path) -> None:
    """A word that means something else in OneRoster is replaced by the standard's."""
    session = AcademicSession(
        sourced_id="s",
        type=SessionType.grading_period,
        type_raw="quarter",
        end_semantics=EndSemantics.stated,
    )
    orgs = (Org(sourced_id="o", type=OrgType.school, type_raw="Campus"),)
    aide = User(sourced_id="a", roles=(RoleAssignment(role=Role.staff, role_raw="Support"),))
    roster = attrs.evolve(EMPTY, academic_sessions=(session,), orgs=orgs, users=(aide,))
    lost = write_csv(roster, tmp_path / "out.zip").lost
    again = open_csv(tmp_path / "out.zip").pull_roster(allow_partial=True)
    assert again.academic_sessions[0].type is SessionType.grading_period
    assert again.academic_sessions[0].type_raw == "gradingPeriod"
    assert (again.orgs[0].type, again.orgs[0].type_raw) == (OrgType.school, "school")
    assert (again.users[0].roles[0].role, again.users[0].roles[0].role_raw) == (Role.staff, "aide")
    assert [issue.fields for issue in lost] == [("type_raw",), ("type_raw",), ("roles",)]


def test_several_roles_in_1_1(open_csv: Open, tmp_path: Path) -> None:
    """In 1.1 only the primary role is written, at its own orgs; the others are reported."""
    roles = (
        RoleAssignment(role=Role.guardian, role_raw="parent", org_id="b", is_primary=False),
        RoleAssignment(role=Role.teacher, role_raw="teacher", org_id="a", is_primary=True),
    )
    roster = attrs.evolve(EMPTY, users=(User(sourced_id="u", roles=roles),))
    (issue,) = write_csv(roster, tmp_path / "out.zip", "1.1").lost
    (user,) = open_csv(tmp_path / "out.zip").pull_roster(allow_partial=True).users
    assert user.roles == roles[1:]
    assert "roles" in issue.fields
    assert not issue.set_aside


def test_identifiers_in_1_1(open_csv: Open, tmp_path: Path) -> None:
    """A master identifier has no column in 1.1: its value is kept among userIds."""
    master = Identifier(type=IdentifierType.master_id, type_raw="userMasterIdentifier", value="M1")
    roster = attrs.evolve(EMPTY, users=(User(sourced_id="u", identifiers=(master,)),))
    assert write_csv(roster, tmp_path / "out.zip", "1.1").lost[0].fields == ("identifiers",)
    (user,) = open_csv(tmp_path / "out.zip").pull_roster(allow_partial=True).users
    assert [i.value for i in user.identifiers] == ["M1"]


def test_records_that_cannot_be_written(open_csv: Open, tmp_path: Path) -> None:
    """A record whose id no reader takes, or that is too long, is left out and reported."""
    orgs = tuple(Org(sourced_id=i) for i in ("good", "a\0b", "\ud800", " "))
    long = Org(sourced_id="long", name="x" * 200_000)
    roster = attrs.evolve(EMPTY, orgs=(*orgs, long))
    written = write_csv(roster, tmp_path / "out.zip")
    assert [i.sourced_id for i in written.lost if i.set_aside] == ["a\0b", "\ud800", " ", "long"]
    assert written.counts == {"orgs": 1}
    assert len(open_csv(tmp_path / "out.zip").pull_roster(allow_partial=True).orgs) == 1


def test_deleted_records_stay_deleted(tmp_path: Path) -> None:
    """A deleted record is left out of a bulk file, where it would be active again."""
    roster = attrs.evolve(EMPTY, orgs=(Org(sourced_id="o", status=Status.deleted),))
    written = write_csv(roster, tmp_path / "out.zip")
    assert [(i.sourced_id, i.set_aside) for i in written.lost] == [("o", True)]
    assert written.counts == {"orgs": 0}


def test_values_that_cannot_be_written(open_csv: Open, tmp_path: Path) -> None:
    """A value that a row cannot carry is left out, and its field is reported."""
    edge = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5)))
    metadata = {"a": 5, " b": "x", "c": "", "\0": "x", "k" * 70_000: "x", "ok": "y"}
    orgs = (
        Org(sourced_id="a", name="a\0", child_ids=("b",)),
        Org(sourced_id="b", name=" blank ", date_last_modified=edge),
        Org(sourced_id="c", metadata=metadata),
    )
    lost = write_csv(attrs.evolve(EMPTY, orgs=orgs), tmp_path / "out.zip").lost
    assert [issue.fields for issue in lost] == [
        ("name", "child_ids"),
        ("date_last_modified", "name"),
        ("metadata",),
    ]
    again = open_csv(tmp_path / "out.zip", keep_metadata=True).pull_roster(allow_partial=True)
    assert again.orgs[2].metadata == {"ok": "y"}


def test_relationships_beyond_agents(make_zip: Make, open_csv: Open, tmp_path: Path) -> None:
    """A link that agents do not say, or say otherwise, is reported, and so is a tombstone."""
    roster = open_csv(make_zip(v12=True)).pull_roster(allow_partial=True)
    (link,) = roster.relationships
    changed = attrs.evolve(
        roster,
        relationships=(
            attrs.evolve(link, may_pick_up=True),
            attrs.evolve(link, sourced_id="x"),
        ),
        tombstones=(Tombstone(kind=Kind.user, sourced_id="gone"),),
    )
    lost = write_csv(changed, tmp_path / "out.zip").lost
    assert [(i.kind, i.reason, i.sourced_id, i.fields, i.set_aside) for i in lost] == [
        (Kind.relationship, "not_in_csv", link.sourced_id, ("may_pick_up",), False),
        (Kind.relationship, "not_in_csv", "x", (), True),
        (Kind.user, "tombstone", "gone", (), True),
    ]


@pytest.mark.parametrize(("version", "lost"), [("1.1", [("resource_ids",)]), ("1.2", [])])
def test_resources(
    open_csv: Open, tmp_path: Path, version: str, lost: list[tuple[str, ...]]
) -> None:
    """Resources of courses and classes are carried by both versions, of users by 1.2."""
    roster = attrs.evolve(
        EMPTY,
        courses=(Course(sourced_id="c", resource_ids=("b", "a")),),
        classes=(Class(sourced_id="k", resource_ids=("x,y",)),),
        users=(User(sourced_id="u", resource_ids=("a",)),),
    )
    written = write_csv(roster, tmp_path / "out.zip", version)
    assert [issue.fields for issue in written.lost] == lost
    again = open_csv(tmp_path / "out.zip").pull_roster(allow_partial=True)
    assert (again.courses, again.classes) == (roster.courses, roster.classes)
    assert (again.users == roster.users) == (version == "1.2")


def test_loss_can_be_refused(tmp_path: Path) -> None:
    """Where no loss is allowed, nothing is written."""
    roster = attrs.evolve(EMPTY, orgs=(Org(sourced_id="o", phone="1"),))
    with pytest.raises(ConfigError) as caught:
        write_csv(roster, tmp_path / "out.zip", allow_loss=False)
    assert caught.value.code == "EDL-CONF-026"
    assert list(tmp_path.iterdir()) == []


def test_a_version_that_is_not_written(tmp_path: Path) -> None:
    """1.0 is read only."""
    with pytest.raises(ConfigError) as caught:
        write_csv(EMPTY, tmp_path / "out.zip", "1.0")
    assert caught.value.code == "EDL-CONF-025"


def test_targets(tmp_path: Path) -> None:
    """A ZIP is replaced, an empty folder filled, a full folder left alone."""
    (tmp_path / "out.zip").write_text("old")
    (tmp_path / "empty").mkdir()
    for name in ("out.zip", "empty"):
        write_csv(EMPTY, tmp_path / name)
    assert zipfile.ZipFile(tmp_path / "out.zip").namelist() == ["manifest.csv"]
    with pytest.raises(ConfigError) as caught:
        write_csv(EMPTY, tmp_path / "empty")
    assert caught.value.code == "EDL-CONF-024"


def test_strict_readers(tmp_path: Path) -> None:
    """DateLastModified can be left empty, as the standard has it for bulk files."""
    org = Org(sourced_id="o", date_last_modified=datetime(2026, 1, 2, tzinfo=UTC))
    roster = attrs.evolve(EMPTY, orgs=(org,))
    lost = write_csv(roster, tmp_path / "out", keep_modified=False).lost
    assert lost[0].fields == ("date_last_modified",)
    assert "2026-01-02" not in (tmp_path / "out/orgs.csv").read_text()


def test_all_of_1_2(open_csv: Open, tmp_path: Path) -> None:
    """Every field that 1.2 has comes back."""
    user = User(
        sourced_id="u",
        enabled=False,
        preferred_given_name="A",
        preferred_middle_name="B",
        preferred_family_name="C",
        pronouns="they",
        identifiers=(
            Identifier(type=IdentifierType.state_id, type_raw="StateID", value="1"),
            Identifier(type=IdentifierType.identifier, type_raw="identifier", value="2"),
            Identifier(type=IdentifierType.master_id, type_raw="userMasterIdentifier", value="3"),
        ),
        roles=(
            RoleAssignment(
                role=Role.student,
                role_raw="student",
                org_id="o",
                is_primary=True,
                begin_date=date(2026, 8, 1),
                end_date=date(2027, 6, 30),
                user_profile_id="p",
            ),
            RoleAssignment(role=Role.other, is_primary=False, sourced_id="own"),
        ),
        primary_org_id="o2",
    )
    demographics = Demographics(
        sourced_id="u", birth_date_raw="2011", sex=Sex.other, sex_raw="X", asian=False
    )
    enrollment = Enrollment(sourced_id="e", user_id="u", is_primary=False)
    roster = attrs.evolve(
        EMPTY, users=(user,), demographics=(demographics,), enrollments=(enrollment,)
    )
    assert write_csv(roster, tmp_path / "out.zip").lost == ()
    assert collections(
        open_csv(tmp_path / "out.zip").pull_roster(allow_partial=True)
    ) == collections(roster)


def test_a_report_shows_counts_only(tmp_path: Path) -> None:
    """The report's text holds counts, no ids."""
    roster = attrs.evolve(EMPTY, orgs=(Org(sourced_id="secret", phone="1"),), scope=Scope())
    assert repr(write_csv(roster, tmp_path / "o.zip")) == "Written({'orgs': 1}, lost=1)"

from datetime import UTC, date, datetime, timedelta

import attrs
import pytest

from edlink.coverage import Source
from edlink.errors import ConfigError
from edlink.matching.apply import apply_sync
from edlink.matching.archive import find_expired, plan_archive, plan_unmanage
from edlink.matching.host import Absence, HostRecord, HostState, SyncMemory
from edlink.matching.overrides import Override, Overrides, OverrideType
from edlink.matching.plan import SyncPlan
from edlink.matching.policy import SyncPolicy
from edlink.matching.release import plan_release
from edlink.model import RoleAssignment, User
from edlink.vocabulary import Kind, Role

SOURCE = Source("classlink", "d1")
DAY = date(2025, 10, 1)
NOW = datetime(2025, 10, 1, 6, tzinfo=UTC)


def _person(ref: str, *org_ids: str, source: Source | None = None) -> HostRecord:
    roles = tuple(RoleAssignment(role=Role.student, org_id=org_id) for org_id in org_ids)
    return HostRecord(ref=ref, record=User(sourced_id=ref, roles=roles), source=source)


HOST = HostState(
    memory=SyncMemory(
        source=SOURCE, absences=(Absence(kind=Kind.user, sourced_id="m", since=DAY),)
    ),
    records=[
        _person("a", "s1"),
        _person("b", "s1", "s2"),
        _person("c"),
        _person("m", "s1", source=SOURCE),
    ],
)


@pytest.mark.parametrize(
    ("org_ids", "archived"),
    [({"s1"}, ["a"]), ({"s1", "s2"}, ["a", "b"]), (None, ["a", "b", "c"])],
)
def test_an_archive_plan_covers_one_school_some_or_all(
    org_ids: set[str] | None, archived: list[str]
) -> None:
    """Only people all of whose schools are named go; without names, all of the host's own."""
    plan = plan_archive(HOST, on=DAY, now=NOW, org_ids=org_ids)

    assert [change.sourced_id for change in plan.changes] == archived


def test_managed_people_are_never_archived_by_hand() -> None:
    """A managed person in the scope is listed as left alone."""
    plan = plan_archive(HOST, on=DAY, now=NOW, org_ids={"s1"})

    assert [(keep.ref, keep.reason) for keep in plan.kept] == [("m", "managed")]


def test_pinned_and_archived_records_stay() -> None:
    """What a person pinned is left alone, what is archived already is not looked at."""
    pinned = Override(type=OverrideType.pinned, kind=Kind.user, ref="a", actor="staff-1", day=DAY)
    after = apply_sync(HOST, plan_archive(HOST, on=DAY, now=NOW, org_ids={"s1", "s2"}))

    plan = plan_archive(HOST, on=DAY, now=NOW, org_ids={"s1"}, overrides=Overrides([pinned]))
    again = plan_archive(after, on=DAY, now=NOW, org_ids={"s1", "s2"})

    assert [(k.ref, k.reason) for k in plan.kept] == [("a", "pinned"), ("m", "managed")]
    assert again.is_empty


def test_a_record_is_pinned_under_its_sourced_id_too() -> None:
    """An override by sourced id restrains an archive plan as one by ref does."""
    pinned = Override(
        type=OverrideType.pinned, kind=Kind.user, sourced_id="a", actor="staff-1", day=DAY
    )

    plan = plan_archive(HOST, on=DAY, now=NOW, overrides=Overrides([pinned]))

    assert [change.ref for change in plan.changes] == ["b", "c"]


def test_an_integration_that_ends_leaves_its_records_behind() -> None:
    """Managed records become the host's own, none is archived, absences are forgotten."""
    after = apply_sync(HOST, plan_unmanage(HOST, on=DAY, now=NOW))

    assert after.counts() == {"managed": 0, "own": 4, "archived": 0}
    assert after.memory.absences == ()


def test_taking_an_integration_away_can_be_undone() -> None:
    """The inverse gives the records back to the source."""
    plan = plan_unmanage(HOST, on=DAY, now=NOW)

    assert apply_sync(apply_sync(HOST, plan), plan.inverse()) == HOST


@pytest.mark.parametrize(
    "plan",
    [
        plan_archive(HOST, on=DAY, now=NOW),
        plan_unmanage(HOST, on=DAY, now=NOW),
        plan_release(HOST, "m", on=DAY, now=NOW),
    ],
    ids=["archive", "unmanage", "release"],
)
def test_what_a_person_asked_for_is_done_once(plan: SyncPlan) -> None:
    """A plan made by hand is refused by the host that it was applied to."""
    after = apply_sync(HOST, plan)

    with pytest.raises(ConfigError, match="EDL-PLAN-001"):
        apply_sync(after, plan)


def test_a_record_may_be_deleted_after_its_retention() -> None:
    """After two years an archived record is listed, a day before it is not."""
    records = [attrs.evolve(record, archived_on=DAY) for record in HOST.records[:1]]
    host = HostState(memory=HOST.memory, records=records)
    due = DAY + timedelta(days=730)

    assert find_expired(host, SyncPolicy(), on=due) == tuple(records)
    assert find_expired(host, SyncPolicy(), on=due - timedelta(days=1)) == ()


def test_a_memory_survives_json() -> None:
    """What a host keeps between two nights reads back equal."""
    memory = attrs.evolve(HOST.memory, last_applied=NOW, revision=4)

    assert SyncMemory.from_dict(memory.to_dict()) == memory


@pytest.mark.parametrize("data", [{}, {"version": 1, "source": 3}])
def test_what_is_no_memory_is_refused(data: dict[str, object]) -> None:
    """Another shape is not read as a memory."""
    with pytest.raises(ConfigError, match="EDL-CONF-096"):
        SyncMemory.from_dict(data)

import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import attrs
import pytest

from edlink.coverage import Coverage, CoverageEntry, Source
from edlink.errors import ConfigError
from edlink.matching.linked import Link
from edlink.matching.policy import SyncPolicy
from edlink.matching.report import MatchReport
from edlink.matching.sync import plan_sync
from edlink.model import Class, Enrollment, Org, Record, RoleAssignment, User
from edlink.plain import to_plain
from edlink.roster import COLLECTIONS, Roster
from edlink.vocabulary import Kind, Role

EXAMPLE = Path(__file__).parents[2] / "examples" / "reference_host.py"
SOURCE = Source("classlink", "d1")
DAY = date(2025, 10, 1)
AT_ONCE = SyncPolicy(min_absences=1, grace_days=0, ignored_fields=())
STUDENT = User(
    sourced_id="u1",
    given_name="Ada",
    grades=("05",),
    roles=(RoleAssignment(role=Role.student, org_id="s1"),),
)
FIRST: tuple[Record, ...] = (
    Org(sourced_id="s1", name="Example School"),
    Class(sourced_id="c1", org_id="s1", title="Biology"),
    STUDENT,
    attrs.evolve(STUDENT, sourced_id="u2", given_name="Ben"),
    Enrollment(sourced_id="e1", user_id="u1", class_id="c1", role=Role.student),
    Enrollment(sourced_id="e2", user_id="u2", class_id="c1", role=Role.student),
)
SECOND: tuple[Record, ...] = (
    FIRST[0],
    Class(sourced_id="c1", org_id="s1", title=None, location="B2"),
    attrs.evolve(STUDENT, grades=()),
    attrs.evolve(STUDENT, sourced_id="u3", given_name="Cy"),
    Enrollment(sourced_id="e1", user_id="u1", class_id="c1", role=Role.student),
    Enrollment(sourced_id="e3", user_id="u3", class_id="c1", role=Role.student),
)


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("reference_host", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Any]:
    """Yield an empty host in a file."""
    found = _load().ReferenceHost(str(tmp_path / "host.db"), SOURCE)
    yield found
    found.close()


def _roster(records: tuple[Record, ...], day: int) -> Roster:
    return Roster.from_records(
        records,
        source=SOURCE,
        pulled_at=datetime(2025, 10, day, tzinfo=UTC),
        coverage=Coverage(CoverageEntry(kind=kind) for kind in Kind),
    )


def _active(host: Any, roster: Roster) -> dict[str, set[Any]]:  # noqa: ANN401 - the example's class
    state = host.state()
    return {
        name: {held.record for held in state.managed(kind).values() if held.is_active}
        for kind, name in COLLECTIONS.items()
        if roster.records(kind)
    }


def test_a_plan_applied_yields_the_incoming_roster(host: Any) -> None:  # noqa: ANN401 - the same
    """After each of two nights, what is active is what the roster has."""
    for day, records in enumerate((FIRST, SECOND), start=1):
        roster = _roster(records, day)
        plan = plan_sync(host.state(), roster, policy=AT_ONCE, on=DAY)
        plan.require_safe()
        host.apply(plan)

        expected = {name: set(getattr(roster, name)) for name in _active(host, roster)}
        assert _active(host, roster) == expected
        assert plan_sync(host.state(), roster, policy=AT_ONCE, on=DAY).is_empty


def test_an_inverse_plan_undoes_it(host: Any) -> None:  # noqa: ANN401 - the same
    """Created, changed, adopted and archived: the inverse brings back every record and ref."""
    ref = host.add(User(sourced_id="hand", given_name="Cy", phone="555-0100"))
    host.apply(plan_sync(host.state(), _roster(FIRST, 1), policy=AT_ONCE, on=DAY))
    before = host.state()
    link = Link(incoming="u3", existing=ref, kind="student", rule="sis_id")
    report = MatchReport(linked=(link,))
    plan = plan_sync(host.state(), _roster(SECOND, 2), report, policy=AT_ONCE, on=DAY)

    host.apply(plan)
    changed = host.state()
    host.apply(plan.inverse())

    assert changed != before
    assert host.state() == before


def test_a_plan_for_another_state_changes_nothing(host: Any) -> None:  # noqa: ANN401 - the same
    """A plan applied twice is refused the second time, and nothing of it stays."""
    plan = plan_sync(host.state(), _roster(FIRST, 1), on=DAY)
    host.apply(plan)
    before = host.state()

    with pytest.raises(ConfigError, match="EDL-PLAN-001"):
        host.apply(plan)
    assert host.state() == before


def _edit(host: Any, sourced_id: str, **fields: object) -> None:  # noqa: ANN401 - the same
    """Let staff of the host change what it holds of a user."""
    held = next(h for h in host.state().records if h.record.sourced_id == sourced_id)
    row = {**to_plain(held.record), **fields}
    host._db.execute("UPDATE record SET fields = ? WHERE ref = ?", (json.dumps(row), held.ref))


def test_what_staff_changed_meanwhile_is_not_overwritten(host: Any) -> None:  # noqa: ANN401 - the same
    """A plan for a record that was edited since, or is gone, is refused as a whole."""
    host.apply(plan_sync(host.state(), _roster(FIRST, 1), policy=AT_ONCE, on=DAY))
    plan = plan_sync(host.state(), _roster(SECOND, 2), policy=AT_ONCE, on=DAY)
    _edit(host, "u1", grades=["06"])
    edited = host.state()
    with pytest.raises(ConfigError, match="EDL-PLAN-002"):
        host.apply(plan)
    assert host.state() == edited

    host._db.execute("DELETE FROM record WHERE sourced_id = 'u1'")
    with pytest.raises(ConfigError, match="EDL-PLAN-002"):
        host.apply(plan)


def test_an_undo_discards_nothing_that_staff_changed(host: Any) -> None:  # noqa: ANN401 - the same
    """A person whom a plan created, and staff then edited, stays when the plan is undone."""
    host.apply(plan_sync(host.state(), _roster(FIRST, 1), policy=AT_ONCE, on=DAY))
    plan = plan_sync(host.state(), _roster(SECOND, 2), policy=AT_ONCE, on=DAY)
    host.apply(plan)
    _edit(host, "u3", phone="555-0100")
    with pytest.raises(ConfigError, match="EDL-PLAN-002"):
        host.apply(plan.inverse())


def test_a_ref_is_never_given_twice(host: Any) -> None:  # noqa: ANN401 - the same
    """What was created again after an undo has other refs: others may remember the old ones."""
    plan = plan_sync(host.state(), _roster(FIRST, 1), policy=AT_ONCE, on=DAY)
    host.apply(plan)
    before = {held.ref for held in host.state().records}
    host.apply(plan.inverse())
    host.apply(plan)

    assert not before & {held.ref for held in host.state().records}


def test_an_undo_that_would_discard_what_is_in_use_changes_nothing(tmp_path: Path) -> None:
    """The host says which records its own tables refer to, and none of them goes."""
    module = _load()
    found = module.ReferenceHost(str(tmp_path / "host.db"), SOURCE, lambda _db, ref: ref == "3")
    plan = plan_sync(found.state(), _roster(FIRST, 1), policy=AT_ONCE, on=DAY)
    found.apply(plan)
    before = found.state()

    with pytest.raises(module.InUseError):
        found.apply(plan.inverse())
    assert found.state() == before
    found.close()


def test_the_example_runs_by_itself() -> None:
    """The program prints two plans and the state after the undo."""
    ran = subprocess.run(  # noqa: S603 - our own file
        [sys.executable, str(EXAMPLE)], capture_output=True, text=True, check=True
    )

    assert "create: org 1, user 1" in ran.stdout
    assert "update: user 1" in ran.stdout
    assert "managed=2" in ran.stdout

"""An id that passed on within a family, where no birth date is known."""

import attrs
import pytest
from tests.matching.sync_cases import DAY, SOURCE, a_host, a_roster, a_student, an_adult

from edlink.matching.host import HostRecord, HostState
from edlink.matching.host_side import host_links, host_people
from edlink.matching.match import match_people
from edlink.matching.plan import Action
from edlink.matching.sync import plan_sync
from edlink.model import Identifier, User
from edlink.vocabulary import IdentifierType, Kind

ANA = a_student("u1", given_name="Ana", family_name="Sample")
KIM = a_student("u1", given_name="Kim", family_name="Sample")
AUNT = an_adult("u1", given_name="Kim", family_name="Sample")


def _with_sis_id(user: User, value: str) -> User:
    return attrs.evolve(user, identifiers=(Identifier(type=IdentifierType.sis_id, value=value),))


def _held(user: User) -> HostState:
    return a_host((), HostRecord(ref="h", record=user, source=SOURCE))


@pytest.mark.parametrize("has_report", [True, False])
@pytest.mark.parametrize(
    ("before", "now"),
    [
        (_with_sis_id(ANA, "3"), _with_sis_id(KIM, "900")),
        (ANA, AUNT),
        (_with_sis_id(ANA, "3"), _with_sis_id(AUNT, "3")),
    ],
    ids=["another SIS id", "another kind", "another kind with one SIS id"],
)
def test_without_birth_dates_a_family_name_is_a_familys(
    before: User, now: User, has_report: bool
) -> None:
    """Another given name, and another SIS id or kind of person, make an id reused."""
    host, roster = _held(before), a_roster([now])
    report = match_people(roster, host_people(host), links=host_links(host, Kind.user))

    plan = plan_sync(host, roster, report if has_report else (), on=DAY)

    assert plan.is_empty
    assert [keep.reason for keep in plan.kept] == ["id_reused"]


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (_with_sis_id(ANA, "3"), _with_sis_id(KIM, "3")),
        (_with_sis_id(ANA, "3"), KIM),
        (_with_sis_id(ANA, "3"), _with_sis_id(attrs.evolve(ANA, family_name="Muster"), "900")),
        (ANA, attrs.evolve(KIM, roles=())),
    ],
    ids=["same SIS id", "no SIS id", "same given name", "no kind"],
)
def test_without_birth_dates_one_change_is_no_other_person(before: User, now: User) -> None:
    """Who changes the given name, or the SIS id, or is told of less fully, is still the same."""
    plan = plan_sync(_held(before), a_roster([now]), on=DAY)

    assert [(c.action, c.sourced_id) for c in plan.changes] == [(Action.update, "u1")]

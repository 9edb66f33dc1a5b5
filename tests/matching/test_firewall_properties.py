"""Where a pull reaches is said alike of each record, whatever was asked before."""

from hypothesis import given
from hypothesis import strategies as st
from tests.matching.sync_cases import ORGS, a_roster, a_student

from edlink.coverage import Coverage, CoverageEntry
from edlink.matching.firewall import Reach
from edlink.matching.policy import SyncPolicy
from edlink.vocabulary import CoverageState, Kind, Role

KINDS = st.sampled_from([Kind.user, Kind.relationship, Kind.demographics, Kind.class_])
ROLES = st.sampled_from([Role.student, Role.teacher, Role.guardian])
ENTRIES = st.builds(
    CoverageEntry,
    kind=KINDS,
    org_id=st.sampled_from([None, "s1", "s2"]),
    state=st.sampled_from([CoverageState.complete, CoverageState.failed]),
    role=st.none() | ROLES,
)
ASKED = st.tuples(KINDS, st.frozensets(ROLES))


@given(st.lists(ENTRIES, max_size=6).map(Coverage), st.lists(ASKED, min_size=2, max_size=8))
def test_what_was_asked_before_changes_no_answer(
    coverage: Coverage, asked: list[tuple[Kind, frozenset[Role]]]
) -> None:
    """Asked of many kinds and roles, a reach says what one asked for the first time says."""
    roster = a_roster(ORGS, coverage=coverage)
    reach, person = Reach(roster=roster, policy=SyncPolicy()), a_student("u")

    for kind, roles in [*asked, *asked]:
        fresh = Reach(roster=roster, policy=SyncPolicy())
        assert reach.why_elsewhere(kind, roles) == fresh.why_elsewhere(kind, roles)
        answer = reach.why_not(kind, person, frozenset(), roles)
        assert answer == fresh.why_not(kind, person, frozenset(), roles)

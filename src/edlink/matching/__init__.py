"""
Decisions about a roster, as pure functions: no clock, no network, no files, no randomness.

Inputs are never changed, outputs are frozen and ordered, and nothing printable holds a person.
"""

from edlink.matching.overview import (
    TermOverview,
    TermRow,
    term_overview,
)
from edlink.matching.people import (
    Person,
    PersonKind,
    people_of,
)
from edlink.matching.report import (
    Cause,
    Evidence,
    Link,
    MatchReport,
    NearMiss,
    OpenGroup,
    SameHuman,
    SharedValue,
    StoredLink,
)
from edlink.matching.schedule import (
    Blackout,
    Region,
    SyncSchedule,
    SyncWindow,
    current_window,
    local_today,
    next_window,
    nightly,
    region_zone,
    twice_weekly,
)
from edlink.matching.session_ends import (
    EndVerdict,
    infer_end_semantics,
    settle_ends,
)
from edlink.matching.sessions import (
    SessionProblem,
    SessionTree,
    Window,
    active_sessions,
    session_tree,
)
from edlink.matching.terms import (
    Between,
    FilterResult,
    TermChoice,
    TermNote,
    TermPolicy,
    Undated,
    filter_terms,
    pick_default_terms,
)

__all__ = [
    "Between",
    "Blackout",
    "Cause",
    "EndVerdict",
    "Evidence",
    "FilterResult",
    "Link",
    "MatchReport",
    "NearMiss",
    "OpenGroup",
    "Person",
    "PersonKind",
    "Region",
    "SameHuman",
    "SessionProblem",
    "SessionTree",
    "SharedValue",
    "StoredLink",
    "SyncSchedule",
    "SyncWindow",
    "TermChoice",
    "TermNote",
    "TermOverview",
    "TermPolicy",
    "TermRow",
    "Undated",
    "Window",
    "active_sessions",
    "current_window",
    "filter_terms",
    "infer_end_semantics",
    "local_today",
    "next_window",
    "nightly",
    "people_of",
    "pick_default_terms",
    "region_zone",
    "session_tree",
    "settle_ends",
    "term_overview",
    "twice_weekly",
]

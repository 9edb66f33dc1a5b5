"""
Decisions about a roster, as pure functions: no clock, no network, no files, no randomness.

Inputs are never changed, outputs are frozen and ordered, and nothing printable holds a person.
"""

from edlink.matching.birth_dates import BirthDate, BirthDateState, parse_birth_date
from edlink.matching.emails import EmailKey, EmailPolicy, normalize_email, normalize_phone
from edlink.matching.ids import IdKey, normalize_id
from edlink.matching.match import match_people
from edlink.matching.name_levels import NameLevel, compare_names
from edlink.matching.normalize import NameKey, normalize_name
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
from edlink.matching.rules import MatchRules
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
    "BirthDate",
    "BirthDateState",
    "Blackout",
    "Cause",
    "EmailKey",
    "EmailPolicy",
    "EndVerdict",
    "Evidence",
    "FilterResult",
    "IdKey",
    "Link",
    "MatchReport",
    "MatchRules",
    "NameKey",
    "NameLevel",
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
    "compare_names",
    "current_window",
    "filter_terms",
    "infer_end_semantics",
    "local_today",
    "match_people",
    "next_window",
    "nightly",
    "normalize_email",
    "normalize_id",
    "normalize_name",
    "normalize_phone",
    "parse_birth_date",
    "people_of",
    "pick_default_terms",
    "region_zone",
    "session_tree",
    "settle_ends",
    "term_overview",
    "twice_weekly",
]

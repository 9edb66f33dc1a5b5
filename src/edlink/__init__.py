"""Rosters and sign-in for K-12 apps, the same from every provider."""

from edlink.coverage import (
    Coverage,
    CoverageEntry,
    Issue,
    RosterWarning,
    Scope,
    Source,
    Tombstone,
)
from edlink.errors import EdlinkError, FullPullRequired
from edlink.model import (
    AcademicSession,
    Address,
    Class,
    Course,
    Demographics,
    Enrollment,
    Identifier,
    Org,
    Relationship,
    RoleAssignment,
    User,
)
from edlink.report import Finding, SyncReport
from edlink.roster import Roster, RosterSource
from edlink.snapshot import load_roster, save_roster
from edlink.state import ChangeSet, ChangeSource, SyncState, apply_changes
from edlink.vocabulary import (
    ClassType,
    CoverageState,
    EndSemantics,
    IdentifierType,
    Kind,
    OrgType,
    RelationshipKind,
    Role,
    SessionType,
    Severity,
    Sex,
    Status,
)

__version__ = "0.1.0"

__all__ = [
    "AcademicSession",
    "Address",
    "ChangeSet",
    "ChangeSource",
    "Class",
    "ClassType",
    "Course",
    "Coverage",
    "CoverageEntry",
    "CoverageState",
    "Demographics",
    "EdlinkError",
    "EndSemantics",
    "Enrollment",
    "Finding",
    "FullPullRequired",
    "Identifier",
    "IdentifierType",
    "Issue",
    "Kind",
    "Org",
    "OrgType",
    "Relationship",
    "RelationshipKind",
    "Role",
    "RoleAssignment",
    "Roster",
    "RosterSource",
    "RosterWarning",
    "Scope",
    "SessionType",
    "Severity",
    "Sex",
    "Source",
    "Status",
    "SyncReport",
    "SyncState",
    "Tombstone",
    "User",
    "apply_changes",
    "load_roster",
    "save_roster",
]

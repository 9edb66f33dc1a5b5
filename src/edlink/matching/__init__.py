"""
Decisions about a roster, as pure functions: no clock, no network, no files, no randomness.

Inputs are never changed, outputs are frozen and ordered, and nothing printable holds a person.
"""

from edlink.matching.people import Person, PersonKind, people_of
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

__all__ = [
    "Cause",
    "Evidence",
    "Link",
    "MatchReport",
    "NearMiss",
    "OpenGroup",
    "Person",
    "PersonKind",
    "SameHuman",
    "SharedValue",
    "StoredLink",
    "people_of",
]

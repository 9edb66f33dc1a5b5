"""Clever: Data API 3.1, 3.0, 2.1 and 2.0, and sign-in."""

from edlink.clever.app import AuthorizedDistrict, CleverApp
from edlink.clever.client import CleverClient
from edlink.clever.events import CleverEvent
from edlink.clever.guardians import GuardianRule, GuardianVerdict

__all__ = [
    "AuthorizedDistrict",
    "CleverApp",
    "CleverClient",
    "CleverEvent",
    "GuardianRule",
    "GuardianVerdict",
]

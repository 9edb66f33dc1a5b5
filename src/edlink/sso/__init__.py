"""How a person is recognized: protocols of sign-in, without any provider's particulars."""

from edlink.sso.addresses import safe_return_to
from edlink.sso.identity import Identity, Unverified
from edlink.sso.pending import LoginStart, PendingLogin, RestartLogin
from edlink.sso.stores import (
    MemoryPendingStore,
    MemoryReplayStore,
    PendingStore,
    ReplayStore,
)

__all__ = [
    "Identity",
    "LoginStart",
    "MemoryPendingStore",
    "MemoryReplayStore",
    "PendingLogin",
    "PendingStore",
    "ReplayStore",
    "RestartLogin",
    "Unverified",
    "safe_return_to",
]

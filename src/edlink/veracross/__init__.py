"""Veracross: rosters (Data API v3) and sign-in."""

from edlink.veracross.client import VeracrossClient
from edlink.veracross.endpoints import SCOPES
from edlink.veracross.token import MemoryTokenStore, StoredToken, TokenStore

__all__ = ["SCOPES", "MemoryTokenStore", "StoredToken", "TokenStore", "VeracrossClient"]

"""Microsoft Entra ID: rosters (Graph) and sign-in."""

from edlink.entra.client import EntraClient
from edlink.entra.directory import Directory

__all__ = ["Directory", "EntraClient"]

"""
A person's groups from Graph, for id tokens that cannot hold them all (more than 200).

The address is built from configuration; the one that such a token names is never called.
"""

from urllib.parse import quote

from edlink.errors import LoginError
from edlink.sso.sender import Sender

GRAPH_URL = "https://graph.microsoft.com/v1.0"


def member_groups(sender: Sender, graph_url: str, person: str, token: str | None) -> frozenset[str]:
    """
    Return the object ids of every group a person is in, directly or through another group.

    Source: Graph v1.0, directoryObject getMemberObjects; needs ``GroupMember.Read.All`` and
    ``User.Read.All``, or ``Directory.Read.All``.

    Args:
        sender: Sends the request.
        graph_url: Graph's address and version.
        person: The person's object id.
        token: An app's access token, or None when none was given.

    Raises:
        LoginError: EDL-LOGIN-035 when Graph does not give the whole list.
    """
    if token is not None:
        url = f"{graph_url}/users/{quote(person, safe='')}/getMemberObjects"
        headers = {"Authorization": f"Bearer {token}"}
        body = {"securityEnabledOnly": False}
        found = sender.post_json(url, body, what="groups", headers=headers).json_object() or {}
        listed = found.get("value")
        whole = isinstance(listed, list) and "@odata.nextLink" not in found
        if isinstance(listed, list) and whole and all(isinstance(g, str) for g in listed):
            return frozenset(listed)
    message = "the person's groups are not in the id token and Graph does not give them"
    fix = "Grant the app GroupMember.Read.All and User.Read.All, or use app roles, not groups."
    raise LoginError("EDL-LOGIN-035", message, reason="unavailable", fix=fix)

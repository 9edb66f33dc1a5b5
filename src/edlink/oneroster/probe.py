"""Which version a server speaks."""

from collections.abc import Mapping

from edlink._http.transport import Transport
from edlink.errors import AuthError, NotFoundError, PayloadError, ProviderError
from edlink.oneroster.servers import Server

#: What routers answer to a path that they do not know, besides 404: a bug of theirs, or ours.
_AT_A_LOSS = frozenset({400, 500, 501})


def find_version(transport: Transport, server: Server, roots: Mapping[str, str]) -> str:
    """
    Return the first version that answers ``/orgs``.

    404 and anything but OneRoster's JSON mean "not this version".  A refusal (401, 403) and an
    error (400, 500, 501) are kept, and the first is raised only if no other version answers, since
    some servers say so of addresses that they do not know.

    Raises:
        AuthError: The credentials are refused by every version.
        NotFoundError: EDL-PULL-009 no version answers at this address.
        ProviderError: As the transport says; at once where the server is down.
    """
    refused: ProviderError | None = None
    for version in server.versions:
        try:
            response = transport.get(
                f"{roots[version]}/orgs",
                endpoint="GET /orgs",
                params=[("limit", "1"), ("offset", "0")],
            )
        except (NotFoundError, PayloadError):
            continue
        except ProviderError as error:
            if not isinstance(error, AuthError) and error.status not in _AT_A_LOSS:
                raise
            refused = refused or error
        else:
            if looks_right(response.body, server):
                return version
    if refused is not None:
        raise refused
    raise _nothing_found(server)


def looks_right(body: bytes, server: Server) -> bool:
    """Return whether a body is a page of orgs, if only an empty one."""
    text = body.removeprefix(b"\xef\xbb\xbf").strip()
    if text.startswith(b"["):
        return server.bare_list
    return text == b"{}" or (text.startswith(b"{") and b'"orgs"' in text)


def _nothing_found(server: Server) -> ProviderError:
    return NotFoundError(
        "EDL-PULL-009",
        "no OneRoster 1.1 or 1.2 answers at this address",
        provider=server.name,
        endpoint="GET /orgs",
        fix=server.fix("address"),
    )

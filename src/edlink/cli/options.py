"""The options of ``edlink pull`` and ``edlink check``, and the client that they make."""

from typing import Annotated

import attrs
import typer

from edlink.errors import ConfigError
from edlink.oneroster import (
    CLASSLINK,
    SERVERS,
    ClientCredentials,
    OAuth1,
    OneRosterClient,
    StaticBearer,
)

Url = Annotated[
    str, typer.Option(envvar="EDLINK_URL", help="Address of the district's OneRoster server.")
]
Key = Annotated[str, typer.Option(envvar="EDLINK_KEY", help="OAuth 1 key.")]
Secret = Annotated[str, typer.Option(envvar="EDLINK_SECRET", help="OAuth 1 secret.")]
Token = Annotated[str, typer.Option(envvar="EDLINK_TOKEN", help="Bearer token.")]
TokenUrl = Annotated[
    str, typer.Option(envvar="EDLINK_TOKEN_URL", help="Where OAuth 2 tokens come from.")
]
ClientId = Annotated[str, typer.Option(envvar="EDLINK_CLIENT_ID", help="OAuth 2 client id.")]
ClientSecret = Annotated[
    str, typer.Option(envvar="EDLINK_CLIENT_SECRET", help="OAuth 2 client secret.")
]
Scopes = Annotated[list[str] | None, typer.Option("--scope", help="OAuth 2 scope; repeatable.")]
Server = Annotated[str, typer.Option(help=f"The product: one of {', '.join(SERVERS)}.")]
Version = Annotated[str, typer.Option(help="OneRoster 1.1, 1.2, or auto to look which answers.")]


@attrs.frozen(kw_only=True)
class Credentials:
    """What was given to sign in with; empty where it was not."""

    key: str
    secret: str = attrs.field(repr=False)
    token: str = attrs.field(repr=False)
    token_url: str
    client_id: str
    client_secret: str = attrs.field(repr=False)
    scopes: tuple[str, ...]

    def auth(self) -> OAuth1 | ClientCredentials | StaticBearer:
        """
        Return what signs requests.

        Raises:
            ConfigError: EDL-CONF-120 nothing was given, or what was given cannot be right.
        """
        if self.key:
            return OAuth1(self.key, self.secret)
        if self.token:
            return StaticBearer(self.token)
        if self.client_id:
            return ClientCredentials(
                self.token_url, self.client_id, self.client_secret, scopes=self.scopes
            )
        raise ConfigError("EDL-CONF-120", "no credentials: give a key, a token or a client id")


def open_client(url: str, credentials: Credentials, server: str, version: str) -> OneRosterClient:
    """
    Return a client of a district's server.

    Raises:
        ConfigError: EDL-CONF-121 there is no such server, and as the client says.
    """
    auth = credentials.auth()
    if server not in SERVERS:
        raise ConfigError("EDL-CONF-121", f"server must be one of {', '.join(SERVERS)}")
    known = SERVERS[server]
    return OneRosterClient(
        url, auth=auth, server=known, version="1.1" if known is CLASSLINK else version
    )

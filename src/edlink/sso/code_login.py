"""What the logins over the authorization code flow share: from a callback to what was proved."""

from collections.abc import Collection, Mapping
from typing import Any

import attrs

from edlink.report import Finding
from edlink.sso.code_flow import CodeFlow
from edlink.sso.doctor import clock_finding, openid_findings, redirect_finding, request_finding
from edlink.sso.id_token import TokenRules, verify_id_token
from edlink.sso.keys import KeySet
from edlink.sso.pending import PendingLogin, RestartLogin
from edlink.sso.refusals import nobody


@attrs.frozen(kw_only=True)
class Arrival:
    """
    What an exchanged code gave.

    ``claims`` are the verified id token's, or None in a login without OpenID Connect.
    """

    access_token: str = attrs.field(repr=False)
    claims: Mapping[str, Any] | None = attrs.field(repr=False)


class CodeLogin:
    """
    A code flow with its id token, where ``openid`` is among the flow's scopes.

    Args:
        flow: The provider's code flow.
        issuer: Its address, under which the discovery document lies.
        also_issuers: What else tokens may say their issuer is.
    """

    def __init__(self, flow: CodeFlow, issuer: str, *, also_issuers: Collection[str] = ()) -> None:
        self.flow = flow
        self._keys = KeySet(
            issuers=(issuer, *also_issuers),
            discovery_url=f"{issuer}/.well-known/openid-configuration",
            sender=flow.sender,
            clock=flow.clock,
        )

    def complete(
        self, params: Mapping[str, str], pending: PendingLogin | None
    ) -> Arrival | RestartLogin:
        """
        Return what the provider proved, or a restart; raises as the flow and the id token do.

        Args:
            params: The callback's query parameters.
            pending: What the login began with; None when nothing is left of it.
        """
        admitted = self.flow.admit(params, pending)
        if isinstance(admitted, RestartLogin):
            return admitted
        tokens = self.flow.redeem(admitted)
        claims = None
        if self._is_openid:
            rules = TokenRules(keys=self._keys, client_id=self.flow.client_id)
            nonce = admitted.pending.nonce
            claims = verify_id_token(tokens.id_token, rules, nonce=nonce, now=self.flow.clock())
        return Arrival(access_token=tokens.access_token, claims=claims)

    def person(self, url: str, token: str) -> dict[str, Any]:
        """
        Return what the provider says of the person whom an access token is for.

        Raises:
            InvalidLoginError: EDL-LOGIN-030 where it says nothing.
            LoginError: EDL-LOGIN-010 to 012 or 019, no usable answer arrives.
        """
        headers = {"Authorization": f"Bearer {token}"}
        answer = self.flow.sender.get(url, what="person", headers=headers)
        found = answer.json_object()
        if answer.status != 200 or found is None:  # noqa: PLR2004 - HTTP
            raise nobody()
        return found

    def check(self, *own: Finding, where: str) -> tuple[Finding, ...]:
        """Return the provider's own findings among those that every code flow has."""
        flow = self.flow
        return (
            redirect_finding(flow.redirect_uri, where=where),
            request_finding(
                flow.sender,
                flow.authorize_url,
                client_id=flow.client_id,
                redirect_uri=flow.redirect_uri,
                scopes=flow.scopes,
                pkce=flow.pkce,
            ),
            *own,
            *(openid_findings(self._keys, flow) if self._is_openid else ()),
            clock_finding(flow.sender, flow.token_url, flow.clock()),
        )

    @property
    def _is_openid(self) -> bool:
        return "openid" in self.flow.scopes

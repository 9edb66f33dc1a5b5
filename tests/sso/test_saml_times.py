"""When a response is good: the profile's own windows, and those that python3-saml adds."""

import time

import pytest
from tests.sso.saml_idp import ACS, ENTITY, IDP, Change, Idp, set_at, set_to
from tests.sso.saml_login import accepted, refused, saml_flow

from edlink.errors import InvalidLoginError
from edlink.sso.saml.profile import Expected, read_assertion

DATA = ".//saml:SubjectConfirmationData"
CONDITIONS = ".//saml:Conditions"
SESSION = ".//saml:AuthnStatement"
#: 2026-01-01T00:00:00Z in seconds since the epoch.
START = 1_767_225_600


@pytest.mark.parametrize("skew", [0, 60, 180])
@pytest.mark.parametrize("narrow", [CONDITIONS, DATA])
def test_the_window_ends_exactly_where_it_says(narrow: str, skew: int) -> None:
    """Each window is half-open and widened by the allowed difference of clocks, to the second."""
    root = Idp().tree("_request")
    for path in (CONDITIONS, DATA):
        first, last = ("10:00", "20:00") if path == narrow else ("00:00", "59:00")
        set_to(path, "NotBefore", f"2026-01-01T00:{first}Z")(root)
        set_to(path, "NotOnOrAfter", f"2026-01-01T00:{last}Z")(root)

    def good(now: float) -> bool:
        expected = Expected(
            entity_id=ENTITY, acs_url=ACS, issuer=IDP, request_id="_request", now=now, skew=skew
        )
        try:
            return read_assertion(root, expected).issuer == IDP
        except InvalidLoginError as error:
            return error.code != "EDL-LOGIN-051"

    begin, end = START + 600 - skew, START + 1200 + skew
    assert [good(now) for now in (begin - 1, begin, end - 1, end)] == [False, True, True, False]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (set_at(CONDITIONS, "NotOnOrAfter", -30), None),
        (set_at(CONDITIONS, "NotOnOrAfter", -62), "EDL-LOGIN-051"),
        (set_at(CONDITIONS, "NotBefore", 30), None),
        (set_at(CONDITIONS, "NotBefore", 65), "EDL-LOGIN-051"),
        (set_at(DATA, "NotOnOrAfter", -1), "EDL-LOGIN-047"),
        (set_at(DATA, "NotBefore", 30), "EDL-LOGIN-047"),
        (set_at(SESSION, "SessionNotOnOrAfter", -1), "EDL-LOGIN-047"),
        (set_at(SESSION, "SessionNotOnOrAfter", 60), None),
    ],
)
def test_only_the_conditions_have_leeway(change: Change, code: str | None) -> None:
    """By both clocks, conditions may be a minute off; confirmation and session end exactly."""
    flow = saml_flow(skew=60)
    pending = flow.begin().pending
    field = Idp().respond(pending.request_id, change)
    if code is None:
        assert accepted(flow, field, pending).usable_until > time.time()
    else:
        assert refused(flow, field, pending) == code

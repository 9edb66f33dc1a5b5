"""Families: who signed in, which children they may see, and why not."""

import secrets
from collections.abc import Callable
from datetime import UTC, date, datetime

import attrs
from examples.conference_host.limiter import SqlLimiter
from examples.conference_host.school import School
from examples.conference_host.store import Account, Store

from edlink.coverage import Source
from edlink.matching import (
    AttemptLimits,
    ClaimPolicy,
    GuardianClaim,
    VerificationResult,
    verify_guardian_claim,
)
from edlink.matching.claim_reasons import Reason
from edlink.matching.sign_ins import (
    IdentityKey,
    LinkReason,
    PersonKey,
    link_identity,
    preview_sign_ins,
)
from edlink.sso import Identity, Unverified

#: Schools type dates as Americans do here; the page says so beside the field.
DATE_ORDER = "mdy"


@attrs.frozen(kw_only=True)
class Families:
    """
    The families of one school.

    Attributes:
        store: The host's file.
        limits: How often birth dates may be tried.
        today: Returns the day, as the school counts it.
    """

    store: Store
    limits: AttemptLimits
    today: Callable[[], date]

    def sign_in(
        self, identity: Identity, school: School, vouched_by: Source | None
    ) -> tuple[Account, LinkReason]:
        """Return the account of whoever signed in, and how, or why not, they are known."""
        link = link_identity(identity, school.roster, self._links(school), vouched_by=vouched_by)
        person = None if link.user_id is None else school.refs[link.user_id]
        return self.store.account(identity.key, person, _says(identity.unverified)), link.reason

    def expect_parents(self, school: School, *, sends_ids: bool) -> tuple[int, int]:
        """
        Return how many parents will be known when they sign in, and how many there are.

        Args:
            school: Whose parents.
            sends_ids: Whether sign-in says who of the roster somebody is.
        """
        found = preview_sign_ins(school.roster, self._links(school), sends_sourced_id=sends_ids)
        adults = {link.contact_id for link in school.roster.relationships} & school.refs.keys()
        return len(adults & found.able.keys()), len(adults)

    def _links(self, school: School) -> dict[IdentityKey, PersonKey]:
        """Return the person of the roster whom each account was linked to."""
        ids = {ref: sourced_id for sourced_id, ref in school.refs.items()}
        roster = (school.roster.source.provider, school.roster.source.tenant)
        return {
            account.key: (*roster, ids.get(account.person, ""))
            for account in self.store.accounts().values()
            if account.person
        }

    def claim(
        self, account: Account, school: School, child: dict[str, str], network: str
    ) -> VerificationResult:
        """
        Return whether an account may see a child, having kept both answers.

        Args:
            account: Who asks.
            school: Whose child it is to be.
            child: What was typed: ``given_name``, ``family_name`` and ``birth_date``.
            network: Where from.
        """
        contact = school.person(account.person)
        claim = GuardianClaim(
            claim_id=secrets.token_hex(8),
            at=datetime.now(UTC),
            actor=str(account.id),
            network=network,
            contact_id=None if contact is None else contact.sourced_id,
            **child,
        )
        result = verify_guardian_claim(
            claim,
            school.directory,
            limiter=SqlLimiter(self.store, self.limits),
            policy=ClaimPolicy(secret=self.store.secret("claims"), order=DATE_ORDER),
            on=self.today(),
        )
        student = school.refs.get(result.private.student_id or "")
        self.store.add_claim(
            {
                "id": claim.claim_id,
                "at": claim.at.isoformat(timespec="seconds"),
                "account": account.id,
                "public": result.public,
                "reason": result.private.reason,
                "fix": result.private.fix,
                "student": student,
            }
        )
        if result.public == "verified" and student:
            self.store.add_child(account.id, student)
        return result

    def approve(self, claim_id: str) -> None:
        """Link the adult of a claim whose birth date was right and who waited for the school."""
        row = self.store.settle_claim(claim_id, Reason.needs_approval)
        if row is not None and row["student"]:
            self.store.add_child(row["account"], row["student"])


def _says(told: Unverified) -> str:
    """Return who somebody is by their provider: for staff to look at, never to go by."""
    name = told.display_name or " ".join(filter(None, (told.given_name, told.family_name)))
    return ", ".join(filter(None, (name, told.email or told.username)))

"""Families: who signed in, which children they may see, and why not."""

import secrets
from collections.abc import Callable
from datetime import UTC, date, datetime

import attrs
from examples.conference_host.limiter import SqlLimiter
from examples.conference_host.providers import HostError
from examples.conference_host.school import School
from examples.conference_host.store import Account, Store

from edlink.coverage import Source
from edlink.matching import (
    AttemptLimits,
    ClaimPolicy,
    GuardianClaim,
    VerificationResult,
    bars_contact,
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

#: Why a claim can wait for the school's word.
WAITING = frozenset(reason for reason in Reason if reason.may_be_approved)


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
    ) -> tuple[Account | None, LinkReason]:
        """
        Return the account of whoever signed in, and how, or why not, they are known.

        There is no account for those whom the roster has disabled.
        """
        link = link_identity(identity, school.roster, self._links(school), vouched_by=vouched_by)
        if link.reason is LinkReason.disabled:
            return None, link.reason
        person = None if link.user_id is None else school.refs[link.user_id]
        return self.store.account(identity.key, person, _says(identity.unverified)), link.reason

    def is_shut_out(self, account: Account, school: School) -> bool:
        """Return whether the roster has disabled somebody since they signed in."""
        adult = school.person(account.person)
        return adult is not None and not adult.enabled

    def children(self, account: Account, school: School) -> list[str]:
        """Return the refs of the children whom an account may see now."""
        linked = self.store.children(account.id)
        return [c for c, person in linked.items() if self._may_see(account, school, c, person)]

    def _may_see(self, account: Account, school: School, child: str, linked_as: str | None) -> bool:
        """
        Return whether the roster, as it is now, lets an account see a child.

        Whom the roster knows sees a child while it links the two and no order keeps them apart;
        an adult whom it does not know is here on the school's word.
        """
        adult, student = school.person(account.person), school.person(child)
        if student is None:
            return False
        links = school.directory.links_of(student.sourced_id)
        own = [link for link in links if adult and link.contact_id == adult.sourced_id]
        if any(bars_contact(link, self._policy) for link in own):
            return False
        return bool(own) or linked_as is None

    @property
    def _policy(self) -> ClaimPolicy:
        return ClaimPolicy(secret=self.store.secret("claims"), order=DATE_ORDER)

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
        """Return whom each account was linked to, where the roster still has that person."""
        roster = (school.roster.source.provider, school.roster.source.tenant)
        return {
            account.key: (*roster, person.sourced_id)
            for account in self.store.accounts().values()
            if (person := school.person(account.person))
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
        # Whom the roster no longer has is no stranger: nothing links an empty id to a child.
        gone = None if account.person is None else ""
        claim = GuardianClaim(
            claim_id=secrets.token_hex(8),
            at=datetime.now(UTC),
            actor=str(account.id),
            network=network,
            contact_id=gone if contact is None else contact.sourced_id,
            **child,
        )
        result = verify_guardian_claim(
            claim,
            school.directory,
            limiter=SqlLimiter(self.store, self.limits),
            policy=self._policy,
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
            self.store.add_child(account.id, student, account.person)
        return result

    def approve(self, claim_id: str, school: School) -> None:
        """
        Link the adult of a claim whose birth date was right and who waited for the school.

        Raises:
            HostError: No such claim waits, or the roster by now keeps the two apart.
        """
        waiting = (c for c in self.store.claims() if c["reason"] in WAITING and c["id"] == claim_id)
        claim = next(waiting, None)
        if claim is None:
            message = "No such claim waits for the school."
            raise HostError(message)
        account, child = self.store.accounts()[claim["account"]], claim["student"]
        if self.is_shut_out(account, school) or not self._may_see(
            account, school, child, account.person
        ):
            message = "Not approved: the school's data keep this adult from this child by now."
            raise HostError(message)
        self.store.settle_claim(claim_id)
        self.store.add_child(account.id, child, account.person)


def _says(told: Unverified) -> str:
    """Return who somebody is by their provider: for staff to look at, never to go by."""
    name = told.display_name or " ".join(filter(None, (told.given_name, told.family_name)))
    return ", ".join(filter(None, (name, told.email or told.username)))

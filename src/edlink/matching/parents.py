"""
May this adult be linked to this child: a birth date checked on top of something else.

A birth date is no secret, and a child knows its own, so it proves nothing by itself.  There is one
public answer for every failure, and a private reason, with the fix, for the host's staff only.
"""

import hashlib
import hmac
from datetime import date
from enum import StrEnum
from typing import Any

import attrs

from edlink.errors import ConfigError
from edlink.matching.birth_dates import BirthDate, parse_birth_date
from edlink.matching.claim_reasons import FIXES, Reason
from edlink.matching.claims import GuardianClaim
from edlink.matching.custody import Custody, read_custody
from edlink.matching.directory import StudentDirectory, typed_name, typed_number
from edlink.matching.limiter import Attempt, AttemptLimiter, Outcome, Permission
from edlink.model import Relationship
from edlink.vocabulary import RelationshipKind

_LEAST_SECRET = 16

#: Compared with when there is no date on file, so that a comparison is made on every path.
_DUMMY = b"0000-00-00"


class PublicAnswer(StrEnum):
    """All that the person who claims may be told."""

    verified = "verified"
    not_verified = "not_verified"
    try_later = "try_later"


class Proof(StrEnum):
    """
    What a claim rests on.

    ``possession``: a signed-in account of a contact whom the roster links to the child, and the
    birth date.  ``knowledge_only``: the birth date alone.  ``needs_approval``: someone at the
    school must decide.
    """

    possession = "possession"
    knowledge_only = "knowledge_only"
    needs_approval = "needs_approval"


@attrs.frozen(kw_only=True)
class ClaimPolicy:
    """
    What a host asks of a claim.

    Attributes:
        secret: Key of the hashes that stand for children in limits and logs, 16 bytes at least.
        order: The order in which a typed date is read: ``ymd``, ``mdy`` or ``dmy``.
        require_number: Whether the student's number must be typed.
        accept_knowledge_only: Whether a birth date alone verifies; otherwise it needs approval.
        kinds: Relationships that verify by themselves.
        barring_phrases: What bars a contact wherever it stands in a custody note.
        barring_statuses: Custody notes that bar a contact as a whole.
        clear_statuses: Custody notes that bar nobody.  Any other needs approval: what a program
            does not understand about custody is for people to read.

    Raises:
        ConfigError: EDL-CONF-098 for a secret that is too short, or no bytes.
    """

    secret: bytes = attrs.field(repr=False)
    order: str = "ymd"
    require_number: bool = False
    accept_knowledge_only: bool = False
    kinds: frozenset[RelationshipKind] = frozenset(
        {RelationshipKind.parent, RelationshipKind.guardian, RelationshipKind.stepparent}
    )
    barring_phrases: frozenset[str] = frozenset(
        {"no contact", "order of protection", "protective order", "restraining order"}
    )
    barring_statuses: frozenset[str] = frozenset({"no custody", "none", "restricted"})
    clear_statuses: frozenset[str] = frozenset(
        {
            "both parents",
            "full",
            "full custody",
            "joint",
            "joint custody",
            "shared",
            "shared custody",
        }
    )

    def __attrs_post_init__(self) -> None:
        if not _is_key(self.secret):
            message = f"the secret of a claim policy has {_LEAST_SECRET} bytes or more"
            raise ConfigError("EDL-CONF-098", message, fix="Keep secrets.token_bytes(32).")


def _is_key(secret: object) -> bool:
    return isinstance(secret, bytes) and len(secret) >= _LEAST_SECRET


@attrs.frozen(kw_only=True)
class StaffNote:
    """
    Why a claim ended as it did: for the host's staff, never for the person who claims.

    Attributes:
        reason: One fixed word.
        fix: What staff can do, or an empty string.
        proof: What the claim rests on, where it got so far.
        student_id: The one student that it is about, or None.
        contact_id: The contact who claims, or None.
    """

    reason: Reason
    fix: str = ""
    proof: Proof | None = None
    student_id: str | None = None
    contact_id: str | None = None


@attrs.frozen(kw_only=True)
class VerificationResult:
    """
    The end of a claim.

    Attributes:
        public: The answer for the person who claims.
        private: The reason for staff; not shown by ``repr``.
        claim_id: Which claim.
        log: A JSON-safe entry for a log: ids and hashes, no name and no date of birth.
    """

    public: PublicAnswer
    private: StaffNote = attrs.field(repr=False)
    claim_id: str
    log: dict[str, Any] = attrs.field(repr=False)


def verify_guardian_claim(
    claim: GuardianClaim,
    directory: StudentDirectory,
    *,
    limiter: AttemptLimiter,
    policy: ClaimPolicy,
    on: date,
) -> VerificationResult:
    """
    Return whether a claim holds; what the claimant may be told and what staff may know are apart.

    It holds only when one student fits, the exact birth date is on file, the relationship allows
    it and the limiter does.  The same look-ups and one comparison are made on every path, and the
    limiter is asked once before and told once after.

    Args:
        claim: What the adult says.
        directory: The students, from ``StudentDirectory.from_roster``.
        limiter: The host's limits.
        policy: What the host asks.
        on: The day on which ages are taken.

    Raises:
        ConfigError: EDL-CONF-082 for an order of dates that does not exist.
    """
    typed = parse_birth_date(claim.birth_date, order=policy.order, today=on)
    case = _Case(claim=claim, directory=directory, policy=policy, typed=typed)
    attempt = case.attempt()
    permission = _ask(limiter, attempt)
    same = case.is_same_day()
    reason = case.reason(same=same)
    if permission is None:
        reason = Reason.limiter_failed
    elif permission is not Permission.allowed:
        reason = Reason.limited
    public = _answer(reason, permission)
    if not _tell(limiter, attempt, _OUTCOMES[public]):
        reason, public = Reason.limiter_failed, PublicAnswer.try_later
    return case.result(reason, public, attempt)


def bars_contact(link: Relationship, policy: ClaimPolicy) -> bool:
    """
    Return whether a relationship keeps its contact from the student.

    For hosts, to ask again whenever a child is shown: an order may come after the link was made.
    """
    denied = (link.has_legal_custody, link.has_portal_access, link.has_access_consent)
    barred = _custody(link, policy) is Custody.barred
    return False in denied or link.is_deceased is True or barred


def _custody(link: Relationship, policy: ClaimPolicy) -> Custody:
    return read_custody(
        link.custody_status_raw,
        phrases=policy.barring_phrases,
        statuses=policy.barring_statuses,
        clear=policy.clear_statuses,
    )


_OUTCOMES = {
    PublicAnswer.verified: Outcome.verified,
    PublicAnswer.not_verified: Outcome.not_verified,
    PublicAnswer.try_later: Outcome.limited,
}


def _answer(reason: Reason, permission: Permission | None) -> PublicAnswer:
    """Return what the claimant is told: of limits, only those that are not about a child."""
    if permission in (None, Permission.wait):
        return PublicAnswer.try_later
    return PublicAnswer.verified if reason is Reason.verified else PublicAnswer.not_verified


def _ask(limiter: AttemptLimiter, attempt: Attempt) -> Permission | None:
    """Return whether an attempt may go on; None when the limiter could not say."""
    try:
        return limiter.before(attempt)
    except Exception:  # noqa: BLE001 - whatever a host's store raises, nobody gets in
        return None


def _tell(limiter: AttemptLimiter, attempt: Attempt, outcome: Outcome) -> bool:
    """Return whether the limiter took note."""
    try:
        limiter.after(attempt, outcome)
    except Exception:  # noqa: BLE001 - whatever a host's store raises, nobody gets in
        return False
    return True


@attrs.define(kw_only=True)
class _Case:
    """One claim with all that was looked up for it."""

    claim: GuardianClaim
    directory: StudentDirectory
    policy: ClaimPolicy
    typed: BirthDate = attrs.field(repr=False)
    student_id: str | None = attrs.field(init=False, default=None)
    found: Reason | None = attrs.field(init=False, default=None)
    links: tuple[Relationship, ...] = attrs.field(init=False, default=())

    def __attrs_post_init__(self) -> None:
        claim = self.claim
        match = self.directory.find(
            number=claim.student_number,
            given_name=claim.given_name,
            family_name=claim.family_name,
            org_id=claim.org_id,
        )
        self.student_id, self.found = match.student_id, match.reason
        links = self.directory.links_of(match.student_id or "")
        self.links = tuple(link for link in links if link.contact_id == claim.contact_id)

    def attempt(self) -> Attempt:
        """Return the attempt in the keys of limits."""
        claim = self.claim
        typed = (claim.student_number, claim.given_name, claim.family_name)
        words = [typed_name(text) or (text or "") for text in typed]
        identity = self.student_id if self.student_id is not None else "\x1f".join(words)
        key = "id" if self.student_id is not None else "typed"
        text = f"{self.directory.tenant}\x1f{key}\x1f{identity}".encode("utf-8", "surrogatepass")
        return Attempt(
            at=claim.at,
            tenant=self.directory.tenant,
            actor=claim.actor,
            child=hmac.new(self.policy.secret, text, hashlib.sha256).hexdigest(),
            network=claim.network,
            is_linked=bool(self.links),
        )

    def is_same_day(self) -> bool:
        """Return whether the typed date is the one on file, after exactly one comparison."""
        on_file = self.directory.birth_date(self.student_id or "")
        given = self.typed.value
        left = _DUMMY if on_file is None else on_file.isoformat().encode("ascii")
        right = b"" if given is None else given.isoformat().encode("ascii")
        return hmac.compare_digest(left, right.ljust(len(_DUMMY))) and on_file is not None

    def reason(self, *, same: bool) -> Reason:
        """Return how the claim ends if the limiter allows it."""
        if self.policy.require_number and typed_number(self.claim.student_number) is None:
            return Reason.number_required
        if self.found is not None or self.student_id is None:
            return self.found or Reason.student_not_in_scope
        return self._barred() or self._birth_date(same=same) or self._unproven() or Reason.verified

    def _barred(self) -> Reason | None:
        if self.claim.contact_id is not None and not self.links:
            return Reason.relationship_missing
        return Reason.contact_barred if self.links and self._is_guarded else None

    def _birth_date(self, *, same: bool) -> Reason | None:
        on_file, given = self.directory.birth_date(self.student_id or ""), self.typed.value
        if on_file is None:
            return self.directory.why_no_birth_date(self.student_id or "")
        if given is None:
            return Reason.dob_unreadable
        if same:
            return None
        swapped = (on_file.year, on_file.day, on_file.month)
        if swapped == (given.year, given.month, given.day):
            return Reason.dob_differs_day_month_swapped
        return Reason.dob_differs

    def _unproven(self) -> Reason | None:
        """Return why someone must decide, although the birth date is right."""
        if self._proof() is not Proof.needs_approval:
            return None
        # A stranger could be the very adult that a school keeps away from the child.
        if self._is_guarded:
            return Reason.child_guarded
        unclear = any(_custody(link, self.policy) is Custody.unclear for link in self._deciding)
        return Reason.custody_unclear if unclear else Reason.needs_approval

    def _proof(self) -> Proof:
        clear = all(_custody(link, self.policy) is Custody.clear for link in self._deciding)
        if self.links:
            accepted = any(link.kind in self.policy.kinds for link in self.links)
            return Proof.possession if accepted and clear else Proof.needs_approval
        accepts = self.policy.accept_knowledge_only and clear and not self._is_guarded
        return Proof.knowledge_only if accepts else Proof.needs_approval

    @property
    def _deciding(self) -> tuple[Relationship, ...]:
        """The relationships of the one who claims; for a stranger, all that the student has."""
        return self.links or self.directory.links_of(self.student_id or "")

    @property
    def _is_guarded(self) -> bool:
        return any(bars_contact(link, self.policy) for link in self._deciding)

    def result(self, reason: Reason, public: PublicAnswer, attempt: Attempt) -> VerificationResult:
        """Return the result for a reason."""
        right = reason is Reason.verified or reason.may_be_approved
        fix = FIXES[reason]
        if reason is Reason.dob_permission_off:
            fix = self.directory.permission_fix
        return VerificationResult(
            public=public,
            private=StaffNote(
                reason=reason,
                fix=fix,
                proof=self._proof() if right else None,
                student_id=self.student_id,
                contact_id=self.claim.contact_id,
            ),
            claim_id=self.claim.claim_id,
            log={
                "at": self.claim.at.isoformat(),
                "tenant": attempt.tenant,
                "claim_id": self.claim.claim_id,
                "actor": self.claim.actor,
                "child": attempt.child,
                "decision": str(public),
                "limited": reason in (Reason.limited, Reason.limiter_failed),
            },
        )

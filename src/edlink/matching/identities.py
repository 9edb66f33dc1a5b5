"""
Whose record a sign-in may be, by the rules that link records and by no weaker ones.

``link_identity`` of ``sign_ins`` decides at each sign-in who is let in, by ids alone.  What is here
proposes: for an identity that it does not know, which record a person may link it to, once.
"""

from collections.abc import Iterable

import attrs

from edlink.matching.match import match_people
from edlink.matching.people import Person, PersonKind
from edlink.matching.rules import MatchRules

_RULES = MatchRules()


@attrs.frozen(kw_only=True)
class IdentityMatch:
    """
    The record of a person who signed in, or why there is none.

    ``reason`` is ``other_tenant``, ``not_found`` or ``ambiguous``.
    """

    ref: str | None = None
    rule: str | None = None
    reason: str | None = None


def match_identity(
    identity: Person, people: Iterable[Person], *, tenant: str, rules: MatchRules = _RULES
) -> IdentityMatch:
    """
    Return which record of a tenant a sign-in seems to belong to, for a person to confirm.

    Names and addresses of a sign-in are its own claim, so nobody is let in by this: the host keeps
    what was confirmed as a link, and ``link_identity`` takes it from there.  An address or user
    name counts only where the names agree too, and nobody else has it, of whatever kind.  The kind
    of the identity is not looked at: a sign-in does not always say it.

    Args:
        identity: What the sign-in proved, with its tenant.
        people: The tenant's people, or those of them that share any key with the identity.
        tenant: The tenant that the sign-in was begun for.
        rules: What the host has set.
    """
    if identity.tenant != tenant:
        return IdentityMatch(reason="other_tenant")
    known = tuple(people)
    found: set[tuple[str, str]] = set()
    is_open = False
    for kind in PersonKind:
        mine = attrs.evolve(identity, ref="", kind=kind, child_refs=())
        report = match_people([mine], known, rules=rules, tenant=tenant)
        found |= {(link.existing, link.rule) for link in report.linked}
        is_open = is_open or any(group.incoming for group in report.groups())
    if len(found) == 1 and not is_open:
        ((ref, rule),) = found
        return IdentityMatch(ref=ref, rule=rule)
    return IdentityMatch(reason="ambiguous" if found or is_open else "not_found")

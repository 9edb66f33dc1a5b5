"""
What may stop a rule although its key agrees.

The name of a veto is the reason in the report.  Twins share a birth date, a family name, an
address and often a mailbox: given names that are not compatible stop every rule but an id, and
birth dates that differ as well stop even that.
"""

from collections.abc import Callable
from enum import StrEnum

from edlink.matching.name_levels import COMPATIBLE, NameLevel
from edlink.matching.people import Person, PersonKind
from edlink.matching.reading import Reader


class Verdict(StrEnum):
    """
    What a check says of a pair: link it, leave it to later rules, or ask a person.

    ``likely``: a person is asked, unless a later rule links one of them.
    """

    link = "link"
    likely = "likely"
    pass_ = "pass"  # noqa: S105 - not a password
    id_reused = "id_reused"
    cannot_link = "cannot_link"


#: ``(reader, incoming, existing) -> verdict``
Check = Callable[[Reader, Person, Person], Verdict]


#: Named once: at a district's size, finding it in its class costs more than comparing two names.
_LINK = Verdict.link

_SAME = frozenset({NameLevel.equal, NameLevel.folded})

#: Levels at which two given names are one.
_SURE = _SAME | {NameLevel.same_tokens}


def is_contradicted(reader: Reader, a: Person, b: Person) -> bool:
    """
    Return whether one id stands for two persons.

    Given names that are not compatible and birth dates that differ; where a birth date is
    absent, neither given nor family names that are compatible.
    """
    given, family = reader.name_levels(a, b)
    if given is not NameLevel.differs:
        return False
    same_day = reader.birth_dates(a, b)
    return family is NameLevel.differs if same_day is None else not same_day


def is_replaced(reader: Reader, a: Person, b: Person) -> bool:
    """
    Return whether a provider's own id has passed from one person to another.

    It has where ``is_contradicted`` says so, and where a birth date is absent, given names are not
    compatible and the SIS id or the kind of person is another: the family name is a family's.
    Who took another given name keeps the SIS id.
    """
    if is_contradicted(reader, a, b):
        return True
    given, _ = reader.name_levels(a, b)
    if given is not NameLevel.differs or reader.birth_dates(a, b) is not None:
        return False
    kinds = {a.kind, b.kind} - {PersonKind.other}
    return len(kinds) > 1 or ids_part(reader, a, b)


def ids_part(reader: Reader, a: Person, b: Person, *fields: str) -> bool:
    """Return whether both have a SIS id, or an id of further fields, and they are different."""
    for field in ("sis_id", *fields):
        left, right = reader.id_of(a, field), reader.id_of(b, field)
        if left is not None and right is not None and left != right:
            return True
    return False


def are_two(reader: Reader, a: Person, b: Person) -> bool:
    """Return whether given names, birth dates, suffixes or middle names say that two are two."""
    return (
        reader.name_levels(a, b)[0] is NameLevel.differs
        or reader.birth_dates(a, b) is False
        or reader.suffix_differs(a, b)
        or reader.middle_differs(a, b)
    )


def names_agree(reader: Reader, a: Person, b: Person) -> bool:
    """
    Return whether names, or a name and the birth date, say that two may be one person.

    Given names must be compatible, or absent beside equal birth dates.  Where birth dates differ,
    both names must be the same; suffixes and middle names that differ say no.
    """
    return _sign_in(reader, a, b) is not Verdict.pass_


def _sign_in(reader: Reader, a: Person, b: Person) -> Verdict:
    """Return how far names and birth dates support an address; ids are not looked at."""
    if reader.suffix_differs(a, b) or reader.middle_differs(a, b):
        return Verdict.pass_
    same_day = reader.birth_dates(a, b)
    given, family = reader.name_levels(a, b)
    if same_day is False:
        agrees = given in _SAME and family in _SAME
    elif same_day:
        agrees = given in COMPATIBLE or (given is NameLevel.absent and family in COMPATIBLE)
    else:
        agrees = given in COMPATIBLE and family in COMPATIBLE
    if not agrees:
        return Verdict.pass_
    return Verdict.link if given in _SURE else Verdict.likely


def check_nothing(_reader: Reader, _a: Person, _b: Person) -> Verdict:
    """Return ``link``: a provider's own id is proof."""
    return Verdict.link


def check_sis_id(reader: Reader, a: Person, b: Person) -> Verdict:
    """Return the verdict on a pair with one SIS id; most need only one look."""
    if a.given_name is not None and a.given_name == b.given_name:
        return _LINK
    return Verdict.id_reused if is_contradicted(reader, a, b) else Verdict.link


def check_further_id(reader: Reader, a: Person, b: Person) -> Verdict:
    """Return the verdict on a pair with one state id or number."""
    if ids_part(reader, a, b):
        return Verdict.cannot_link
    return check_sis_id(reader, a, b)


def check_sign_in(reader: Reader, a: Person, b: Person) -> Verdict:
    """
    Return the verdict on a pair with one address or user name.

    Only one given name is sure: siblings inherit mailboxes, and Chris may be Christina's brother.
    """
    verdict = _sign_in(reader, a, b)
    if verdict is Verdict.pass_ or not ids_part(reader, a, b):
        return verdict
    return Verdict.cannot_link if verdict is Verdict.link else Verdict.pass_


def check_name_date(reader: Reader, a: Person, b: Person) -> Verdict:
    """Return the verdict on a pair with one full name and birth date; any id parts them."""
    if reader.suffix_differs(a, b) or reader.middle_differs(a, b):
        return Verdict.pass_
    if reader.orgs(a, b) == "differs":
        return Verdict.pass_
    parted = ids_part(reader, a, b, "state_id", "number")
    return Verdict.cannot_link if parted else Verdict.link


def check_guardian(reader: Reader, a: Person, b: Person) -> Verdict:
    """
    Return the verdict on two guardians of one child with one address or number.

    A household shares both: its generations and step-parents may share a given name as well.
    """
    given, family = reader.name_levels(a, b)
    if given not in COMPATIBLE or family is NameLevel.differs or are_two(reader, a, b):
        return Verdict.pass_
    return Verdict.cannot_link if ids_part(reader, a, b) else Verdict.link

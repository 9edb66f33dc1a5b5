"""A person's fields as keys, under one host's rules; each text is read once per run."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product
from typing import NamedTuple

from edlink.matching.emails import email_key, normalize_phone
from edlink.matching.ids import EXACT, clean_id, id_transform
from edlink.matching.name_levels import COMPATIBLE, NameLevel, best_level
from edlink.matching.normalize import NameKey, is_name, normalize_name, strict_form
from edlink.matching.people import Person
from edlink.matching.rules import MatchRules

#: What is left alone by every reading: visible ASCII but capitals.
_PLAIN = bytes(set(range(ord("!"), ord("~") + 1)) - set(range(ord("A"), ord("Z") + 1)))

#: Of two whose names need no second look.
_SAME_NAMES = NameLevel.equal, NameLevel.equal


class Names(NamedTuple):
    """A person's names that are names, legal ones first."""

    given: tuple[NameKey, ...]
    family: tuple[NameKey, ...]


class Reader:
    """Reads people for one run; keeps the keys of texts it has seen, and no person."""

    def __init__(self, rules: MatchRules, org_links: Mapping[str, str] | None = None) -> None:
        self.rules = rules
        self._org_links = org_links or {}
        self._linked_orgs = frozenset(self._org_links.values())
        self._names: dict[str, NameKey] = {}
        self._known_names: set[str] = set()
        self._has_aliases = bool(rules.email.domain_aliases)
        self._ignores_emails = "emails" in rules.ignore
        self._ignores_birth_dates = "birth_date" in rules.ignore
        self._ignores_names = not rules.ignore.isdisjoint({"given_name", "family_name"})
        self._ids = {field: _id_reader(rules, field) for field in ("sis_id", "state_id", "number")}

    def provider_ids(self, person: Person) -> Sequence[str]:
        """Return the ids at the provider, byte-exact."""
        return () if "provider_ids" in self.rules.ignore else person.provider_ids

    def id_of(self, person: Person, field: str) -> str | None:
        """Return the key of ``sis_id``, ``state_id`` or ``number``, or None."""
        text = getattr(person, field)
        return self.id_reader(field)(text) if text else None

    def id_reader(self, field: str) -> Callable[[str], str | None]:
        """Return the function that reads ids of a field."""
        return self._ids[field]

    def emails(self, person: Person) -> Sequence[str]:
        """Return the keys of all addresses, each once."""
        keys = map(self.email, person.emails)
        return tuple(dict.fromkeys(key for key in keys if key is not None))

    def email(self, text: str) -> str | None:
        """Return the key of one address, or None where it is none, or must not be used."""
        return None if self._ignores_emails else email_key(text, self.rules.email)

    def are_plain(self, texts: Iterable[str]) -> bool:
        """Return whether all addresses and user names are read as themselves, or as nothing."""
        text = "|".join((*texts, ""))
        letters = text.encode(errors="surrogatepass")
        return not letters.translate(None, _PLAIN) and ".|" not in text and not self._has_aliases

    def phones(self, person: Person) -> Sequence[str]:
        """Return the keys of all telephone numbers, each once."""
        if not person.phones or "phones" in self.rules.ignore:
            return ()
        keys = (normalize_phone(text) for text in person.phones)
        return tuple(dict.fromkeys(key for key in keys if key is not None))

    def usernames(self, person: Person) -> Sequence[str]:
        """Return the key of the name the person signs in with; an address is read as one."""
        text = person.username
        if not text or "username" in self.rules.ignore:
            return ()
        is_plain = text.isascii() and "@" not in text
        email = None if is_plain else email_key(text, self.rules.email)
        key = email or strict_form(text)
        return (key,) if key else ()

    def day(self, person: Person) -> str:
        """Return the birth date as ISO text, else what stands in its place, else nothing."""
        if self._ignores_birth_dates:
            return ""
        if person.birth_date is not None:
            return person.birth_date.isoformat()
        return strict_form(person.birth_date_raw or "")

    def name_dates(self, person: Person) -> Sequence[str]:
        """Return keys of full folded name and birth date, one for each form of the name."""
        if person.birth_date is None or self._ignores_birth_dates:
            return ()
        names, day = self.names(person), person.birth_date.toordinal()
        pairs = product(names.given, names.family)
        return tuple(dict.fromkeys(f"{g.folded}|{f.folded}|{day}" for g, f in pairs))

    def names(self, person: Person) -> Names:
        """Return all names that are names."""
        return Names(
            self._keys("given_name", person.given_name, person.other_given_names),
            self._keys("family_name", person.family_name, person.other_family_names),
        )

    def name(self, text: str) -> NameKey:
        """Return the key of one name."""
        key = self._names.get(text)
        if key is None:
            key = self._names[text] = normalize_name(text)
        return key

    def _keys(self, field: str, main: str | None, others: Sequence[str]) -> tuple[NameKey, ...]:
        ignore = self.rules.ignore
        texts: tuple[str, ...] = (main,) if main and field not in ignore else ()
        if texts and not others:
            key = self.name(texts[0])
            return (key,) if key.absent is None else ()
        if others and f"other_{field}s" not in ignore:
            texts = (*texts, *others)
        keys = tuple(key for text in texts if (key := self.name(text)).absent is None)
        return keys if len(keys) < 2 else tuple(dict.fromkeys(keys))  # noqa: PLR2004 - nothing twice

    def _are_names(self, *texts: str | None) -> bool:
        """Return whether all are names that may be used; those that are need no second look."""
        if self._ignores_names:
            return False
        self._known_names.update(t for t in texts if t and is_name(t))
        return self._known_names.issuperset(texts)

    # Two people

    def name_levels(self, a: Person, b: Person) -> tuple[NameLevel, NameLevel]:
        """
        Return how far given and family names agree.

        Where a side has the whole name in one field, the words of both whole names are compared.
        """
        given, family = a.given_name, a.family_name
        if given == b.given_name and family == b.family_name:
            known = self._known_names
            if (given in known and family in known) or self._are_names(given, family):
                return _SAME_NAMES
        left, right = self.names(a), self.names(b)
        has_whole = bool(left.given) != bool(right.given) or not (a.given_name or b.given_name)
        if has_whole and left.family and right.family:
            whole = _whole_level(left, right)
            if whole is not NameLevel.absent:
                return whole, whole
        return best_level(left.given, right.given), best_level(left.family, right.family)

    def middle_differs(self, a: Person, b: Person) -> bool:
        """Return whether both have middle names, and neither is the other's or its initial."""
        if not a.middle_name or not b.middle_name or "middle_name" in self.rules.ignore:
            return False
        left, right = (strict_form(p.middle_name or "").strip(".") for p in (a, b))
        if not left or not right or left.startswith(right) or right.startswith(left):
            return False
        levels = best_level((self.name(left),), (self.name(right),))
        return levels not in COMPATIBLE

    def suffix_differs(self, a: Person, b: Person) -> bool:
        """Return whether both have a generational suffix and they are not the same."""
        left, right = self._suffix(a), self._suffix(b)
        return bool(left and right and left != right)

    def birth_dates(self, a: Person, b: Person) -> bool | None:
        """Return whether the birth dates are equal, or None where one is absent."""
        left, right = a.birth_date, b.birth_date
        if left is None or right is None or self._ignores_birth_dates:
            return None
        return left == right

    def orgs(self, incoming: Person, existing: Person) -> str:
        """
        Return how the orgs of two compare: ``equal``, ``differs``, ``absent`` or ``not_checked``.

        ``not_checked``: the host has not said which of its orgs are whose.
        """
        if not self._org_links or "org_refs" in self.rules.ignore:
            return "not_checked"
        left = {self._org_links[ref] for ref in incoming.org_refs if ref in self._org_links}
        right = self._linked_orgs.intersection(existing.org_refs)
        if not left or not right:
            return "absent"
        return "differs" if left.isdisjoint(right) else "equal"

    def _suffix(self, person: Person) -> str | None:
        if person.suffix and "suffix" not in self.rules.ignore:
            return strict_form(person.suffix).strip(".") or None
        return self.name(person.family_name).suffix if person.family_name else None


def _id_reader(rules: MatchRules, field: str) -> Callable[[str], str | None]:
    if field in rules.ignore:
        return lambda _text: None
    if rules.id_rule(field) == EXACT:
        return clean_id
    transform = id_transform(rules.id_rule(field))
    return lambda text: transform(clean_id(text) or "") or None


def _whole_level(left: Names, right: Names) -> NameLevel:
    """Compare by the words of the whole names; the one without given names must have two."""
    words = [
        {w for key in (*n.given[:1], *n.family[:1]) for w in key.tokens} for n in (left, right)
    ]
    if min(len(part) for part in words) < 2:  # noqa: PLR2004 - one word is no whole name
        return NameLevel.absent
    if words[0] == words[1]:
        return NameLevel.same_tokens
    contained = words[0] <= words[1] or words[1] <= words[0]
    return NameLevel.subset if contained else NameLevel.differs

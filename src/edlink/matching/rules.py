"""What a host may set about matching; the defaults link only what no reader would doubt."""

from collections.abc import Iterable, Mapping

import attrs

from edlink.errors import ConfigError
from edlink.matching.emails import EmailPolicy
from edlink.matching.ids import EXACT, id_transform
from edlink.matching.people import Person

_ID_FIELDS = frozenset({"sis_id", "state_id", "number"})
_FIELDS = frozenset(field.name for field in attrs.fields(Person)) - {"ref", "kind", "tenant"}


def _copy(rules: Mapping[str, str]) -> Mapping[str, str]:
    return dict(rules)


def _set(names: Iterable[str]) -> frozenset[str]:
    return frozenset(names)


@attrs.frozen(kw_only=True)
class MatchRules:
    """
    How people are matched.

    Attributes:
        email: How addresses are compared, such as the domains that stand for one.
        id_rules: For ``sis_id``, ``state_id`` or ``number``, the name of the rule that the host
            accepted from ``learn_id_rule``.
        ignore: Fields of ``Person`` that must not be used, such as ``sis_id`` after a change of
            the student information system.
        link_by_name_and_birth_date: Whether students with one full name and birth date link.
        group_limit: A value that more people than this have is no key for anyone.
    """

    email: EmailPolicy = EmailPolicy()
    id_rules: Mapping[str, str] = attrs.field(factory=dict, converter=_copy)
    ignore: frozenset[str] = attrs.field(default=frozenset(), converter=_set)
    link_by_name_and_birth_date: bool = True
    group_limit: int = 50

    def __attrs_post_init__(self) -> None:
        if not self.id_rules.keys() <= _ID_FIELDS:
            raise ConfigError("EDL-CONF-083", "id rules are for sis_id, state_id and number")
        if not self.ignore <= _FIELDS:
            raise ConfigError("EDL-CONF-084", "a field to ignore is not a field of a person")
        for rule in self.id_rules.values():
            id_transform(rule)

    def id_rule(self, field: str) -> str:
        """Return the name of the rule for an id field."""
        return self.id_rules.get(field, EXACT)

    def uses(self, rule: str) -> bool:
        """Return whether a rung of the ladder is switched on."""
        return rule != "name_birth_date" or self.link_by_name_and_birth_date

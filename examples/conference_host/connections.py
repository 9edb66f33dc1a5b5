"""What a connection to a provider is: a form's fields, what staff typed there, what it opens."""

from collections.abc import Mapping
from typing import Generic, TypeVar

import attrs

from edlink.coverage import Source

#: What was typed, by the field's name; a field left empty is not there.
Facts = Mapping[str, str]

T = TypeVar("T")


@attrs.frozen(kw_only=True)
class Field:
    """
    One field of a connection's form.

    Attributes:
        name: Its name among the facts.
        label: What stands above it.
        hint: Where the provider's screens show it, or an example.
        kind: ``text``, ``password`` for what no page shows again, or ``checkbox``.
        is_required: Whether it must be filled in.
        is_for_tests: Whether it names another address than the provider's own.
        is_address: Whether it names the provider's own address, which then is on https.
    """

    name: str
    label: str
    hint: str = ""
    kind: str = "text"
    is_required: bool = True
    is_for_tests: bool = False
    is_address: bool = False


@attrs.frozen(kw_only=True)
class Connector(Generic[T]):
    """
    A way to a provider, as the form offers it.

    Attributes:
        title: What staff choose.
        provider: The provider as sources name it.
        fields: The form; its field ``tenant`` holds the tenant.
        open: Makes edlink's object of what was typed.
        copies: What to copy to the provider's screens: a label, and a path of this app.
        note: What staff should know before they choose it.
        sends_ids: Whether a sign-in here says who of this provider's roster somebody is.
    """

    title: str
    provider: str
    fields: tuple[Field, ...]
    open: T
    copies: tuple[tuple[str, str], ...] = ()
    note: str = ""
    sends_ids: bool = True

    def read(self, typed: Mapping[str, str]) -> dict[str, str]:
        """Return the form's facts out of all that was sent."""
        facts = {field.name: typed.get(field.name, "").strip() for field in self.fields}
        return {name: value for name, value in facts.items() if value}

    def missing(self, facts: Facts) -> list[str]:
        """Return the labels of the required fields without a fact."""
        return [f.label for f in self.fields if f.is_required and f.name not in facts]

    def test_addresses(self, facts: Facts) -> list[str]:
        """Return the addresses among the facts that only a sandbox can have."""
        return [
            facts[field.name]
            for field in self.fields
            if field.name in facts
            and (field.is_for_tests or (field.is_address and not _is_https(facts[field.name])))
        ]

    def source(self, facts: Facts) -> Source:
        """Return provider and tenant, as rosters and identities name them."""
        return Source(self.provider, facts["tenant"])


def _is_https(address: str) -> bool:
    return address.lower().startswith("https://")


@attrs.frozen(kw_only=True)
class Connection:
    """A connector's name and what was typed for it, secrets among them."""

    name: str
    facts: Facts = attrs.field(repr=False)


def test_address(name: str, label: str) -> Field:
    """Return a field for a sandbox's address."""
    return Field(name=name, label=label, is_required=False, is_for_tests=True)

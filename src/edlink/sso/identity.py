"""Who signed in: what a provider proved, apart from what it merely says."""

from datetime import datetime

import attrs

from edlink.coverage import Source
from edlink.vocabulary import Role


@attrs.frozen(kw_only=True)
class Unverified:
    """
    What the provider says of the person and nobody has proved.

    Names change, addresses are given to the next pupil, and an administrator can type any address:
    show these, never look a person up by them.
    """

    username: str | None = attrs.field(default=None, repr=False)
    email: str | None = attrs.field(default=None, repr=False)
    display_name: str | None = attrs.field(default=None, repr=False)
    given_name: str | None = attrs.field(default=None, repr=False)
    family_name: str | None = attrs.field(default=None, repr=False)


@attrs.frozen(kw_only=True)
class Identity:
    """
    One accepted sign-in.

    Attributes:
        provider: Short name of the provider, such as ``clever``.
        tenant: The district, school or directory that vouches for the person; from configuration
            or on its allow-list, never free text of the answer.
        subject: The provider's key for the account, unique within provider and tenant.
        sourced_id: The person's id in the tenant's roster, where the provider sends one.
        legacy_id: The id that an older version of the provider's API used, or None.
        roles: What the provider says the person is; ``Role.other`` for words edlink cannot place.
        roles_raw: The provider's own words.
        groups: The directory groups the person is in, or None where they are not known.
        is_guest: Whether the account's home is another directory; None where nobody says.
        logout_hint: What the provider wants to hear at sign-out to know whom, or None.
        auth_time: When the person last proved who they are, in UTC, where the provider says so.
        unverified: Names and addresses, for showing only.
    """

    provider: str
    tenant: str
    subject: str = attrs.field(repr=False)
    sourced_id: str | None = attrs.field(default=None, repr=False)
    legacy_id: str | None = attrs.field(default=None, repr=False)
    roles: tuple[Role, ...] = ()
    roles_raw: tuple[str, ...] = attrs.field(default=(), repr=False)
    groups: frozenset[str] | None = attrs.field(default=None, repr=False)
    is_guest: bool | None = None
    logout_hint: str | None = attrs.field(default=None, repr=False)
    auth_time: datetime | None = None
    unverified: Unverified = Unverified()

    @property
    def source(self) -> Source:
        """Provider and tenant, as a roster names them."""
        return Source(self.provider, self.tenant)

    @property
    def key(self) -> tuple[str, str, str]:
        """What a host stores to know the person again: provider, tenant and subject."""
        return (self.provider, self.tenant, self.subject)

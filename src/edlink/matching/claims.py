"""What an adult says who wants to be linked to a child, as it was typed."""

from datetime import datetime

import attrs

from edlink.errors import ConfigError
from edlink.model import private


@attrs.frozen(kw_only=True)
class GuardianClaim:
    """
    What an adult says.

    A number or name of more than 200 characters is nobody's: it is compared as it was typed.

    Attributes:
        claim_id: The host's id of this attempt.
        at: When, in UTC.
        actor: The host's id of who claims.
        network: The network it comes from, or None.
        contact_id: The roster contact whom the host has recognised by a sign-in, or None.
        student_number: The number typed, or None.
        given_name: The child's given name as typed, or None.
        family_name: The child's family name as typed, or None.
        birth_date: The birth date as typed.
        org_id: The school chosen, or None.

    Raises:
        ConfigError: EDL-CONF-099 where something typed is no text.
    """

    claim_id: str
    at: datetime
    actor: str
    network: str | None = None
    contact_id: str | None = None
    student_number: str | None = private()
    given_name: str | None = private()
    family_name: str | None = private()
    birth_date: str = private("")
    org_id: str | None = None

    def __attrs_post_init__(self) -> None:
        typed = (self.student_number, self.given_name, self.family_name)
        texts = all(isinstance(text, str | None) for text in typed)
        if not texts or not isinstance(self.birth_date, str):
            raise ConfigError("EDL-CONF-099", "what is typed in a claim is text, or not given")

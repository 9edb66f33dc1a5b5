"""Where an identity provider's metadata come from: kept while good, looked at with restraint."""

import threading

from edlink.errors import LoginError
from edlink.sso.addresses import origin, require_safe_url
from edlink.sso.saml.metadata import IdpMetadata, parse_metadata, require_metadata
from edlink.sso.sender import Sender
from edlink.sso.turns import turn

#: Longest time in seconds after which metadata are read again.
REFRESH = 24 * 3600

#: Seconds between two looks, however many bad signatures arrive.
PAUSE = 60

#: Longest time in seconds between two looks while they fail and the last good ones serve.
RETRY = 3600

_HEADERS = {"Accept": "application/samlmetadata+xml, application/xml, */*;q=0.1"}


class FixedMetadata:
    """
    Metadata that the host keeps itself, as text.

    Raises:
        ConfigError: EDL-CONF-053 when it is not usable.
    """

    def __init__(self, xml: str | bytes, *, entity_id: str | None = None) -> None:
        self._metadata = require_metadata(xml, entity_id=entity_id)

    def current(self, now: float) -> IdpMetadata:
        """Return the metadata; raises as ``require_valid`` does."""
        return require_valid(self._metadata, now)

    def refreshed(self, used: IdpMetadata, now: float) -> IdpMetadata | None:
        """Return None: there is no place to look for newer metadata."""

    def problem(self, now: float) -> None:
        """Return None: there is no place to look."""


class RemoteMetadata:
    """
    Metadata from the address that the district gave; the last good serve while it fails.

    They are read again after a day, after their ``cacheDuration``, or when half of the time to
    their ``validUntil`` is over, whichever comes first.  Another name of the provider, or another
    host for its sign-on page, is never taken over: that is the operator's decision.

    Args:
        url: The address, https; never redirected.
        entity_id: The provider's name; None lets the copy, or the first document read, decide.
        kept: A copy that the host keeps: it serves until the address answers, also after a restart,
            and says which name and which host are right.
        sender: Fetches the document.

    Raises:
        ConfigError: EDL-CONF-050 when the address is not safe.
    """

    def __init__(
        self,
        url: str,
        *,
        entity_id: str | None = None,
        kept: IdpMetadata | None = None,
        sender: Sender,
    ) -> None:
        self._url = require_safe_url(url, name="the metadata address")
        self._entity_id = entity_id
        self._sender = sender
        self._metadata = kept
        # Held during a look; no login waits for it longer than the sender's deadline.
        self._looking = threading.Lock()
        self._looked_at = self._next_look = -float("inf")
        self._failures = 0

    def current(self, now: float) -> IdpMetadata:
        """
        Return the metadata, read again when it is time; only one login waits for that.

        Raises:
            LoginError: EDL-LOGIN-056 when there is none yet, EDL-LOGIN-057 when it ran out.
        """
        if now >= self._next_look:
            with turn(self._looking, 0 if self._serves(now) else self._sender.deadline) as came:
                if came and now >= self._next_look:
                    self._look(now)
        return require_valid(self._metadata, now)

    def refreshed(self, used: IdpMetadata, now: float) -> IdpMetadata | None:
        """
        Return metadata that differ from those a login used; None when there are none.

        At most one look a minute is taken; a login that comes during it, or after it, shares it,
        but waits for it no longer than for an answer of its own.
        """
        if self._metadata == used:
            with turn(self._looking, self._sender.deadline) as came:
                if came and self._metadata == used and now >= self._looked_at + PAUSE:
                    self._look(now)
        return None if self._metadata == used else self._metadata

    def problem(self, now: float) -> str | None:
        """
        Return what is wrong with the document at the address now, looked at anew.

        The word is ``unreachable``, ``unusable``, ``another_entity``, ``another_host`` or
        ``expired``; None for nothing.
        """
        with self._looking:
            return self._look(now)

    def _look(self, now: float) -> str | None:
        """Read the document, take it if nothing is wrong with it, and say what is."""
        self._looked_at = now
        found = self._fetched()
        problem = found if isinstance(found, str) else self._objection(found, now)
        if isinstance(found, str) or problem is not None:
            self._failures += 1
            # With none to serve, nobody signs in: look as often as is decent.
            pause = PAUSE * 2 ** min(self._failures - 1, 10) if self._serves(now) else PAUSE
            self._next_look = now + min(pause, RETRY)
            return problem
        self._metadata, self._failures = found, 0
        self._next_look = now + _lifetime(found, now)
        return None

    def _fetched(self) -> IdpMetadata | str:
        try:
            answer = self._sender.get(self._url, what="metadata", headers=_HEADERS)
        except LoginError:
            return "unreachable"
        if answer.status != 200:  # noqa: PLR2004 - HTTP
            return "unreachable"
        name = self._entity_id if self._metadata is None else self._metadata.entity_id
        found = parse_metadata(answer.body, entity_id=name)
        if found is not None:
            return found
        return "unusable" if parse_metadata(answer.body) is None else "another_entity"

    def _objection(self, found: IdpMetadata, now: float) -> str | None:
        """Return why a document does not take the place of the last good one, or None."""
        last = self._metadata
        if last is None:
            return None
        if origin(found.sso_url) != origin(last.sso_url):
            return "another_host"
        return None if found.is_valid(now) else "expired"

    def _serves(self, now: float) -> bool:
        return self._metadata is not None and self._metadata.is_valid(now)


def _lifetime(found: IdpMetadata, now: float) -> float:
    """Return after how many seconds a document is to be read again."""
    waits: list[float] = [REFRESH]
    if found.cache_duration is not None:
        waits.append(found.cache_duration)
    if found.valid_until is not None:
        waits.append((found.valid_until.timestamp() - now) / 2)
    return max(PAUSE, min(waits))


def require_valid(metadata: IdpMetadata | None, now: float) -> IdpMetadata:
    """
    Return metadata that is there and has not run out.

    Raises:
        LoginError: EDL-LOGIN-056 when there is none, EDL-LOGIN-057 when it ran out.
    """
    if metadata is None:
        message = "the identity provider's metadata cannot be read"
        raise LoginError("EDL-LOGIN-056", message, reason="unavailable", retryable=True)
    if not metadata.is_valid(now):
        message = "the identity provider's metadata has run out"
        fix = "Ask the district for its current IDP metadata."
        raise LoginError("EDL-LOGIN-057", message, reason="not_set_up", fix=fix)
    return metadata

"""How long a login waits while another one looks at the provider's keys or metadata."""

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

import attrs
import pytest
from tests.sso.conftest import Clock
from tests.sso.issuer import Issuer
from tests.sso.saml_idp import metadata

from edlink.errors import LoginError
from edlink.sso.keys import MAX_AGE, PAUSE, KeySet
from edlink.sso.saml import RemoteMetadata
from edlink.sso.saml.metadata import require_metadata
from edlink.sso.sender import Answer, Sender

NOW = time.time()


@attrs.frozen(kw_only=True)
class Stuck(Sender):
    """A sender whose answers wait until they are free; its deadline is that of who waits for it."""

    free: Event = attrs.field(factory=Event)
    asked: Event = attrs.field(factory=Event)

    def get(self, url: str, *, what: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Ask with all the time there is, once free to."""
        self.asked.set()
        assert self.free.wait(10)
        return Sender().get(url, what=what, headers=headers)


@contextmanager
def during(sender: Stuck, look: Callable[[], object]) -> Iterator[None]:
    """Run a block while another login's look is under way."""
    sender.asked.clear()
    sender.free.clear()
    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(look)
        assert sender.asked.wait(10)
        try:
            yield
            assert not looking.done()
        finally:
            sender.free.set()
        looking.exception()


def key_set(issuer: Issuer, sender: Sender, clock: Clock, *more: str) -> KeySet:
    where = f"{issuer.url}/.well-known/openid-configuration"
    return KeySet(issuers=(issuer.url, *more), discovery_url=where, sender=sender, clock=clock)


def test_who_knows_his_key_waits_for_nobody(issuer: Issuer, clock: Clock) -> None:
    """While a forged key id has the provider asked, tokens by the keys at hand are verified."""
    sender = Stuck(deadline=60)
    sender.free.set()
    keys = key_set(issuer, sender, clock, "https://other.example.org")
    keys.find("k1")
    clock.now += PAUSE
    with during(sender, lambda: keys.find("forged")):
        assert (keys.find("k1").key_id, keys.issuer) == ("k1", issuer.url)


def test_nobody_waits_for_keys_without_end(issuer: Issuer, clock: Clock) -> None:
    """A login that needs another one's look gives up at its deadline and may be tried again."""
    sender = Stuck(deadline=0.05)
    keys = key_set(issuer, sender, clock, "https://other.example.org")
    with during(sender, lambda: keys.find("k1")):
        for ask in (lambda: keys.find("k1"), lambda: keys.issuer):
            with pytest.raises(LoginError) as caught:
                ask()
            assert (caught.value.code, caught.value.retryable) == ("EDL-LOGIN-021", True)


def test_nobody_waits_for_metadata_without_end(issuer: Issuer) -> None:
    """A login that has metadata goes on with them, one that has none is told so in time."""
    kept = require_metadata(metadata())
    sender = Stuck(deadline=0.05)
    source = RemoteMetadata(f"{issuer.url}/metadata", kept=kept, sender=sender)
    with during(sender, lambda: source.refreshed(kept, NOW)):
        assert source.refreshed(kept, NOW) is None
        assert source.current(NOW) == kept
    empty = RemoteMetadata(f"{issuer.url}/metadata", sender=sender)
    with during(sender, lambda: empty.current(NOW)):
        with pytest.raises(LoginError) as caught:
            empty.current(NOW)
        assert caught.value.code == "EDL-LOGIN-056"


def test_old_keys_are_not_trusted_for_want_of_waiting(issuer: Issuer, clock: Clock) -> None:
    """Keys that are a day old serve nobody, also while they are being read anew."""
    sender = Stuck(deadline=0.05)
    sender.free.set()
    keys = key_set(issuer, sender, clock)
    keys.find("k1")
    clock.now += MAX_AGE
    with during(sender, lambda: keys.find("k1")), pytest.raises(LoginError) as caught:
        keys.find("k1")
    assert caught.value.code == "EDL-LOGIN-021"

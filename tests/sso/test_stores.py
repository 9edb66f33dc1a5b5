from concurrent.futures import ThreadPoolExecutor

import attrs
from tests.sso.conftest import Clock
from tests.sso.issuer import NOW

from edlink.sso import MemoryPendingStore, MemoryReplayStore, PendingLogin

PENDING = PendingLogin(
    login="one",
    provider="clever",
    redirect_uri="https://app.example.org/callback",
    state="s-1",
    created_at=NOW,
    expires_at=NOW + 600,
)


def test_a_key_is_new_once(clock: Clock) -> None:
    """A replay store says True once for a key, until it expires."""
    store = MemoryReplayStore(clock)
    answers = [store.add_once("k", NOW + 10), store.add_once("k", NOW + 10)]
    clock.now += 11
    assert [*answers, store.add_once("k", NOW + 30)] == [True, False, True]


def test_one_of_many_at_once_wins() -> None:
    """Of sixteen callers at the same moment exactly one sees a key as new."""
    store = MemoryReplayStore()
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: store.add_once("k", NOW + 10**6), range(16)))
    assert answers.count(True) == 1


def test_a_pending_login_is_taken_once(clock: Clock) -> None:
    """A pending store gives a login back once, and only to the browser it was kept for."""
    store = MemoryPendingStore(clock)
    store.put("browser-1", PENDING)
    taken = [store.take(b, "s-1") for b in ("browser-2", "browser-1", "browser-1")]
    assert taken == [None, PENDING, None]


def test_expired_pending_logins_are_forgotten(clock: Clock) -> None:
    """A pending store does not grow with logins that were never completed."""
    store = MemoryPendingStore(clock)
    store.put("browser-1", PENDING)
    clock.now += 601
    store.put("browser-2", attrs.evolve(PENDING, state="s-2", expires_at=NOW + 2000))
    assert store.take("browser-1", "s-1") is None

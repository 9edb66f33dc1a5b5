from collections.abc import Callable, Iterator

import pytest
from tests.sso.issuer import NOW, Issuer, running_issuer

from edlink.sso.keys import KeySet


class Clock:
    """A clock that a test moves by hand."""

    def __init__(self) -> None:
        self.now: float = NOW

    def __call__(self) -> float:
        """Return the moment the test has set."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with running_issuer() as running:
        yield running


@pytest.fixture
def keys(issuer: Issuer, clock: Callable[[], float]) -> KeySet:
    return KeySet(
        issuers=(issuer.url,),
        discovery_url=f"{issuer.url}/.well-known/openid-configuration",
        clock=clock,
    )

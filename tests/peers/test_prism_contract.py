"""The contract of all sources, kept while Prism holds each exchange to a vendor's specification."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from inspect import signature
from itertools import product
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import attrs
import pytest
from requests.adapters import BaseAdapter
from tests.contract import test_changes, test_promises
from tests.contract.doors import DOORS, Door
from tests.peers.prism import Prism, clever_specification, prism, veracross_specification
from tests.peers.relay import Relay, relay

from edlink.roster import RosterSource
from edlink.sandbox import Sandbox

pytestmark = pytest.mark.peer("prism")

#: The smallest district in which everything is there that a promise is about.
PEOPLE = 60

#: Fixtures of pytest's own that a promise may ask for.
FIXTURES = frozenset({"caplog"})

#: What the address of a sandbox has behind its port, by provider and version.
PATHS = {"clever": "/v{}", "veracross": "/lakeland/{}"}

SPECIFIED = [door for door in DOORS if door.provider in {"clever", "veracross"}]


@attrs.frozen(kw_only=True)
class ProxiedDoor(Door):
    """A door whose client's requests go through Prism, which stays while sandboxes come and go."""

    proxy: Prism
    relay: Relay
    served: list[int] = attrs.field(factory=list)

    def address(self, district: Sandbox) -> str:
        """Return Prism's address, behind which the sandbox is from now on."""
        self.relay.target = urlsplit(district.url).port or 0
        return self.proxy.address

    @contextmanager
    def open(
        self,
        *faults: str,
        people: int = PEOPLE,
        adapter: BaseAdapter | None = None,
        **options: Any,  # noqa: ANN401 - as a door takes them
    ) -> Iterator[tuple[Sandbox, RosterSource]]:
        """Yield a smaller sandbox and a client, and count the requests for data it answered."""
        # Not super(): attrs makes another class of this one, which a wrapped method cannot know.
        few = min(people, PEOPLE)
        with Door.open(self, *faults, people=few, adapter=adapter, **options) as opened:
            yield opened
        seen = [s for s in opened[0].requests.list() if s.endpoint not in {"/token", "/revoke"}]
        self.served.append(len(seen))


Promise = Callable[..., None]


def _promises() -> Iterator[Any]:
    """Yield each test of the contract, once for each choice of its arguments but the door."""
    tests = {name[5:]: t for m in (test_promises, test_changes) for name, t in _tests(m)}
    for name, test in tests.items():
        values = dict(mark.args[:2] for mark in test.pytestmark)
        if {*SPECIFIED} <= {*values.pop("door")}:
            for chosen in product(*values.values()):
                promise = partial(test, **dict(zip(values, chosen, strict=True)))
                words = [name, *(value.__name__ for value in chosen)]
                yield pytest.param(promise, id="-".join(words))


def _tests(module: ModuleType) -> Iterator[tuple[str, Any]]:
    return ((name, test) for name, test in vars(module).items() if name.startswith("test_"))


@pytest.fixture(scope="module")
def proxied(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ProxiedDoor]:
    """Yield a door behind Prism."""
    door: Door = request.param
    specification = veracross_specification()
    if door.provider == "clever":
        specification = clever_specification(door.version)
    with relay() as passing:
        upstream = passing.address + PATHS[door.provider].format(door.version)
        with prism(specification, upstream, tmp_path_factory.mktemp(str(door))) as proxy:
            facts = attrs.asdict(door)
            yield ProxiedDoor(**facts, proxy=proxy, relay=passing)


@pytest.mark.parametrize("promise", [*_promises()])
@pytest.mark.parametrize("proxied", SPECIFIED, ids=str, indirect=True)
def test_a_promise_is_kept_within_the_specification(
    proxied: ProxiedDoor, promise: Promise, request: pytest.FixtureRequest
) -> None:
    """No request and no answer of the whole contract violates it, and none goes past Prism."""
    further = {
        name: request.getfixturevalue(name) for name in FIXTURES & {*signature(promise).parameters}
    }
    promise(proxied, **further)
    assert proxied.proxy.violations == []
    assert proxied.proxy.exchanges == sum(proxied.served) > 0

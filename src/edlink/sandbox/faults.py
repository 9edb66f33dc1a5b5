"""All faults by name."""

from collections.abc import Mapping
from types import MappingProxyType

from edlink.sandbox.fault import Fault

#: Every fault by name, for ``start(faults=...)`` and for tests that go through all of them.
FAULTS: Mapping[str, Fault] = MappingProxyType({})

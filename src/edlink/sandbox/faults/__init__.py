"""All faults by name."""

from collections.abc import Mapping
from types import MappingProxyType

from edlink.sandbox.faults import (
    access,
    clever,
    entra,
    entra_rows,
    links,
    paging,
    shapes,
    transport,
    values,
    veracross,
)
from edlink.sandbox.faults.fault import Expects, Fault

__all__ = ["FAULTS", "Expects", "Fault"]

#: Every fault by name, for ``start(faults=...)`` and for tests that go through all of them.
FAULTS: Mapping[str, Fault] = MappingProxyType(
    {
        fault.name: fault
        for module in (
            paging,
            transport,
            access,
            shapes,
            values,
            links,
            clever,
            veracross,
            entra,
            entra_rows,
        )
        for fault in module.FAULTS
    }
)

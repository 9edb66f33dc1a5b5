"""The faults that are switched on, and what they remember."""

import threading
from collections.abc import Iterable, Iterator, Mapping

from edlink.errors import ConfigError
from edlink.sandbox.exchange import Exchange, Reply
from edlink.sandbox.faults.fault import Fault, Memory


class ActiveFaults:
    """
    A set of faults by name that can be changed while the sandbox runs.

    ``add`` and ``remove`` take names; iteration and ``in`` see the names that are on.  A fault that
    happens once happens once each time it is added.

    Args:
        known: All faults by name that this sandbox's provider and version have.
        names: Those that are on from the start.
    """

    def __init__(self, known: Mapping[str, Fault], names: Iterable[str] = ()) -> None:
        self._known = known
        self._on: dict[str, tuple[Fault, Memory]] = {}
        self._lock = threading.Lock()
        for name in names:
            self.add(name)

    def add(self, name: str) -> None:
        """
        Switch a fault on.

        Raises:
            ConfigError: EDL-CONF-043 for a name that this door does not have.
        """
        if name not in self._known:
            message = "this sandbox door has no fault of that name; see edlink.sandbox.FAULTS"
            raise ConfigError("EDL-CONF-043", message)
        fault = self._known[name]
        with self._lock:
            self._on = {**self._on, name: (fault, Memory())}

    def remove(self, name: str) -> None:
        """Switch a fault off; one that is not on stays so."""
        with self._lock:
            self._on = {n: pair for n, pair in self._on.items() if n != name}

    def clear(self) -> None:
        """Switch all faults off."""
        with self._lock:
            self._on = {}

    def __contains__(self, name: object) -> bool:
        return name in self._on

    def __iter__(self) -> Iterator[str]:
        return iter(self._on)

    def __len__(self) -> int:
        return len(self._on)

    def faults(self) -> list[Fault]:
        """Return the faults that are on."""
        return [fault for fault, _ in self._on.values()]

    # The four moments at which a fault may act, in this order

    def meet(self, exchange: Exchange) -> Reply | None:
        """Return the reply of the first fault that answers in the door's place, or None."""
        for fault, memory in self._on.values():
            reply = fault.meet and fault.meet(exchange, memory)
            if reply:
                return reply
        return None

    def turn(self, exchange: Exchange) -> None:
        """Let faults change which page is looked up."""
        for fault, memory in self._on.values():
            if fault.turn:
                fault.turn(exchange, memory)

    def spoil(self, exchange: Exchange) -> None:
        """Let faults change a page's records."""
        for fault, memory in self._on.values():
            if fault.spoil:
                fault.spoil(exchange, memory)

    def send(self, exchange: Exchange, reply: Reply) -> Reply:
        """Return the reply as the faults leave it."""
        for fault, memory in self._on.values():
            if fault.send:
                reply = fault.send(exchange, reply, memory)
        return reply

"""Every SAML response that edlink accepts, in whatever test, goes through a second verifier."""

import sys
from collections.abc import Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import wraps
from types import ModuleType
from typing import Any

import attrs
import pytest

_COUNTS = "edlink_saml_agreed"


@attrs.define(eq=False)
class SamlCheck:
    """
    A pytest plugin that has ``tests.sso.second_verifier`` look at what each login accepts.

    A test in which the second verifier disagrees fails, whatever else it looks at.
    """

    agreed: int = 0

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self) -> Generator[None, None, None]:
        """Stand behind the SAML flow from when a test has loaded it."""
        module = sys.modules.get("edlink.sso.saml.flow")
        if module is not None and not hasattr(module.SamlFlow.complete, "__wrapped__"):
            self._stand_behind(module)
        return (yield)

    def _stand_behind(self, module: ModuleType) -> None:
        complete = module.SamlFlow.complete

        @wraps(complete)
        def checked(flow: Any, form: Mapping[str, str], pending: Any) -> Any:  # noqa: ANN401 - the flow's own
            from tests.sso.second_verifier import require_agreement  # noqa: PLC0415 - slow to load

            found = complete(flow, form, pending)
            if hasattr(found, "assertion_id"):
                # In a thread of its own: what signxml logs is then not taken for edlink's.
                with ThreadPoolExecutor(1) as pool:
                    pool.submit(require_agreement, flow, form["SAMLResponse"], found).result()
                self.agreed += 1
            return found

        module.SamlFlow.complete = checked

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Hand a worker's count to the controller."""
        worker: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
        if worker is not None:
            worker[_COUNTS] = self.agreed

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:  # noqa: ANN401 - xdist's own
        """Add the count of a worker, unless it crashed."""
        self.agreed += getattr(node, "workeroutput", {}).get(_COUNTS, 0)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say how many responses were accepted by both."""
        if self.agreed:
            terminalreporter.write_line(f"SAML responses that signxml agrees on: {self.agreed}")

import pytest
from tests.logs import LogCheck


def pytest_configure(config: pytest.Config) -> None:
    """Have every log line of every test looked at."""
    check = LogCheck()
    check.watch()
    config.pluginmanager.register(check, "log-check")

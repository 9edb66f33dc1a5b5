import pytest
from tests.logs import LogCheck
from tests.saml_check import SamlCheck


def pytest_configure(config: pytest.Config) -> None:
    """Have every log line, and every accepted SAML response, of every test looked at."""
    check = LogCheck()
    check.watch()
    config.pluginmanager.register(check, "log-check")
    config.pluginmanager.register(SamlCheck(), "saml-check")

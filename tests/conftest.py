import pytest
from hypothesis import HealthCheck, settings
from tests.logs import LogCheck
from tests.saml_check import SamlCheck

# A machine may be slow, and a failure must come again.
settings.register_profile(
    "steady", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")


def pytest_configure(config: pytest.Config) -> None:
    """Have every log line, and every accepted SAML response, of every test looked at."""
    check = LogCheck()
    check.watch()
    config.pluginmanager.register(check, "log-check")
    config.pluginmanager.register(SamlCheck(), "saml-check")

"""Which addresses may be given credentials."""

import pytest

from edlink._http import HttpSettings, Transport
from edlink._http.address import check_url, is_loopback
from edlink.errors import ConfigError


@pytest.mark.parametrize(
    "url",
    [
        "https://roster.example.org",
        "https://roster.example.org/",
        "HTTPS://Roster.Example.ORG:8443/ims/oneroster/v1p1",
        "https://xn--bcher-kva.example.org/a%2Fb/it's(1)",
        "https://[2001:db8::1]/x",
        "http://localhost:8000/x",
        "http://sandbox.localhost/x",
        "http://127.0.0.1",
        "http://127.1.2.3:80",
        "http://[::1]:8000",
    ],
)
def test_safe_addresses_stay_as_they_are(url: str) -> None:
    """Addresses with https anywhere, and http on this machine are accepted byte for byte."""
    assert check_url(url, name="base_url") == url


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("", "EDL-CONF-010"),
        ("roster.example.org", "EDL-CONF-010"),
        ("//roster.example.org", "EDL-CONF-010"),
        ("ftp://roster.example.org", "EDL-CONF-010"),
        ("https://", "EDL-CONF-010"),
        ("https:///users", "EDL-CONF-010"),
        ("https://roster.example.org:0", "EDL-CONF-010"),
        ("https://roster.example.org:99999", "EDL-CONF-010"),
        ("https://roster.example.org:x", "EDL-CONF-010"),
        ("https://[::1", "EDL-CONF-010"),
        ("https://[1:2]/", "EDL-CONF-010"),
        ("https://roster.example.org/a b", "EDL-CONF-010"),
        ("https://roster.example.org/a%2", "EDL-CONF-010"),
        ("https://roster.example.org/é", "EDL-CONF-010"),
        ("https://bücher.example.org/", "EDL-CONF-010"),
        ("https://roster.example.org\\evil.example.org", "EDL-CONF-010"),
        ("https://roster.example.org\n", "EDL-CONF-010"),
        (" https://roster.example.org", "EDL-CONF-010"),
        ("http://roster.example.org", "EDL-CONF-011"),
        ("http://127.0.0.1.example.org", "EDL-CONF-011"),
        ("http://localhost.example.org", "EDL-CONF-011"),
        ("http://10.0.0.1", "EDL-CONF-011"),
        ("https://user@roster.example.org", "EDL-CONF-012"),
        ("https://user:secret@roster.example.org/x", "EDL-CONF-012"),
        ("https://roster.example.org\\@evil.example.org", "EDL-CONF-012"),
        ("https://roster.example.org/x?limit=1", "EDL-CONF-012"),
        ("https://roster.example.org/x#y", "EDL-CONF-012"),
    ],
)
def test_unsafe_addresses_are_refused(url: str, code: str) -> None:
    """Each way in which an address can be wrong has its code, and is not quoted."""
    with pytest.raises(ConfigError) as caught:
        Transport(url, provider="invented")
    assert caught.value.code == code
    assert "example.org" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_query_is_accepted_where_it_belongs() -> None:
    """An address that may carry a query keeps it."""
    url = "https://tokens.example.org/token?appName=x"
    assert check_url(url, name="token_url", query=True) == url


def test_loopback_is_this_machine_alone() -> None:
    """Only names and numbers that cannot leave the machine are loopback."""
    assert [
        is_loopback(url)
        for url in ("http://localhost", "http://127.9.9.9", "http://[::1]", "http://192.0.2.1")
    ] == [True, True, True, False]


@pytest.mark.parametrize(
    "settings",
    [
        {"connect_timeout": 0},
        {"read_timeout": -1},
        {"deadline": float("inf")},
        {"attempts": 0},
        {"backoff": -0.1},
        {"backoff_cap": float("nan")},
        {"rate": -1},
        {"concurrency": 0},
        {"max_body": 0},
        {"user_agent": "a\nb"},
        {"user_agent": ""},
        {"user_agent": "é"},
    ],
)
def test_settings_out_of_range_are_refused(settings: dict[str, float]) -> None:
    """A setting that cannot work is found when it is made."""
    with pytest.raises(ConfigError) as caught:
        HttpSettings(**settings)  # type: ignore[arg-type]
    assert caught.value.code == "EDL-CONF-013"

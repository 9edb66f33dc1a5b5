import pytest

from edlink.errors import ConfigError
from edlink.sso.addresses import is_safe_url, origin, require_safe_url, safe_return_to

HOSTILE = [
    "https://evil.example.org",
    "//evil.example.org",
    "/\\evil.example.org",
    "\\\\evil.example.org",
    "/\t/evil.example.org",
    "javascript:alert(1)",
    "data:text/html,x",
    "today",
    " /today",
    "/to\nday",
    "/\x7f",
    "https://app.example.org@evil.example.org/",
    "https://app.example.org.evil.example.org/",
    "http://app.example.org/",
    "https://app.example.org:8443/",
    "https://[broken",
    "https://app.example.org:port/",
    "/" + "a" * 2048,
    "",
    None,
]


@pytest.mark.parametrize("target", HOSTILE)
def test_hostile_return_addresses_fall_back(target: str | None) -> None:
    """A return address that is neither local nor on the list gives the default."""
    allowed = {"https://app.example.org"}
    assert safe_return_to(target, default="/home", allowed_origins=allowed) == "/home"


@pytest.mark.parametrize("target", ["/", "/today?week=3#top", "/a//b"])
def test_local_paths_are_kept(target: str) -> None:
    """A local path is kept as it is."""
    assert safe_return_to(target) == target


@pytest.mark.parametrize("target", ["https://app.example.org/x", "https://app.example.org:443/x"])
def test_an_allowed_origin_is_kept(target: str) -> None:
    """An address of an allowed origin is kept."""
    assert safe_return_to(target, allowed_origins={"https://app.example.org"}) == target


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://app.example.org/callback", True),
        ("http://localhost:8000/callback", True),
        ("http://127.0.0.1/callback", True),
        ("http://[::1]:80/callback", True),
        ("http://app.example.org/callback", False),
        ("https://app.example.org/callback#part", False),
        ("https://user@app.example.org/", False),
        ("https://app.example.org/a b", False),
        ("https://app.example.org\\@evil.example.org/", False),
        ("https://äpp.example.org/", False),
        ("file:///etc/hosts", False),
        ("https:///callback", False),
        ("", False),
    ],
)
def test_only_https_or_loopback_is_safe(url: str, *, safe: bool) -> None:
    """An address is safe when it is plain https, or http on loopback."""
    assert is_safe_url(url) is safe


def test_an_unsafe_setting_is_refused() -> None:
    """An unsafe address in the configuration is refused by the setting's name."""
    with pytest.raises(ConfigError, match="redirect_uri") as caught:
        require_safe_url("http://app.example.org/", name="redirect_uri")
    assert caught.value.code == "EDL-CONF-050"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://App.example.org:443/x", "https://app.example.org"),
        ("http://localhost:8000/x", "http://localhost:8000"),
        ("http://[::1]:80/x", "http://[::1]"),
    ],
)
def test_origins_compare_without_the_standard_port(url: str, expected: str) -> None:
    """An origin is scheme, host and port, without the port that the scheme implies."""
    assert origin(url) == expected

"""OAuth 1.0a and bearer tokens, against the recorded vectors and on a real request."""

import json
import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from edlink._http.auth import OAuth1, StaticBearer
from edlink.errors import ConfigError

VECTORS = (
    Path(__file__).resolve().parents[3] / "shared" / "data" / "oneroster" / "oauth1_vectors.json"
)


def vectors() -> list[tuple[str, str, bool, str]]:
    """URL, method, whether the version is sent, and the expected signature."""
    if not VECTORS.exists():
        pytest.skip(f"{VECTORS.name} is not in this checkout")
    document = json.loads(VECTORS.read_text())
    kinds = [
        ("sha256_without_oauth_version", "HMAC-SHA256", False),
        ("sha256_with_oauth_version", "HMAC-SHA256", True),
        ("sha1_with_oauth_version", "HMAC-SHA1", True),
    ]
    return [
        (vector["url"], method, send_version, vector[kind]["signature"])
        for vector in document["vectors"]
        for kind, method, send_version in kinds
    ]


def test_signatures_equal_the_vectors() -> None:
    """Each URL of the vectors is signed as RFC 5849, and ClassLink's sample, sign it."""
    for url, method, send_version, expected in vectors():
        auth = OAuth1("demo-key", "demo-secret/+&", method, send_version=send_version)  # type: ignore[arg-type]
        header = auth.authorization(url, nonce="abc123NONCE", timestamp="1700000000")
        assert [expected] == [unquote(s) for s in re.findall('oauth_signature="(.*?)"', header)]


def test_each_signature_is_made_afresh() -> None:
    """Two signatures of the same URL use different nonces."""
    auth = OAuth1("key", "secret")
    url = "https://roster.example.org/users"
    assert auth.authorization(url) != auth.authorization(url)


@pytest.mark.parametrize("bad", ["", "a\nb", "a\x00b", " a", "a ", "ключ", "a\x7f"])
def test_credentials_with_odd_characters_are_refused(bad: str) -> None:
    """A credential with a line break, control character or outer space is no credential."""
    for make in (
        lambda: StaticBearer(bad),
        lambda: OAuth1(bad, "secret"),
        lambda: OAuth1("key", bad),
    ):
        with pytest.raises(ConfigError) as caught:
            make()
        assert caught.value.code == "EDL-CONF-014"


def test_unknown_signature_methods_are_refused() -> None:
    """A signature method that is neither HMAC-SHA256 nor HMAC-SHA1 is a wrong setting."""
    with pytest.raises(ConfigError) as caught:
        OAuth1("key", "secret", "PLAINTEXT")  # type: ignore[arg-type]
    assert caught.value.code == "EDL-CONF-017"


def test_secrets_are_in_no_repr() -> None:
    """The repr of an auth object names its kind alone."""
    assert repr(StaticBearer("canary")) == "<StaticBearer>"
    assert repr(OAuth1("canary", "canary")) == "<OAuth1 HMAC-SHA256>"

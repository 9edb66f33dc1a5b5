import time
from datetime import UTC, datetime

import pytest
from tests.sso.saml_idp import IDP, SSO, bare, certificate, metadata

from edlink.errors import ConfigError, LoginError
from edlink.sso.saml import FixedMetadata
from edlink.sso.saml.metadata import parse_metadata

NOW = time.time()


def test_metadata_say_who_and_where() -> None:
    """Metadata give the name, the address, every signing certificate once and its end."""
    found = FixedMetadata(metadata("idp", "next", "idp")).current(NOW)
    assert (found.entity_id, found.sso_url) == (IDP, SSO)
    assert found.certificates == (bare(certificate("idp")), bare(certificate("next")))
    assert all(end > datetime.now(UTC) for end in found.certificate_ends)


def test_one_of_several_providers_is_chosen_by_name() -> None:
    """A document of several providers needs a name, which is compared and not searched for."""
    both = (
        '<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"'
        ' validUntil="2030-01-01T00:00:00Z">'
        + metadata(extra='validUntil="2029-01-01T00:00:00.5Z"')
        + metadata(entity_id="https://other.example.org")
        + "</md:EntitiesDescriptor>"
    ).encode()
    assert parse_metadata(both) is None
    assert parse_metadata(both, entity_id="' or '1'='1") is None
    found = parse_metadata(both, entity_id=IDP)
    assert found is not None
    assert found.valid_until == datetime(2029, 1, 1, 0, 0, 0, 500_000, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not xml",
        "<x/>",
        '<!DOCTYPE x [<!ENTITY e "x">]>' + metadata(),
        metadata(entity_id=""),
        metadata(sso="http://idp.example.org/sso"),
        metadata(sso="javascript:alert(1)"),
        metadata("short"),
        metadata().replace("HTTP-Redirect", "HTTP-POST"),
        metadata().replace('use="signing"', 'use="encryption"'),
        metadata().replace(bare(certificate("idp")), "AAAA"),
        metadata(extra='validUntil="tomorrow"'),
        metadata(extra='validUntil="2026-13-01T00:00:00Z"'),
    ],
)
def test_unusable_metadata_are_refused(text: str) -> None:
    """A document without one provider, a safe address and a strong certificate is refused."""
    with pytest.raises(ConfigError) as caught:
        FixedMetadata(text)
    assert caught.value.code == "EDL-CONF-053"


def test_a_certificate_for_every_use_may_sign() -> None:
    """A key without a stated use may sign."""
    text = metadata().replace(' use="signing"', "")
    assert FixedMetadata(text.encode()).current(NOW).entity_id == IDP


def test_metadata_run_out() -> None:
    """Metadata past their validUntil are refused, until then they serve."""
    fixed = FixedMetadata(metadata(extra='validUntil="2026-06-01T00:00:00Z"'))
    end = datetime(2026, 6, 1, tzinfo=UTC).timestamp()
    assert fixed.current(end - 1).entity_id == IDP
    with pytest.raises(LoginError) as caught:
        fixed.current(end)
    assert (caught.value.code, caught.value.reason) == ("EDL-LOGIN-057", "not_set_up")


@pytest.mark.parametrize(
    ("duration", "seconds"),
    [
        ("PT1H", 3600),
        ("P1DT2H3M4.5S", 93784.5),
        ("P1Y2M", 36_720_000),
        ("PT0S", 0),
        ("P", None),
        ("PT", None),
        ("1 hour", None),
        ("-PT1H", None),
    ],
)
def test_metadata_say_how_long_to_keep_them(duration: str, seconds: float | None) -> None:
    """The duration that a document asks to be kept is read; what is no duration says nothing."""
    found = parse_metadata(metadata(extra=f'cacheDuration="{duration}"').encode())
    assert found is not None
    assert found.cache_duration == seconds


@pytest.mark.parametrize("end", ["2027-01-01T00:00:00Z", "2029-01-01T00:00:00Z"])
def test_the_earliest_end_counts(end: str) -> None:
    """Of the ends that a document and its parts give, the earliest counts."""
    text = metadata(extra='validUntil="2028-01-01T00:00:00Z" cacheDuration="PT2H"')
    marked = f'<md:IDPSSODescriptor validUntil="{end}" cacheDuration="PT1H"'
    found = parse_metadata(text.replace("<md:IDPSSODescriptor", marked).encode())
    assert found is not None
    assert found.valid_until == datetime(min(int(end[:4]), 2028), 1, 1, tzinfo=UTC)
    assert found.cache_duration == 3600


def test_a_provider_has_one_role() -> None:
    """A provider that describes itself twice is refused: which one is meant is not guessed."""
    text = metadata()
    start, end = text.index("<md:IDPSSO"), text.index("</md:EntityDescriptor>")
    assert parse_metadata((text[:end] + text[start:]).encode()) is None

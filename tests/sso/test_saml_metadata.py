import time
from datetime import UTC, datetime

import pytest
from tests.sso.issuer import Issuer
from tests.sso.saml_idp import IDP, SSO, Idp, bare, certificate, metadata
from tests.sso.saml_login import accepted, refused, saml_flow

from edlink.errors import ConfigError, LoginError
from edlink.sso.saml import FixedMetadata, RemoteMetadata
from edlink.sso.saml.metadata import PAUSE, REFRESH, parse_metadata
from edlink.sso.sender import Sender

NOW = time.time()


def serve(issuer: Issuer, text: str) -> None:
    issuer.answers["/metadata"] = (200, {}, text.encode())


def remote(issuer: Issuer) -> RemoteMetadata:
    return RemoteMetadata(f"{issuer.url}/metadata", sender=Sender())


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
    "url", ["http://idp.example.org/metadata", "file:///etc/hosts", "ftp://idp.example.org/"]
)
def test_metadata_come_by_https_alone(url: str) -> None:
    """An address that is not https is refused at configuration."""
    with pytest.raises(ConfigError) as caught:
        RemoteMetadata(url, sender=Sender())
    assert caught.value.code == "EDL-CONF-050"


def test_remote_metadata_are_read_daily(issuer: Issuer) -> None:
    """Metadata are read once a day, and the last good ones serve when that fails."""
    serve(issuer, metadata())
    source = remote(issuer)
    source.current(NOW)
    source.current(NOW + REFRESH - 1)
    assert len(issuer.seen) == 1
    issuer.answers.clear()
    assert source.current(NOW + REFRESH).entity_id == IDP
    assert len(issuer.seen) == 2


@pytest.mark.parametrize(
    "answer",
    [
        (404, {}, b""),
        (503, {}, b""),
        (200, {}, b"<html/>"),
        (302, {"Location": "http://127.0.0.1:1/"}, b""),
        (200, {}, b" " * 1_100_000),
    ],
)
def test_without_metadata_nobody_signs_in(
    issuer: Issuer, answer: tuple[int, dict[str, str], bytes]
) -> None:
    """Where no metadata could ever be read, a login is refused and not asked again at once."""
    issuer.answers["/metadata"] = answer
    source = remote(issuer)
    for later in (0, 1, PAUSE - 1):
        with pytest.raises(LoginError) as caught:
            source.current(NOW + later)
        assert caught.value.code == "EDL-LOGIN-056"
    assert len(issuer.seen) == 1


def test_another_name_is_never_taken_over(issuer: Issuer) -> None:
    """Metadata that suddenly name another provider are ignored; the last good ones serve."""
    serve(issuer, metadata())
    source = remote(issuer)
    source.current(NOW)
    serve(issuer, metadata("attacker", entity_id="https://evil.example.org"))
    assert source.refreshed(NOW + PAUSE) is None
    assert source.current(NOW + REFRESH * 2).entity_id == IDP


def test_a_renewed_certificate_is_found_at_the_first_login(issuer: Issuer) -> None:
    """A response by a new certificate makes one look at the metadata and is then accepted."""
    now = [time.time()]
    serve(issuer, metadata("idp"))
    flow = saml_flow(metadata=remote(issuer), clock=lambda: now[0])
    flow.begin()
    serve(issuer, metadata("next"))
    now[0] += PAUSE
    pending = flow.begin().pending
    assert accepted(flow, Idp(key="next").respond(pending.request_id), pending).issuer == IDP
    pending = flow.begin().pending
    assert refused(flow, Idp(key="idp").respond(pending.request_id), pending) == "EDL-LOGIN-046"


def test_either_of_two_certificates_may_sign() -> None:
    """While old and new certificate are both published, either may have signed."""
    flow = saml_flow(metadata=FixedMetadata(metadata("idp", "next")))
    for key in ("idp", "next"):
        pending = flow.begin().pending
        assert accepted(flow, Idp(key=key).respond(pending.request_id), pending).issuer == IDP


def test_forged_signatures_cause_one_look_a_minute(issuer: Issuer) -> None:
    """However many forged responses arrive, the metadata are read once a minute."""
    serve(issuer, metadata())
    flow = saml_flow(metadata=remote(issuer), clock=lambda: NOW)
    for _ in range(4):
        pending = flow.begin().pending
        assert (
            refused(flow, Idp(key="attacker").respond(pending.request_id), pending)
            == "EDL-LOGIN-046"
        )
    assert len(issuer.seen) == 1

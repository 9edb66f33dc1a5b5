"""When metadata are read from their address, and what is taken over from there."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest
from tests.sso.issuer import Issuer, Seen
from tests.sso.saml_idp import IDP, SSO, Idp, bare, certificate, metadata, moment
from tests.sso.saml_login import accepted, refused, saml_flow

from edlink.errors import ConfigError, LoginError
from edlink.sso.saml import FixedMetadata, IdpMetadata, RemoteMetadata, SamlFlow
from edlink.sso.saml.metadata import require_metadata
from edlink.sso.saml.sources import PAUSE, REFRESH
from edlink.sso.sender import Sender

NOW = time.time()


def serve(issuer: Issuer, text: str) -> None:
    issuer.answers["/metadata"] = (200, {}, text.encode())


def remote(
    issuer: Issuer, *, entity_id: str | None = None, kept: IdpMetadata | None = None
) -> RemoteMetadata:
    url = f"{issuer.url}/metadata"
    return RemoteMetadata(url, entity_id=entity_id, kept=kept, sender=Sender())


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
    used = source.current(NOW)
    serve(issuer, metadata("attacker", entity_id="https://evil.example.org"))
    assert source.refreshed(used, NOW + PAUSE) is None
    assert source.problem(NOW + PAUSE) == "another_entity"
    assert source.current(NOW + REFRESH * 2) == used


def test_another_host_is_never_taken_over(issuer: Issuer) -> None:
    """Metadata that suddenly send people to another host are ignored; another path is not."""
    serve(issuer, metadata())
    source = remote(issuer)
    used = source.current(NOW)
    serve(issuer, metadata(sso="https://phish.example.org/sso"))
    assert source.refreshed(used, NOW + PAUSE) is None
    assert source.problem(NOW + PAUSE) == "another_host"
    serve(issuer, metadata(sso=SSO + "/v2"))
    assert source.current(NOW + REFRESH * 2).sso_url == SSO + "/v2"


@pytest.mark.parametrize(
    "text",
    [
        metadata("attacker", entity_id="https://evil.example.org"),
        metadata("attacker", sso="https://phish.example.org/sso"),
    ],
)
def test_a_kept_copy_says_who_is_right(issuer: Issuer, text: str) -> None:
    """After a restart, name and host of the kept copy count, not those of the first document."""
    serve(issuer, text)
    kept = require_metadata(metadata())
    assert remote(issuer, kept=kept).current(NOW) == kept
    serve(issuer, metadata("next"))
    assert remote(issuer, kept=kept).current(NOW).certificates == (bare(certificate("next")),)


def test_a_pinned_name_is_right_from_the_start(issuer: Issuer) -> None:
    """Where the host names the provider, the first document of another one is refused."""
    serve(issuer, metadata("attacker", entity_id="https://evil.example.org"))
    source = remote(issuer, entity_id=IDP)
    assert source.problem(NOW) == "another_entity"
    with pytest.raises(LoginError) as caught:
        source.current(NOW)
    assert caught.value.code == "EDL-LOGIN-056"


def test_a_kept_copy_serves_while_the_address_is_dead(issuer: Issuer) -> None:
    """A host that starts while the address does not answer signs people in by its copy."""
    kept = require_metadata(metadata())
    source = remote(issuer, kept=kept)
    assert (source.problem(NOW), source.current(NOW)) == ("unreachable", kept)


def test_metadata_are_renewed_before_they_run_out(issuer: Issuer) -> None:
    """Metadata that are good for six hours are read again in time, hour by hour for two days."""
    source = remote(issuer)
    for hour in range(48):
        now = NOW + hour * 3600
        serve(issuer, metadata(extra=f'validUntil="{moment(hour * 3600 + 6 * 3600)}"'))
        assert source.current(now).is_valid(now)
    assert len(issuer.seen) <= 16


def test_metadata_are_kept_as_long_as_they_ask(issuer: Issuer) -> None:
    """Metadata are read again when their cacheDuration is over, but not more than each minute."""
    for duration, wait in (("PT1H", 3600), ("PT0S", PAUSE), ("P7D", REFRESH)):
        issuer.seen.clear()
        serve(issuer, metadata(extra=f'cacheDuration="{duration}"'))
        source = remote(issuer)
        for later in (0, wait - 1, wait):
            source.current(NOW + later)
        assert len(issuer.seen) == 2


def test_a_failed_look_is_soon_repeated(issuer: Issuer) -> None:
    """A look that fails is repeated after a minute, then after two, up to an hour apart."""
    serve(issuer, metadata())
    source = remote(issuer)
    source.current(NOW)
    issuer.answers.clear()
    looks = []
    for minute in range(6 * 60):
        before = len(issuer.seen)
        source.current(NOW + REFRESH + minute * 60)
        looks += [minute] * (len(issuer.seen) - before)
    assert looks == [0, 1, 3, 7, 15, 31, 63, 123, 183, 243, 303]
    serve(issuer, metadata("next"))
    later = NOW + REFRESH + 363 * 60
    assert source.current(later).certificates == (bare(certificate("next")),)
    issuer.answers.clear()
    issuer.seen.clear()
    for seconds in (0, 59, 60):
        source.current(later + REFRESH + seconds)
    assert len(issuer.seen) == 2


def test_expired_metadata_replace_no_good_ones(issuer: Issuer) -> None:
    """A document that has run out already is refused while the last good one serves."""
    serve(issuer, metadata(extra=f'validUntil="{moment(48 * 3600)}"'))
    source = remote(issuer)
    used = source.current(NOW)
    serve(issuer, metadata("next", extra=f'validUntil="{moment(-3600)}"'))
    assert source.refreshed(used, NOW + PAUSE) is None
    assert source.problem(NOW + PAUSE) == "expired"
    assert source.current(NOW + PAUSE) == used


def test_without_valid_metadata_each_minute_counts(issuer: Issuer) -> None:
    """Where nothing valid is held, the address is looked at every minute until it is good."""
    serve(issuer, metadata(extra=f'validUntil="{moment(-3600)}"'))
    source = remote(issuer)
    for minute in range(8):
        with pytest.raises(LoginError) as caught:
            source.current(NOW + minute * PAUSE)
        assert caught.value.code == "EDL-LOGIN-057"
    assert len(issuer.seen) == 8
    serve(issuer, metadata())
    assert source.current(NOW + 8 * PAUSE).entity_id == IDP


def test_a_slow_publisher_holds_up_one_login(issuer: Issuer) -> None:
    """While one login waits for the metadata, others go on with the last good ones."""
    serve(issuer, metadata())
    source = remote(issuer)
    used = source.current(NOW)
    asked, answer = Event(), Event()

    def slow(_: Seen) -> tuple[int, dict[str, str], bytes]:
        asked.set()
        answer.wait(10)
        return (200, {}, metadata("next").encode())

    issuer.answers["/metadata"] = slow
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(source.current, NOW + REFRESH)
        assert asked.wait(10)
        assert source.current(NOW + REFRESH) == used
        answer.set()
        assert waiting.result() != used


def test_first_logins_share_one_look(issuer: Issuer) -> None:
    """Logins that come at the same moment, before any metadata are held, wait for one look."""
    serve(issuer, metadata())
    source = remote(issuer)
    barrier = Barrier(6)

    def begin(_: int) -> str:
        barrier.wait()
        return source.current(NOW).entity_id

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(begin, range(6))) == {IDP}
    assert len(issuer.seen) == 1


def test_a_login_shares_a_look_of_another(issuer: Issuer) -> None:
    """A login that used older metadata is given what is held by now, without a look."""
    serve(issuer, metadata())
    source = remote(issuer)
    used = source.current(NOW)
    serve(issuer, metadata("next"))
    newer = source.current(NOW + REFRESH)
    assert source.refreshed(used, NOW + REFRESH + PAUSE) == newer != used
    assert len(issuer.seen) == 2


def renewed(issuer: Issuer) -> SamlFlow:
    """Return a connection that read the metadata before the certificate in them was renewed."""
    now = [time.time()]
    serve(issuer, metadata("idp"))
    flow = saml_flow(metadata=remote(issuer), clock=lambda: now[0])
    flow.begin()
    serve(issuer, metadata("next"))
    now[0] += PAUSE
    return flow


def test_a_renewed_certificate_is_found_by_all_at_once(issuer: Issuer) -> None:
    """Of eight people at the same moment after a renewal, all are signed in, by one look."""
    flow = renewed(issuer)
    logins = [flow.begin().pending for _ in range(8)]
    fields = [Idp(key="next").respond(pending.request_id) for pending in logins]
    barrier = Barrier(8)

    def sign_in(number: int) -> str | None:
        barrier.wait()
        return accepted(flow, fields[number], logins[number]).name_id

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(sign_in, range(8))) == ["person-1"] * 8
    assert len(issuer.seen) == 2


def test_a_renewed_certificate_is_found_at_the_first_login(issuer: Issuer) -> None:
    """A response by a new certificate makes one look at the metadata and is then accepted."""
    flow = renewed(issuer)
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

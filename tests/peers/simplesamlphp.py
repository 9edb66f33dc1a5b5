"""SimpleSAMLphp as the district's SAML identity provider, configured anew for each test."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
from tests.peers.processes import ROOT, free_port, running, unpacked_environment
from tests.sso.saml_idp import bare, certificate, pem

ENTITY = "https://app.example.org/entity"
LANDING = "https://app.example.org/saml"
IDP = "https://idp.example.org/simplesamlphp"

PERSON: Mapping[str, list[str]] = {
    "uid": ["alice"],
    "sourcedId": ["SIS-1001"],
    "role": ["Student"],
}

_EXTENSIONS = ("dom", "xml", "mbstring", "simplexml", "ctype", "tokenizer", "posix", "iconv")


def php(value: Any) -> str:  # noqa: ANN401 - what PHP can hold
    """Return a value as PHP source."""
    if isinstance(value, Mapping):
        return "[" + ", ".join(f"{php(k)} => {php(v)}" for k, v in value.items()) + "]"
    if isinstance(value, list):
        return "[" + ", ".join(map(php, value)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return "'" + str(value).replace("\\", "\\\\").replace("'", "\\'") + "'"


@attrs.frozen(kw_only=True)
class District:
    """A running provider: its base address and where its certificates are."""

    base: str

    @property
    def metadata_url(self) -> str:
        """Where it publishes its metadata."""
        return f"{self.base}/saml2/idp/metadata.php"

    @property
    def tile_url(self) -> str:
        """Where a login starts at the provider."""
        return f"{self.base}/saml2/idp/SSOService.php?spentityid={ENTITY}&RelayState=/tile"


@contextmanager
def simplesamlphp(
    folder: Path,
    *,
    service: Mapping[str, Any] | None = None,
    provider: Mapping[str, Any] | None = None,
    entity: str = ENTITY,
    person: Mapping[str, list[str]] | None = None,
) -> Iterator[District]:
    """
    Yield a running provider that knows one person (alice, password ``secret``) and our service.

    Args:
        folder: Where its configuration, certificates, sessions and log go.
        entity: Our service's entity id.
        person: What is known of the person, where it is other than usual.
        service: Further settings of our service (``saml20-sp-remote``).
        provider: Further settings of the provider itself (``saml20-idp-hosted``).
    """
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    remote = {entity: _remote(service or {})}
    _configure(folder, base, remote, provider or {}, {**PERSON, **(person or {})})
    (extensions,) = ROOT.glob("usr/lib/php/2*")
    flags = [f"-dextension_dir={extensions}", "-ddisplay_errors=0"]
    flags += [f"-dextension={name}" for name in _EXTENSIONS]
    command: list[str | Path] = [ROOT / "usr/bin/php8.2", "-n", *flags, "-S", f"127.0.0.1:{port}"]
    command += ["-t", ROOT / "usr/share/simplesamlphp/www"]
    environment = {**unpacked_environment(), "SIMPLESAMLPHP_CONFIG_DIR": str(folder)}
    with running(command, port, folder / "simplesamlphp.log", environment):
        yield District(base=base)


def _configure(
    folder: Path,
    base: str,
    remote: Mapping[str, Any],
    provider: Mapping[str, Any],
    person: Mapping[str, list[str]],
) -> None:
    for name in ("metadata", "cert", "log", "data", "temp", "sessions"):
        (folder / name).mkdir(exist_ok=True)
    for name in ("idp", "next"):
        (folder / "cert" / f"{name}.key").write_text(pem(name))
        (folder / "cert" / f"{name}.pem").write_text(certificate(name))
    _write(folder / "config.php", "config", _settings(folder, base))
    users = {"people": ["exampleauth:UserPass"], "admin": ["core:AdminPassword"]}
    source = php(users).replace(
        "['exampleauth:UserPass']", f"['exampleauth:UserPass', 'alice:secret' => {php(person)}]"
    )
    (folder / "authsources.php").write_text(f"<?php $config = {source};\n")
    hosted = {
        "host": "__DEFAULT__",
        "privatekey": "idp.key",
        "certificate": "idp.pem",
        "auth": "people",
        "signature.algorithm": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        **provider,
    }
    _write(folder / "metadata/saml20-idp-hosted.php", "metadata", {IDP: hosted})
    _write(folder / "metadata/saml20-sp-remote.php", "metadata", remote)


def _remote(service: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "AssertionConsumerService": LANDING,
        "NameIDFormat": "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
        "simplesaml.nameidattribute": "uid",
        "certData": bare(certificate("sp")),
        **service,
    }


def _settings(folder: Path, base: str) -> dict[str, Any]:
    return {
        "baseurlpath": f"{base}/",
        "certdir": f"{folder}/cert/",
        "loggingdir": f"{folder}/log/",
        "datadir": f"{folder}/data/",
        "tempdir": f"{folder}/temp",
        "metadatadir": f"{folder}/metadata",
        "attributenamemapdir": f"{ROOT}/etc/simplesamlphp/attributemap/",
        "secretsalt": "only-for-these-tests",
        "auth.adminpassword": "only-for-these-tests",
        "technicalcontact_email": "na@example.org",
        "timezone": "UTC",
        "logging.handler": "file",
        "enable.saml20-idp": True,
        "module.enable": {"exampleauth": True, "core": True, "saml": True},
        "admin.checkforupdates": False,
        "session.cookie.secure": False,
        "store.type": "phpsession",
        "session.phpsession.savepath": f"{folder}/sessions",
        "session.phpsession.cookiename": "district",
        "language.default": "en",
        "metadata.sources": [{"type": "flatfile", "directory": f"{folder}/metadata"}],
    }


def _write(path: Path, variable: str, value: Mapping[str, Any]) -> None:
    path.write_text(f"<?php ${variable} = {php(value)};\n")

"""The settings of a package's client."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edlink.errors import ConfigError, EdlinkError
from edlink.oneroster.csv import OneRosterCsv

Make = Callable[..., Path]
Open = Callable[..., OneRosterCsv]


def test_it_shows_its_tenant_only(open_csv: Open) -> None:
    """The client's text holds neither path nor settings."""
    client = open_csv("sftp://user:secret@example.org/x", storage_options={"password": "secret"})
    assert repr(client) == "OneRosterCsv(oneroster-csv:example)"


def test_it_closes_itself(make_zip: Make) -> None:
    """As a context manager it opens once and closes."""
    with OneRosterCsv(make_zip(), tenant="example", settle=0) as client:
        assert len(list(client.orgs())) == len(client.pull_roster().orgs)
        assert client.pull_roster().pulled_at <= datetime.now(UTC)


@pytest.mark.parametrize("url", ["http://example.org/x.zip", "FTP://example.org/x"])
def test_no_plain_connections(url: str) -> None:
    """A URL without encryption is refused before any network."""
    with pytest.raises(ConfigError) as caught:
        OneRosterCsv(url, tenant="example")
    assert caught.value.code == "EDL-CONF-022"


def test_a_header_that_cannot_be_read_closes_the_package(make_zip: Make, open_csv: Open) -> None:
    """Where the version cannot be told, the package is closed again."""
    client = open_csv(make_zip({"manifest.csv": None, "orgs.csv": b"\xff\xff"}))
    for _ in range(2):
        with pytest.raises(EdlinkError) as caught:
            client.pull_roster()
        assert caught.value.code == "EDL-CSV-013"

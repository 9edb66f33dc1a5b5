"""What is known of the products, as data."""

import pytest

from edlink.oneroster import CLASSLINK, GENERIC, SERVERS, Server

TOPICS = (
    "credentials",
    "clock",
    "address",
    "permission",
    "demographics",
    "birth_dates",
    "parents",
    "links",
    "emails",
    "masking",
    "sessions",
    "data",
)


@pytest.mark.parametrize("server", SERVERS.values(), ids=lambda server: server.name)
@pytest.mark.parametrize("topic", TOPICS)
def test_every_topic_has_a_step(server: Server, topic: str) -> None:
    """Whatever a finding is about, each product has a step that mends it."""
    assert server.fix(topic)


def test_a_products_own_words_go_first() -> None:
    """Where a product's screens are known, the step names them."""
    assert "Permissions" in CLASSLINK.fix("demographics")
    assert "Permissions" not in GENERIC.fix("demographics")


@pytest.mark.parametrize("server", SERVERS.values(), ids=lambda server: server.name)
def test_a_server_is_found_by_its_name(server: Server) -> None:
    """Names are keys, and every server speaks at least one version."""
    assert SERVERS[server.name] is server
    assert set(server.versions) <= {"1.1", "1.2"} != set()

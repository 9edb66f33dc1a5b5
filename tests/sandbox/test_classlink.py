"""The ClassLink door: the partner's list, the proxy with its verbatim id, the direct form."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from tests.sandbox.wire import Wire

from edlink import sandbox
from edlink.sandbox import Sandbox


@pytest.fixture(scope="module")
def district() -> Iterator[Sandbox]:
    with sandbox.start(people=120, provider="classlink") as district:
        yield district


def applications(district: Sandbox, query: str = "") -> requests.Response:
    headers = {"Authorization": f"Bearer {district.api_key}"}
    return requests.get(f"{district.url}/applications{query}", headers=headers, timeout=5)


def test_the_list_is_paged_without_a_count(district: Sandbox) -> None:
    """The partner's list honours limit and offset and says no total; one row can be used."""
    rows: list[dict[str, Any]] = []
    while page := applications(district, f"?limit=5&offset={len(rows)}").json()["applications"]:
        rows += page
    usable = [
        row
        for row in rows
        if row["enabled"] == "true" and row["tenant_status"] == "Active" and row["bearer"]
    ]
    assert not {"x-total-count", "x-count"} & {*applications(district).headers}
    assert len(rows) == 13
    assert [row["oneroster_application_id"] for row in usable] == [
        district.details["application_id"]
    ]
    assert usable[0]["bearer"] == district.details["bearer"]


def test_the_list_needs_the_partners_key(district: Sandbox) -> None:
    """Without the API key the list is 401."""
    assert requests.get(f"{district.url}/applications", timeout=5).status_code == 401


def test_the_application_id_is_used_as_it_is(district: Sandbox) -> None:
    """The proxy knows the id byte for byte; decoded or encoded again it is another address."""
    application_id = district.details["application_id"]
    with Wire(district, bearer=district.details["bearer"]) as wire:
        right = wire.get("/orgs").status_code
        others = [application_id.replace("%", "%25"), application_id.replace("%43", "C")]
        urls = [district.base_url.replace(application_id, other) for other in others]
        wrong = [wire.session.get(url + "/orgs", timeout=5).status_code for url in urls]
    assert right == 200
    assert wrong == [404, 404]


def test_headers_are_classlinks(district: Sandbox) -> None:
    """Pages carry x-count, x-total-count, x-perm-rev and x-obfuscated, and no Link."""
    with Wire(district, bearer=district.details["bearer"]) as wire:
        headers = wire.get("/users?limit=70&offset=100").headers
    assert headers["x-count"] == "20"
    assert headers["x-total-count"] == "120"
    assert headers["x-perm-rev"]
    assert headers["x-obfuscated"] == ""
    assert "Link" not in headers


def test_absent_values_are_empty_texts_and_lists(district: Sandbox) -> None:
    """Users without a phone have an empty one, classes without periods an empty list."""
    with Wire(district, bearer=district.details["bearer"]) as wire:
        users, classes = wire.rows("/users?limit=1000"), wire.rows("/classes?limit=1000")
    assert {user["password"] for user in users} == {""}
    assert "" in {user["sms"] for user in users}
    assert [] in [class_["periods"] for class_ in classes]


def test_references_point_at_another_host(district: Sandbox) -> None:
    """No href leads back to the proxy."""
    with Wire(district, bearer=district.details["bearer"]) as wire:
        hrefs = {org["href"] for user in wire.rows("/users") for org in user["orgs"]}
    assert all(href.startswith("https://roster.example.org/") for href in hrefs)


def test_the_direct_form_is_signed() -> None:
    """The server address that /applications/{id}/server gives takes OAuth 1 with its keys."""
    with sandbox.start(people=50, provider="classlink", auth="oauth1") as district:
        url = f"{district.url}/applications/{district.details['application_id']}/server"
        with Wire(district, oauth1="HMAC-SHA256") as wire:
            answer = wire.fetch(url, Authorization=f"Bearer {district.api_key}")
            code = wire.get("/orgs").status_code
        server = answer.json()["server"]
        base_url = district.base_url
        keys = (district.key, district.secret)
    assert base_url == server["endpoint_url"] + "/ims/oneroster/v1p1"
    assert (server["client_id"], server["client_secret"]) == keys
    assert code == 200


def test_the_truth_is_that_of_1_1(district: Sandbox) -> None:
    """ClassLink speaks 1.1: no preferred names and no dates of roles."""
    assert district.truth.source.provider == "classlink"
    assert {user.preferred_given_name for user in district.truth.users} == {None}

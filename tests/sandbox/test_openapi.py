"""The 1.2 door against 1EdTech's official OpenAPI document."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from jsonschema import Draft7Validator
from tests.sandbox.wire import Wire

from edlink import sandbox
from edlink.model import User
from edlink.sandbox.oneroster.endpoints import ENDPOINTS
from edlink.vocabulary import Role

SPEC = (
    Path(__file__).parents[3]
    / "shared/data/oneroster/spec/onerosterv1p2rostersservice_openapi3_v1p0.json"
)
TEMPLATES = [endpoint.template for endpoint in ENDPOINTS]


@pytest.fixture(scope="module")
def spec() -> dict[str, Any]:
    if not SPEC.exists():
        pytest.skip(f"{SPEC.name} is not here")
    return dict(json.loads(SPEC.read_text()))


@pytest.fixture(scope="module")
def wire() -> Iterator[Wire]:
    with (
        sandbox.start(people=120, version="1.2") as district,
        Wire(district, version="1.2") as wire,
    ):
        yield wire


@pytest.fixture(scope="module")
def ids(wire: Wire) -> dict[str, str]:
    """Return an id for the first path word that each one follows."""
    truth = wire.sandbox.truth
    by_role = {role: _first(truth.users_with_role(role)) for role in Role if role is not Role.other}
    class_ = next(c for c in truth.classes if c.org_id == truth.orgs[2].sourced_id)
    terms = [s.sourced_id for s in truth.academic_sessions if s.type_raw == "term"]
    periods = [s.sourced_id for s in truth.academic_sessions if s.type_raw == "gradingPeriod"]
    return {
        "academicSessions": truth.academic_sessions[0].sourced_id,
        "terms": terms[0],
        "gradingPeriods": periods[0],
        "orgs": truth.orgs[0].sourced_id,
        "schools": truth.orgs[2].sourced_id,
        "courses": truth.courses[0].sourced_id,
        "classes": class_.sourced_id,
        "enrollments": truth.enrollments[0].sourced_id,
        "users": by_role[Role.guardian],
        "students": by_role[Role.student],
        "teachers": by_role[Role.teacher],
        "demographics": by_role[Role.student],
    }


def _first(users: tuple[User, ...]) -> str:
    return users[0].sourced_id if users else ""


def fill(template: str, ids: dict[str, str]) -> str:
    return re.sub(
        r"/(\w+)/\{id\}", lambda m: f"/{m.group(1)}/{quote(ids[m.group(1)], safe='')}", template
    )


def problems(spec: dict[str, Any], schema: dict[str, Any], body: object) -> list[str]:
    found = Draft7Validator({**schema, "components": spec["components"]}).iter_errors(body)
    return [f"{list(error.absolute_path)}: {error.validator}" for error in found]


def responses_of(spec: dict[str, Any], template: str) -> dict[str, Any]:
    same = {re.sub(r"\{\w+\}", "{id}", path): value for path, value in spec["paths"].items()}
    return dict(same[template]["get"]["responses"])


def test_the_endpoints_are_those_of_the_standard(spec: dict[str, Any]) -> None:
    """The sandbox has the paths of the official document, no more and no fewer."""
    official = {re.sub(r"\{\w+\}", "{id}", path) for path in spec["paths"]}
    assert set(TEMPLATES) == official


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_answer_is_valid(
    template: str, spec: dict[str, Any], wire: Wire, ids: dict[str, str]
) -> None:
    """The whole body of each endpoint is valid under the official schema, and has rows."""
    answer = wire.get(fill(template, ids) + ("" if template.endswith("}") else "?limit=10000"))
    schema = responses_of(spec, template)["200"]["content"]["application/json"]["schema"]
    assert answer.status_code == 200
    assert problems(spec, schema, answer.json()) == []
    assert template == "/users/{id}/classes" or any(answer.json().values())


@pytest.mark.parametrize(
    ("status", "path"),
    [("404", "/users/nobody"), ("400", "/users?filter=nonsense"), ("401", "/orgs")],
)
def test_every_error_is_valid(status: str, path: str, spec: dict[str, Any], wire: Wire) -> None:
    """Error bodies are valid under the official schema."""
    headers = {"Authorization": "Bearer wrong"} if status == "401" else {}
    answer = wire.get(path, **headers)
    schema = responses_of(spec, "/users/{id}")["404"]["content"]["application/json"]["schema"]
    assert answer.status_code == int(status)
    assert problems(spec, schema, answer.json()) == []


@pytest.mark.parametrize(
    "name",
    [
        "onerosterv1p2rostersservice_openapi3_v1p0.json",
        "imsorv1p2_rostering_openapi3_v1p0.json",
    ],
)
def test_the_service_describes_itself(name: str, wire: Wire) -> None:
    """The discovery document is at both addresses that the official papers give."""
    document = wire.get(f"/discovery/{name}").json()
    assert len(document["paths"]) == 41

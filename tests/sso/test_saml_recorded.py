"""Responses recorded from real identity providers, at the moment they were made."""

import base64
import json
from pathlib import Path
from typing import Any

import attrs
import pytest
from lxml import etree
from onelogin.saml2.utils import OneLogin_Saml2_Utils  # type: ignore[import-untyped]
from tests.sso.saml_idp import encode, text_of
from tests.sso.saml_login import accepted, refused, saml_flow

from edlink.sso import MemoryReplayStore, PendingLogin
from edlink.sso.saml import FixedMetadata, SamlFlow

RECORDED = sorted((Path(__file__).parent / "recorded").glob("*.json"))


@attrs.frozen
class Recording:
    """A response with the login it belongs to."""

    field: str
    pending: PendingLogin | None
    flow: SamlFlow


@pytest.fixture(params=RECORDED, ids=lambda path: path.stem)
def recording(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Recording:
    """Return a recording, with both clocks at its moment."""
    found: dict[str, Any] = json.loads(request.param.read_text())
    monkeypatch.setattr(OneLogin_Saml2_Utils, "now", staticmethod(lambda: found["at"]))
    flow = saml_flow(
        metadata=FixedMetadata(found["metadata"]),
        unsolicited="accept",
        replay_store=MemoryReplayStore(lambda: found["at"]),
        clock=lambda: found["at"],
    )
    pending = None
    if found["request_id"] is not None:
        pending = attrs.evolve(flow.begin().pending, request_id=found["request_id"])
    return Recording(found["response"], pending, flow)


def test_a_recorded_response_is_accepted_once(recording: Recording) -> None:
    """What a real provider sent is accepted, once."""
    found = accepted(recording.flow, recording.field, recording.pending)
    assert found.name_id == "alice"
    assert (found.value("sourcedId"), found.value("role")) == ("SIS-1001", "Student")
    assert refused(recording.flow, recording.field, recording.pending) == "EDL-LOGIN-005"


@pytest.mark.parametrize("later", [-400, 4000])
def test_a_recorded_response_has_its_time(recording: Recording, later: int) -> None:
    """The same response is refused before and after its time."""
    now = recording.flow.clock()
    flow = attrs.evolve(recording.flow, clock=lambda: now + later)
    expected = {"EDL-LOGIN-051", "EDL-LOGIN-014"}
    assert refused(flow, recording.field, recording.pending) in expected


def test_a_recorded_response_names_its_person_alone(recording: Recording) -> None:
    """A real response with another person put in is refused."""
    root = etree.fromstring(base64.b64decode(recording.field))
    text_of(".//saml:NameID", "EVIL")(root)
    assert refused(recording.flow, encode(root), recording.pending) == "EDL-LOGIN-046"


def test_a_recorded_response_is_for_us(recording: Recording) -> None:
    """The same response is refused by another service and at another address."""
    other = attrs.evolve(recording.flow, entity_id="https://other.example.org")
    assert refused(other, recording.field, recording.pending) == "EDL-LOGIN-047"
    elsewhere = "https://app.example.org/other"
    pending = recording.pending and attrs.evolve(recording.pending, redirect_uri=elsewhere)
    moved = attrs.evolve(recording.flow, acs_url=elsewhere)
    assert refused(moved, recording.field, pending) == "EDL-LOGIN-047"


def test_there_are_recordings() -> None:
    """Both providers were recorded."""
    assert {path.stem.partition("-")[0] for path in RECORDED} == {"simplesamlphp", "pysaml2"}

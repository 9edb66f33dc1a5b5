import pytest
from tests.clever.conftest import FAST
from tests.clever.replay import TOKEN, Answer, Asked, Clever

from edlink.clever import CleverApp, CleverClient
from edlink.report import Finding
from edlink.vocabulary import Severity


def by_code(findings: tuple[Finding, ...], code: str) -> list[Finding]:
    return [finding for finding in findings if finding.code == code]


def test_a_good_district_has_little_to_mend(client: CleverClient) -> None:
    """Each collection is looked at, with how much there is of it."""
    findings = client.check_access()
    rows = {f.title: f.evidence["rows"] for f in by_code(findings, "EDL-CHECK-606")}

    assert rows["Clever shares users:student"] == 3
    assert rows["Clever shares sections"] == 2
    assert [f.severity for f in by_code(findings, "EDL-CHECK-604")] == [Severity.ok]
    assert [f.severity for f in by_code(findings, "EDL-CHECK-605")] == [Severity.ok]


def test_sections_are_seen_by_term(client: CleverClient) -> None:
    """How sections hang on terms is shown, with what lacks dates."""
    (finding,) = by_code(client.check_access(), "EDL-CHECK-607")

    assert finding.severity is Severity.warning
    assert finding.evidence == {
        "terms": 2,
        "terms without dates": 1,
        "sections looked at": 2,
        "sections without term": 1,
        "sections in S1": 1,
    }


def test_good_terms_need_nothing(clever: Clever, client: CleverClient) -> None:
    """Where every section has a dated term there is nothing to do."""
    clever.rows["terms"] = clever.rows["terms"][:1]
    clever.rows["sections"] = clever.rows["sections"][:1]
    (finding,) = by_code(client.check_access(), "EDL-CHECK-607")

    assert finding.is_ok


def test_events_may_be_off(clever: Clever, client: CleverClient) -> None:
    """An empty feed leads to the screen where events are enabled; a withheld one too."""
    (empty,) = by_code(client.check_access(), "EDL-CHECK-608")
    clever.fault = lambda asked, answer: Answer.json({}, 403) if asked.path == "/events" else answer
    (withheld,) = by_code(client.check_access(), "EDL-CHECK-608")

    assert empty == withheld
    assert "Enable events" in empty.fix or "enable events" in empty.fix


def test_events_that_are_there_need_nothing(clever: Clever, client: CleverClient) -> None:
    """A feed with an event is fine."""
    clever.rows["events"] = [
        {"id": "e1", "type": "users.updated", "data": {"object": {"id": "u01"}}}
    ]

    assert by_code(client.check_access(), "EDL-CHECK-608")[0].severity is Severity.ok


def test_a_missing_scope_is_named(clever: Clever) -> None:
    """A scope that the token lacks is named beside what to share."""
    scopes = ["read:schools", "read:sections", "read:students", "read:teachers"]
    with CleverClient(TOKEN, base_url=clever.base_url, scopes=scopes, settings=FAST) as client:
        findings = by_code(client.check_access(), "EDL-CHECK-606")
    (contacts,) = [f for f in findings if "contact" in f.title]

    assert contacts.evidence == {"scope": "read:student_contacts"}
    assert contacts.severity is Severity.warning
    assert "Edit Sharing" in contacts.fix
    assert "student contacts" in contacts.fix


def test_students_that_are_withheld_are_an_error(clever: Clever, client: CleverClient) -> None:
    """Without students or sections no roster is worth having; terms are then not looked at."""

    def refuse(asked: Asked, answer: Answer) -> Answer:
        denied = asked.params.get("role") == "student" or asked.path == "/sections"
        return Answer.json({"message": "scope"}, 403) if denied else answer

    clever.fault = refuse
    findings = client.check_access()
    errors = [f for f in findings if f.severity is Severity.error]

    assert {f.title for f in errors} == {
        "Clever withholds users:student",
        "Clever withholds sections",
    }
    assert all(f.evidence["error"] == "EDL-HTTP-003" for f in errors)
    assert by_code(findings, "EDL-CHECK-607") == []


def test_an_empty_collection_is_named(clever: Clever, client: CleverClient) -> None:
    """Nothing at all is how a missing permission looks."""
    clever.rows["courses"] = []
    findings = by_code(client.check_access(), "EDL-CHECK-606")

    assert "Clever has no courses for this app" in {f.title for f in findings}


def test_where_clever_does_not_count_one_row_is_enough(
    clever: Clever, client: CleverClient
) -> None:
    """Without counts it is seen whether there is anything."""
    clever.fault = lambda asked, answer: Answer.json({"links": []}) if asked.is_count else answer
    findings = by_code(client.check_access(), "EDL-CHECK-606")

    assert {f.evidence["rows"] for f in findings} == {"some"}


def test_a_paused_district_is_said(clever: Clever, client: CleverClient) -> None:
    """A pause is shown with its dates."""
    clever.rows["districts"][0] |= {"state": "paused", "pause_end": "2026-08-20"}
    (finding,) = by_code(client.check_access(), "EDL-CHECK-605")

    assert finding.severity is Severity.warning
    assert finding.evidence["paused until"] == "2026-08-20"
    assert finding.who == "district"


@pytest.mark.parametrize(
    ("status", "code"), [(401, "EDL-CHECK-601"), (404, "EDL-CHECK-603"), (500, "EDL-CHECK-603")]
)
def test_a_door_that_stays_shut_is_the_only_finding(
    clever: Clever, client: CleverClient, status: int, code: str
) -> None:
    """When the district cannot be read, that is what to mend first."""
    clever.fault = lambda _, __: Answer.json({"message": "no"}, status)
    (finding,) = client.check_access()

    assert (finding.code, finding.severity) == (code, Severity.error)


@pytest.mark.parametrize(
    ("answer", "title", "fix"),
    [
        (Answer(429, headers={"Retry-After": "3600"}), "is busy", "lower HttpSettings.rate"),
        (Answer(503), "keeps failing", "Try again later"),
        (Answer(200, b"<html>"), "does not answer as it should", "report it to Clever"),
        (Answer(404), "does not answer in version 3.1", "granted by Clever"),
    ],
)
def test_the_version_is_named_only_where_it_may_be_the_cause(
    clever: Clever, client: CleverClient, answer: Answer, title: str, fix: str
) -> None:
    """Trouble of another kind leads to the step that mends it."""
    clever.fault = lambda _, __: answer
    (finding,) = client.check_access()

    assert finding.code == "EDL-CHECK-603"
    assert title in finding.title
    assert fix in finding.fix


@pytest.mark.parametrize(
    ("address", "title", "fix"),
    [
        ("http://127.0.0.1:9/v3.1", "Clever cannot be reached", "proxy settings"),
        ("https://{}/v3.1", "Clever has a TLS certificate or handshake", "REQUESTS_CA_BUNDLE"),
    ],
)
def test_a_clever_that_nobody_reaches_is_said_so(
    clever: Clever, address: str, title: str, fix: str
) -> None:
    """A closed port and a port without TLS are told apart, and neither is a version."""
    url = address.format(clever.url.removeprefix("http://"))
    with CleverClient(TOKEN, base_url=url, settings=FAST) as client:
        (finding,) = client.check_access()

    assert finding.code == "EDL-CHECK-603"
    assert title in finding.title
    assert fix in finding.fix


def test_a_token_of_another_district_is_found(clever: Clever) -> None:
    """The doctor names a token of the wrong district."""
    with CleverClient(TOKEN, base_url=clever.base_url, district_id="d2", settings=FAST) as client:
        (finding,) = client.check_access()

    assert finding.code == "EDL-CHECK-602"


@pytest.mark.parametrize("answer", [Answer(500), Answer(200, b"<html>")])
@pytest.mark.parametrize("path", ["/users", "/sections", "/terms", "/events"])
def test_a_list_that_fails_is_a_finding(
    clever: Clever, client: CleverClient, path: str, answer: Answer
) -> None:
    """The doctor raises for nothing that Clever does; the other findings are there."""
    clever.fault = lambda asked, good: answer if asked.path == path else good
    findings = client.check_access()
    failing = [f for f in findings if f.title.startswith("Clever fails to give")]

    assert failing
    assert all(f.evidence["error"] in {"EDL-HTTP-007", "EDL-PAGE-001"} for f in failing)
    assert len(by_code(findings, "EDL-CHECK-606")) == 9
    assert len(by_code(findings, "EDL-CHECK-608")) == 1


def test_a_district_that_withdrew_is_told_to_come_back(clever: Clever) -> None:
    """A token that the app's list no longer has is the district's to give."""
    owner = {"type": "district", "id": "d1"}
    clever.tokens = [{"owner": owner, "access_token": TOKEN, "scopes": ["read:sis"]}]
    with (
        CleverApp("client", "app-secret", base_url=clever.url, settings=FAST) as app,
        app.client("d1", base_url=clever.base_url) as client,
    ):
        clever.tokens = []
        (finding,) = client.check_access()

    assert (finding.code, finding.evidence) == ("EDL-CHECK-601", {"error": "EDL-CLEVER-005"})

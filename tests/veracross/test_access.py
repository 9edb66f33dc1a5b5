import pytest
from tests.veracross.conftest import MakeClient
from tests.veracross.school import Answer, Asked, School, people

from edlink.report import Finding
from edlink.veracross import SCOPES
from edlink.vocabulary import Severity


def _codes(findings: tuple[Finding, ...]) -> set[str]:
    return {finding.code for finding in findings if not finding.is_ok}


def test_good_access_is_said_of_each_list(school: School, make_client: MakeClient) -> None:
    """Every list that can be read is named, after the token."""
    for path in ("/staff_faculty", "/relationships", "/academics/classes"):
        school.rows[path] = people(1)
    findings = make_client().check_access()
    assert findings[0].code == "EDL-CHECK-701"
    assert "students can be read" in [f.title for f in findings]


def test_each_scope_that_keeps_the_token_back_is_named(
    school: School, make_client: MakeClient
) -> None:
    """When the school has not opened every scope there is no token; the missing ones are named."""
    missing = {"parents:list", "academics.classes:read"}
    school.opened = frozenset(SCOPES) - missing
    findings = make_client().check_access()
    assert {f.evidence["scope"] for f in findings} == missing
    assert all("OAuth_App_Admin" in f.fix for f in findings)


def test_looking_for_scopes_leaves_no_token_alive(school: School, make_client: MakeClient) -> None:
    """Asking for each scope alone never has more than one token live, and none at the end."""
    school.opened = frozenset(SCOPES) - {"parents:list"}
    make_client().check_access()
    assert (school.most_live, school.live) == (1, set())


def test_an_unknown_client_is_one_finding(make_client: MakeClient) -> None:
    """Wrong credentials are not reported as a missing scope for each scope."""
    (finding,) = make_client(client_id="somebody").check_access()
    assert finding.code == "EDL-CHECK-702"


def test_a_scope_that_opens_nothing_is_named(school: School, make_client: MakeClient) -> None:
    """A list that answers 401 although there is a token misses its scope."""
    school.hidden = frozenset({"relationships:list"})
    findings = make_client().check_access()
    (finding,) = [f for f in findings if f.code == "EDL-CHECK-704"]
    assert finding.evidence["scope"] == "relationships:list"


def test_a_school_that_does_not_answer_is_one_finding(make_client: MakeClient) -> None:
    """Without an answer there is nothing to say of scopes."""
    away = "http://127.0.0.1:9/lakeside"
    (finding,) = make_client(base_url=away, accounts_url=away).check_access()
    assert finding.code == "EDL-CHECK-703"


def test_a_token_endpoint_that_breaks_down_is_no_missing_scope(
    school: School, make_client: MakeClient
) -> None:
    """When the service fails while scopes are looked for, that is what is said."""
    school.opened = frozenset()
    school.fails_after = 1
    (finding,) = make_client().check_access()
    assert finding.code == "EDL-CHECK-703"


def test_a_list_that_fails_is_found(school: School, make_client: MakeClient) -> None:
    """A list that fails on Veracross' side does not end the check."""

    def fail(asked: Asked, answer: Answer) -> Answer:
        return Answer(500) if asked.path == "/relationships" else answer

    school.fault = fail
    findings = make_client().check_access()
    assert "EDL-CHECK-703" in _codes(findings)
    assert {f.code for f in findings if f.is_ok} >= {"EDL-CHECK-701", "EDL-CHECK-705"}


def test_an_empty_list_is_found(make_client: MakeClient) -> None:
    """A list without a row may be one that the application does not see."""
    titles = [f.title for f in make_client().check_access() if f.code == "EDL-CHECK-705"]
    assert "academics/classes is empty" in titles


@pytest.mark.parametrize(
    ("birthday", "severity"), [("2014-03-09", Severity.ok), ("Mar 09", Severity.warning)]
)
def test_full_birth_dates_are_counted(
    school: School, make_client: MakeClient, birthday: str, severity: Severity
) -> None:
    """Too few full birth dates among the students looked at is a warning."""
    for row in school.rows["/students"]:
        row["birthday"] = birthday
    (finding,) = [f for f in make_client().check_access() if f.code == "EDL-CHECK-706"]
    assert finding.severity is severity


def test_no_students_have_no_birth_dates(school: School, make_client: MakeClient) -> None:
    """A list of students without a row has no share of birth dates."""
    school.rows["/students"].clear()
    (finding,) = [f for f in make_client().check_access() if f.code == "EDL-CHECK-706"]
    assert finding.evidence["percent"] == 0


def test_scopes_that_were_not_asked_for_are_named(make_client: MakeClient) -> None:
    """A basic list that the client was not set to read is the developer's to add."""
    findings = make_client(scopes=["students:list"]).check_access()
    missing = [f for f in findings if f.code == "EDL-CHECK-704"]
    assert len(missing) == 6
    assert {f.who for f in missing} == {"developer"}


def test_what_could_be_read_as_well_is_named(make_client: MakeClient) -> None:
    """Lists that add to a roster are named with their scopes; nothing is wrong without them."""
    found = [f for f in make_client().check_access() if f.code == "EDL-CHECK-707"]
    assert {f.evidence["scope"]: f.title for f in found} == {
        "academics.permissions:list": "co-teachers are not asked for",
        "academics.class_schedules:list": "the grading periods of classes are not asked for",
        "households:list": "addresses are not asked for",
        "contact_info:list": "telephones and second e-mails are not asked for",
    }
    assert all(f.is_ok for f in found)


def test_what_is_read_already_is_not_offered(make_client: MakeClient) -> None:
    """A list that adds to a roster is looked at like any other once its scope is asked for."""
    scope = "academics.class_schedules:list"
    findings = make_client(scopes=[*SCOPES, scope]).check_access()
    assert scope not in {f.evidence.get("scope") for f in findings}
    assert "academics/class_schedules is empty" in [f.title for f in findings]

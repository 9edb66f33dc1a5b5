import pytest
from tests.entra.conftest import MakeClient
from tests.entra.graph import TENANT, Answer, Asked, Graph, directory

from edlink import sandbox
from edlink._http.transport import HttpSettings
from edlink.entra import Directory, EntraClient
from edlink.report import Finding


def _only(findings: tuple[Finding, ...], code: str) -> Finding:
    (finding,) = [f for f in findings if f.code == code]
    return finding


def test_good_access_is_said_of_each_list(make_client: MakeClient) -> None:
    """A tenant with everything has nothing to mend."""
    findings = make_client().check_access()
    assert all(finding.is_ok for finding in findings)
    assert [f.code for f in findings] == [
        "EDL-CHECK-801",
        "EDL-CHECK-804",
        "EDL-CHECK-804",
        "EDL-CHECK-804",
        "EDL-CHECK-807",
    ]


def test_a_refused_app_is_told_what_to_mend(graph: Graph, make_client: MakeClient) -> None:
    """Microsoft's number becomes the fix, and nothing else is asked."""
    text = "AADSTS7000222: The provided client secret keys are expired."
    graph.token_answer = Answer.json({"error": "invalid_client", "error_description": text}, 401)
    (finding,) = make_client().check_access()
    assert finding.code == "EDL-CHECK-802"
    assert "expired" in finding.fix


def test_a_wrong_credential_is_told(make_client: MakeClient) -> None:
    """A certificate that cannot be read is a finding, not an error."""
    credential = {"private_key_pfx_path": "/nowhere/key.pfx"}
    (finding,) = make_client(credential=credential).check_access()
    assert finding.evidence["error"] == "EDL-CONF-073"


def test_no_answer_is_one_finding(make_client: MakeClient) -> None:
    """An authority that nobody serves is one finding."""
    (finding,) = make_client(authority=f"http://127.0.0.1:9/{TENANT}").check_access()
    assert finding.code == "EDL-CHECK-803"


def _answering(graph: Graph, path: str, answer: Answer) -> None:
    def fault(asked: Asked, given: Answer) -> Answer:
        return answer if asked.path == path else given

    graph.fault = fault


@pytest.mark.parametrize("status", [401, 403])
def test_a_missing_permission_is_named(graph: Graph, make_client: MakeClient, status: int) -> None:
    """A list that is refused misses an application permission and the admin's consent."""
    _answering(graph, "/education/users", Answer.fault("Authorization_RequestDenied", status))
    finding = _only(make_client().check_access(), "EDL-CHECK-805")
    assert "EduRoster.Read.All" in finding.title
    assert "Grant admin consent" in finding.fix
    assert "not the delegated one" in finding.fix


def test_a_tenant_without_education_is_told(graph: Graph, make_client: MakeClient) -> None:
    """Where the resources do not exist the directory can be read instead."""
    _answering(graph, "/education/schools", Answer.fault("ResourceNotFound", 404))
    assert "education tenant" in _only(make_client().check_access(), "EDL-CHECK-806").fix


def test_a_list_that_fails_does_not_end_the_check(graph: Graph, make_client: MakeClient) -> None:
    """A list that Graph cannot give is a finding among the others."""
    _answering(graph, "/education/classes", Answer(500))
    findings = make_client().check_access()
    assert _only(findings, "EDL-CHECK-803").evidence["status"] == 500
    assert findings[-1].code == "EDL-CHECK-807"


def test_a_tenant_without_data_sync_is_told(graph: Graph, make_client: MakeClient) -> None:
    """Empty lists are how a tenant without School Data Sync looks."""
    graph.rows = {}
    findings = [f for f in make_client().check_access() if f.code == "EDL-CHECK-804"]
    assert len(findings) == 3
    assert all("School Data Sync" in f.fix for f in findings)


def test_hidden_birth_dates_are_told(graph: Graph, make_client: MakeClient) -> None:
    """Students without a birth date or contact are how a lesser permission looks."""
    for row in graph.rows["/education/users"]:
        row["student"] = None
    assert not _only(make_client().check_access(), "EDL-CHECK-807").is_ok


def test_a_directory_is_checked_by_its_groups(graph: Graph, make_client: MakeClient) -> None:
    """Users, groups and each group of a rule are looked at."""
    graph.rows = directory()
    rules = Directory(student_groups={"g1"}, teacher_groups={"g9"})
    findings = make_client(directory=rules).check_access()
    assert [f.is_ok for f in findings] == [True, True, True, True, False]


def test_a_tenant_without_education_is_told_so() -> None:
    """A tenant that School Data Sync never filled is sent to the directory, by name."""
    with sandbox.start(people=50, provider="entra-directory") as tenant:
        client = EntraClient(
            tenant.details["tenant_id"],
            tenant.client_id,
            tenant.client_secret,
            authority=tenant.details["authority"],
            graph_url=tenant.base_url,
            allow_test_hosts=True,
            settings=HttpSettings(rate=0),
        )
        with client:
            found = [finding.code for finding in client.check_access()]
    assert found == ["EDL-CHECK-801", "EDL-CHECK-804", "EDL-CHECK-806", "EDL-CHECK-806"]

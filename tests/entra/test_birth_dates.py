import pytest
from tests.entra.conftest import MakeClient
from tests.entra.graph import Graph


@pytest.mark.parametrize("sent", ["0001-01-01T00:00:00Z", "1900-01-01", "2107-02-11"])
def test_a_date_that_stands_for_none_is_no_birth_date(
    graph: Graph, make_client: MakeClient, sent: str
) -> None:
    """What Graph writes for "not known" is kept as text, and nobody is verified by it."""
    student = graph.rows["/education/users"][0]
    student["student"]["birthDate"] = sent
    roster = make_client().pull_roster()
    (known,) = [d for d in roster.demographics if d.sourced_id == student["id"]]

    assert (known.birth_date, known.birth_date_raw) == (None, sent)

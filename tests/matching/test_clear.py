import pytest

from edlink.errors import ConfigError, UnsafePlanError
from edlink.matching.clear import Account, plan_clear
from edlink.matching.match import match_people
from edlink.matching.people import Person
from edlink.matching.rekey import plan_rekey
from edlink.matching.report import StoredLink


def test_a_rekey_plan_gives_each_record_its_new_id() -> None:
    """Old ids become new ones, nothing is deleted, and what is open is listed."""
    links = [
        StoredLink(incoming="old1", existing="ex1"),
        StoredLink(incoming="same", existing="ex2"),
    ]
    incoming = [
        Person(ref="new1", sis_id="1"),
        Person(ref="same", sis_id="2"),
        Person(ref="new3", sis_id="3"),
        Person(ref="new4", sis_id="4"),
        Person(ref="new5", sis_id="4"),
    ]
    existing = [Person(ref=f"ex{n}", sis_id=str(n)) for n in (1, 2, 3, 4)] + [Person(ref="ex9")]
    plan = plan_rekey(match_people(incoming, existing, links=links), links=links)

    assert [(step.ref, step.before, step.after) for step in plan.steps] == [
        ("ex1", "old1", "new1"),
        ("ex3", None, "new3"),
    ]
    assert (plan.unchanged, plan.left, plan.open) == (1, ("ex9",), ("ex4",))
    assert plan.inverse() == (("ex3", "new3", None), ("ex1", "new1", "old1"))
    assert plan.to_dict()["version"] == 1


ACCOUNTS = [
    Account(ref="boss", level=9),
    Account(ref="me", level=1),
    Account(ref="teacher", level=2),
    Account(ref="parent"),
]


def test_a_clear_plan_spares_who_runs_it() -> None:
    """Everyone at or below the level and all customers go, never the person who runs it."""
    plan = plan_clear(ACCOUNTS, at_or_below=2, run_by="me")

    assert (plan.removed, plan.kept) == (("parent", "teacher"), ("boss", "me"))


@pytest.mark.parametrize("levels", [(9, None), (None, 9), (9, 1), (1, 9)])
def test_a_clear_plan_spares_whom_any_account_protects(levels: tuple[int | None, ...]) -> None:
    """A head who is a customer too, or staff elsewhere, stays whichever account comes last."""
    head = [Account(ref="head", level=level) for level in levels]

    plan = plan_clear([*head, *ACCOUNTS], at_or_below=3, run_by="me")

    assert plan.kept == ("boss", "head", "me")


def test_nobody_is_cleared_before_the_export() -> None:
    """Who was not exported is not removed."""
    plan = plan_clear(ACCOUNTS, at_or_below=2, run_by="me")

    assert plan.require_export(["parent", "teacher", "boss"]) == plan.removed
    with pytest.raises(UnsafePlanError, match="EDL-MATCH-012"):
        plan.require_export(["parent"])


def test_a_clear_plan_needs_someone_who_runs_it() -> None:
    """A stranger cannot clear a host."""
    with pytest.raises(ConfigError, match="EDL-CONF-088"):
        plan_clear(ACCOUNTS, at_or_below=2, run_by="nobody")

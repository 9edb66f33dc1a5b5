"""A host with two sources, which give one id to two people."""

from datetime import date

from tests.matching.sync_cases import OTHER, SOURCE, a_roster, a_student, an_adult

from edlink.matching.host import HostRecord, HostState, SyncMemory
from edlink.matching.host_side import host_people
from edlink.matching.match import match_people
from edlink.matching.people import Person
from edlink.model import Demographics, Record, Relationship

ADA = a_student("17", given_name="Ada", family_name="Muster")
EVE = an_adult("18", given_name="Eve", family_name="Muster")
ZOE = a_student("17", given_name="Zoe", family_name="Sample")
PAT = an_adult("18", given_name="Pat", family_name="Sample")
LINK = Relationship(sourced_id="r", student_id="17", contact_id="18")
BORN = Demographics(sourced_id="17", birth_date=date(2012, 2, 29))


def _host(*records: Record) -> HostState:
    """Return a host that has records of another source beside Ada and Eve."""
    others = [HostRecord(ref=f"z{n}", record=r, source=OTHER) for n, r in enumerate(records)]
    own = [HostRecord(ref=f"a{n}", record=r, source=SOURCE) for n, r in enumerate((ADA, EVE))]
    return HostState(memory=SyncMemory(source=SOURCE), records=[*others, *own])


def _people(host: HostState) -> dict[str, Person]:
    return {person.ref: person for person in host_people(host)}


def test_a_link_of_another_source_is_read_with_its_own_ids() -> None:
    """Pat is Zoe's parent; Eve, who has Pat's id at her source, is nobody's."""
    people = _people(_host(ZOE, PAT, LINK))

    assert (people["z1"].child_refs, people["a1"].child_refs) == (("z0",), ())


def test_a_birth_date_of_another_source_is_read_with_its_own_ids() -> None:
    """It is Zoe's; Ada, who has Zoe's id at her source, has none."""
    people = _people(_host(ZOE, BORN))

    assert (people["z0"].birth_date, people["a0"].birth_date) == (date(2012, 2, 29), None)


def test_an_id_of_another_source_links_nobody() -> None:
    """Who comes under an id that another source gave to somebody else is new."""
    host = _host(ZOE, PAT)
    others = HostState(memory=host.memory, records=host.records[:2])

    report = match_people(a_roster([ADA, EVE]), host_people(others))

    assert {person.provider_ids for person in host_people(others)} == {()}
    assert (report.new, list(report.linked)) == (("17", "18"), [])

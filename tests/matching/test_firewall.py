from tests.matching.sync_cases import ORGS, a_host, a_student, an_adult, an_enrollment

from edlink.matching.firewall import Places
from edlink.model import Class, Record, Relationship


def _link(sourced_id: str, student_id: str) -> Relationship:
    return Relationship(sourced_id=sourced_id, student_id=student_id, contact_id="g")


def test_a_contact_is_where_any_of_the_students_is() -> None:
    """Roles and classes of all children say where; one child's schools are not another's."""
    parent = an_adult("g")
    first, second = a_student("u1"), a_student("u2", "s2")
    records: tuple[Record, ...] = (
        *ORGS,
        Class(sourced_id="c3", org_id="s3"),
        Class(sourced_id="c4", org_id="s4"),
        *(first, second, parent),
        *(an_enrollment("e1", "u1", "c3"), an_enrollment("e2", "u2", "c4")),
        *(_link("r1", "u1"), _link("r2", "u2")),
    )

    places = Places(host=a_host(records))

    assert places.orgs(parent) == {"s1", "s2", "s3", "s4"}
    assert places.orgs(first) == {"s1", "s3"}
    assert places.orgs(second) == {"s2", "s4"}

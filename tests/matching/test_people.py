import pytest
from tests.matching.people_cases import DAY, roster_of, student

from edlink.coverage import RosterWarning
from edlink.matching.people import PersonKind, kind_of, people_of
from edlink.model import Address, Demographics, Identifier, Relationship, RoleAssignment, User
from edlink.vocabulary import IdentifierType, Kind, Role


def test_a_roster_gives_its_people() -> None:
    """Ids, names, contacts, birth date and children come from the roster."""
    roster = roster_of(
        User(
            sourced_id="u1",
            given_name="Ana",
            family_name="Sample",
            preferred_given_name="Anita",
            email="ana@example.org",
            phone="5550100",
            primary_org_id="o1",
            address=Address(lines=("1 Way",), postal_code="00000"),
            identifiers=(
                Identifier(type=IdentifierType.sis_id, value="7"),
                Identifier(type=IdentifierType.student_number, value="42"),
                Identifier(type=IdentifierType.legacy_id, value="old"),
            ),
            roles=(RoleAssignment(role=Role.student, org_id="o1"),),
        ),
        User(sourced_id="g1", roles=(RoleAssignment(role=Role.guardian),)),
        Demographics(sourced_id="u1", birth_date=DAY),
        Relationship(sourced_id="r", student_id="u1", contact_id="g1"),
    )
    child, adult = people_of(roster)

    assert child == student(
        "u1",
        tenant="north",
        provider_ids=("u1", "old"),
        sis_id="7",
        number="42",
        other_given_names=("Anita",),
        emails=("ana@example.org",),
        phones=("5550100",),
        street="1 Way",
        postal_code="00000",
        org_refs=("o1",),
    )
    assert (adult.kind, adult.child_refs) == (PersonKind.guardian, ("u1",))


def test_distrusted_fields_are_not_read() -> None:
    """Names and birth dates that a warning calls masked are left empty."""
    warning = RosterWarning(
        code="EDL-ROSTER-001",
        message="names are masked",
        kind=Kind.user,
        distrusts=frozenset({"given_name", "birth_date", "unheard_of"}),
    )
    other = RosterWarning(
        code="EDL-ROSTER-002", message="", kind=Kind.org, distrusts=frozenset({"family_name"})
    )
    roster = roster_of(
        User(sourced_id="u1", given_name="Mask", family_name="Sample"),
        Demographics(sourced_id="u1", birth_date=DAY),
        warnings=(warning, other),
    )
    (person,) = people_of(roster)

    assert (person.given_name, person.family_name, person.birth_date) == (None, "Sample", None)


def test_distrusted_second_addresses_leave_the_first() -> None:
    """Where second e-mails are not known, the first is read alone."""
    warning = RosterWarning(
        code="EDL-ROSTER-001",
        message="second e-mails are missing",
        kind=Kind.user,
        distrusts=frozenset({"other_emails"}),
    )
    user = User(sourced_id="u1", email="a@example.org", other_emails=("b@example.org",))
    (person,) = people_of(roster_of(user, warnings=(warning,)))

    assert person.emails == ("a@example.org",)


@pytest.mark.parametrize(
    ("roles", "kind"),
    [
        ([(Role.student, None)], PersonKind.student),
        ([(Role.teacher, None)], PersonKind.staff),
        ([(Role.guardian, None)], PersonKind.guardian),
        ([(Role.other, None)], PersonKind.other),
        ([], PersonKind.other),
        ([(Role.guardian, None), (Role.teacher, None)], PersonKind.staff),
        ([(Role.student, None), (Role.staff, None)], PersonKind.staff),
        ([(Role.student, True), (Role.staff, False)], PersonKind.student),
        ([(Role.student, True), (Role.staff, True)], PersonKind.staff),
    ],
)
def test_a_person_is_matched_as_one_kind(
    roles: list[tuple[Role, bool | None]], kind: PersonKind
) -> None:
    """Staff come first, unless only the student role is primary."""
    assigned = tuple(RoleAssignment(role=role, is_primary=primary) for role, primary in roles)

    assert kind_of(User(sourced_id="u", roles=assigned)) is kind

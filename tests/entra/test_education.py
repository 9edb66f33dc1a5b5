from datetime import date

from edlink.entra.education import (
    Education,
    role_of,
    term_id,
    to_class,
    to_contacts,
    to_demographics,
    to_enrollments,
    to_memberships,
    to_records,
    to_school,
    to_sessions,
    to_user,
)
from edlink.entra.wire import ClassRow, ContactRow, SchoolRow, UserRow
from edlink.vocabulary import IdentifierType, RelationshipKind, Role, Sex


def test_a_term_is_named_by_its_id_in_the_sis() -> None:
    """A term that has an id keeps it through edits of its name and dates."""
    assert term_id(ClassRow(id="c", term_id="7", term_name="Autumn")) == "term:7"


def test_a_term_without_an_id_is_named_by_what_it_says() -> None:
    """Equal terms of two classes are one, and another is another."""
    one, same = (ClassRow(id=i, term_name="Autumn") for i in "ab")
    other = ClassRow(id="c", term_name="Autumn", term_start=date(2026, 8, 10))
    assert len(list(to_sessions([one, same, other, ClassRow(id="d")]))) == 2


def test_a_school_has_its_numbers() -> None:
    """The id in the SIS and the school's number are identifiers; grades are codes."""
    row = SchoolRow(id="s", external_id="1", school_number="2", lowest_grade="K", highest_grade="5")
    org = to_school(row, "tenant")
    assert [i.type for i in org.identifiers] == [
        IdentifierType.sis_id,
        IdentifierType.school_number,
    ]
    assert (org.low_grade, org.high_grade) == ("KG", "05")


def test_a_class_is_at_the_first_of_its_schools() -> None:
    """A class that several schools list is at the first of them."""
    assert to_class(ClassRow(id="c"), ["s1", "s2"]).org_id == "s1"
    assert to_class(ClassRow(id="c"), []).org_id is None


def test_the_name_in_the_sis_stands_in_for_a_title() -> None:
    """A class without a display name has that of the SIS."""
    assert to_class(ClassRow(id="c", external_name="Art 5"), []).title == "Art 5"


def test_teachers_are_those_in_the_list_of_teachers() -> None:
    """Members are students unless the class lists them as teachers, each once."""
    found = {e.user_id: e.role for e in to_enrollments("c", ["u", "t", "u"], ["t"])}
    assert found == {"t": Role.teacher, "u": Role.student}


def test_a_person_has_a_role_at_each_school() -> None:
    """A person at two schools has two roles, the first primary, and that it is first is a guess."""
    user = to_user(UserRow(id="u", primary_role="teacher"), ["s1", "s2"])
    assert [(r.org_id, r.is_primary) for r in user.roles] == [("s1", True), ("s2", False)]
    assert user.primary_org_is_guess


def test_a_person_without_a_school_still_has_a_role() -> None:
    """Who is at no school is a student or teacher all the same."""
    (role,) = to_user(UserRow(id="u", primary_role="student"), []).roles
    assert (role.role, role.org_id) == (Role.student, None)


def test_the_sis_says_what_a_person_without_primary_role_is() -> None:
    """A person known to the SIS as a student or teacher is one."""
    rows = (UserRow(id="u", student_id="1"), UserRow(id="t", teacher_id="2"), UserRow(id="x"))
    assert [*map(role_of, rows)] == [Role.student, Role.teacher, Role.other]


def test_a_disabled_account_is_kept() -> None:
    """An account that may not sign in is a person all the same."""
    assert to_user(UserRow(id="u", account_enabled=False), []).enabled is False
    assert to_user(UserRow(id="u"), []).enabled is True


def test_demographics_are_students_alone() -> None:
    """Birth date and gender are read of students, and nothing is made of nothing."""
    row = UserRow(id="u", primary_role="student", birth_date=date(2014, 3, 9), gender="male")
    known = to_demographics(row)
    assert known is not None
    assert (known.birth_date, known.sex) == (date(2014, 3, 9), Sex.male)
    assert to_demographics(UserRow(id="u", primary_role="student")) is None
    assert to_demographics(UserRow(id="t", primary_role="teacher", gender="male")) is None


def test_a_contact_is_a_person_without_an_account() -> None:
    """A related contact becomes a person who cannot sign in, and a link to the student."""
    contact = ContactRow(email_address="a@example.org", relationship="guardian")
    ((user, link),) = to_contacts(UserRow(id="u", related_contacts=(contact,)), "tenant")
    assert (user.enabled, user.roles[0].role, user.primary_org_id) == (
        False,
        Role.guardian,
        "tenant",
    )
    assert (link.student_id, link.contact_id, link.kind) == (
        "u",
        user.sourced_id,
        RelationshipKind.guardian,
    )


def test_a_contacts_id_says_nothing_and_stays() -> None:
    """A contact's id holds no address, and edits of the name or case do not change it."""
    before = ContactRow(display_name="A", email_address="a@example.org")
    after = ContactRow(display_name="B", email_address="A@Example.org")
    ids = [
        user.sourced_id
        for contact in (before, after)
        for user, _ in to_contacts(UserRow(id="u", related_contacts=(contact,)), "tenant")
    ]
    assert ids[0] == ids[1]
    assert "example" not in ids[0]


def test_a_shared_address_is_two_contacts() -> None:
    """Two adults of a student with one address are two people."""
    both = tuple(ContactRow(email_address="a@example.org") for _ in range(2))
    ids = [u.sourced_id for u, _ in to_contacts(UserRow(id="u", related_contacts=both), "tenant")]
    assert len(set(ids)) == 2


def test_the_order_of_contacts_who_share_an_address_says_nothing() -> None:
    """Whichever of two adults with one address comes first, each keeps the id."""
    both = [ContactRow(display_name=n, email_address="a@example.org") for n in ("Ann I", "Bob I")]
    ids = [
        {user.display_name: user.sourced_id for user, _ in to_contacts(row, "tenant")}
        for row in (
            UserRow(id="u", related_contacts=tuple(both)),
            UserRow(id="u", related_contacts=tuple(reversed(both))),
        )
    ]
    assert ids[0] == ids[1]
    assert len(set(ids[0].values())) == 2


def test_of_whom_it_is_not_known_what_they_teach_nothing_is_told() -> None:
    """Classes of a person are no enrollments where the classes they teach were not told."""
    told = to_memberships({"t": ["c"], "u": ["c"]}, {"u": []})
    assert [enrollment.user_id for enrollment in told] == ["u"]


def test_a_contacts_own_id_is_kept() -> None:
    """Where Graph sends a contact's id it is used."""
    row = UserRow(id="u", related_contacts=(ContactRow(id="9"), ContactRow()))
    first, second = (user.sourced_id for user, _ in to_contacts(row, "tenant"))
    assert first == "u|9"
    assert second != first


def test_a_tenant_without_anything_is_itself() -> None:
    """An empty tenant is one org."""
    (org,) = to_records(Education(tenant="tenant"))
    assert org.sourced_id == "tenant"

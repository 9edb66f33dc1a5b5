from datetime import UTC, date, datetime

from edlink.model import User
from edlink.veracross.lists import ValueLists
from edlink.veracross.people import People, to_demographics, to_users
from edlink.veracross.wire import ContactRow, HouseholdRow, PersonRow
from edlink.vocabulary import Role, Sex


def _one(people: People) -> User:
    (user,) = to_users(people)
    return user


def test_one_human_on_three_lists_is_one_user() -> None:
    """A person who is student, staff and parent is one user with three roles."""
    row = PersonRow(id="7", first_name="Ada")
    user = _one(People(route="lakeside", students={"7": row}, staff={"7": row}, parents={"7": row}))
    assert [role.role for role in user.roles] == [Role.student, Role.staff, Role.guardian]


def test_only_the_first_role_is_primary() -> None:
    """Of several roles the first is the primary one."""
    row = PersonRow(id="7")
    user = _one(People(route="lakeside", staff={"7": row}, parents={"7": row}))
    assert [role.is_primary for role in user.roles] == [True, False]


def test_each_list_fills_what_the_one_before_leaves_open() -> None:
    """What the students' list does not say of a person is taken from the others."""
    user = _one(
        People(
            route="lakeside",
            students={"7": PersonRow(id="7", first_name="Ada")},
            parents={"7": PersonRow(id="7", first_name="A.", email_1="ada@example.org")},
        )
    )
    assert (user.given_name, user.email) == ("Ada", "ada@example.org")


def test_a_record_is_as_new_as_its_newest_row() -> None:
    """A person changed when any of their rows did."""
    early, late = datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 10, 1, tzinfo=UTC)
    user = _one(
        People(
            route="lakeside",
            students={"7": PersonRow(id="7", last_modified_date=early, household_id="h")},
            contacts={"7": ContactRow(id="7", last_modified_date=late)},
            households={"h": HouseholdRow(id="h")},
        )
    )
    assert user.date_last_modified == late


def test_who_teaches_a_class_is_a_teacher() -> None:
    """A member of staff who teaches is a teacher, whatever the school calls them."""
    staff = {"7": PersonRow(id="7", roles="Staff"), "8": PersonRow(id="8", roles="Staff")}
    users = to_users(People(route="lakeside", staff=staff, teachers={"7": None}))
    assert [user.roles[0].role for user in users] == [Role.teacher, Role.staff]


def test_a_teacher_is_as_new_as_what_they_teach() -> None:
    """A class makes a teacher of a person whose own row nobody touches."""
    early, late = datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 10, 1, tzinfo=UTC)
    staff = {"7": PersonRow(id="7", last_modified_date=early)}
    user = _one(People(route="lakeside", staff=staff, teachers={"7": late}))
    assert user.date_last_modified == late


def test_staff_without_a_campus_are_at_the_school() -> None:
    """Who has no campus is at the school itself."""
    rows = {"7": PersonRow(id="7", campus="3"), "8": PersonRow(id="8")}
    users = to_users(People(route="lakeside", staff=rows))
    assert [user.primary_org_id for user in users] == ["campus:3", "lakeside"]


def test_value_ids_are_read_by_the_list_they_came_with() -> None:
    """Ids mean what the lists of their own endpoint say."""
    user = _one(
        People(
            route="lakeside",
            students={"7": PersonRow(id="7", grade_level="24")},
            student_lists=ValueLists({("grade_level", "24"): "Grade 4"}),
            staff_lists=ValueLists({("grade_level", "24"): "Grade 9"}),
        )
    )
    assert (user.grades, user.grades_raw) == (("04",), ("Grade 4",))


def test_households_and_contact_info_add_what_the_lists_of_people_lack() -> None:
    """Address, telephones and the second e-mail come from lists of their own."""
    user = _one(
        People(
            route="lakeside",
            parents={"7": PersonRow(id="7", household_id="h")},
            contacts={"7": ContactRow(id="7", email_2="b@example.org", mobile_phone="+1-555-0100")},
            households={"h": HouseholdRow(id="h", address_line_1="1 Example Way", zip="00501")},
        )
    )
    assert user.other_emails == ("b@example.org",)
    assert user.sms == "+1-555-0100"
    assert user.address is not None
    assert (user.address.lines, user.address.postal_code) == (("1 Example Way",), "00501")


def test_a_students_birthday_and_gender_are_demographics() -> None:
    """Students have a birth date and a sex apart from who they are."""
    people = People(
        route="lakeside",
        students={"7": PersonRow(id="7", birthday="2014-03-09", gender="1")},
        student_lists=ValueLists({("gender", "1"): "Female"}),
    )
    (known,), issues = to_demographics(people)
    assert (known.birth_date, known.sex, issues) == (date(2014, 3, 9), Sex.female, ())


def test_a_birthday_may_be_sent_as_a_moment() -> None:
    """A full date is one however it is written, and the day is as written."""
    row = PersonRow(id="7", birthday="2010-03-04T00:00:00Z")
    (known,), issues = to_demographics(People(route="lakeside", students={"7": row}))
    assert (known.birth_date, issues) == (date(2010, 3, 4), ())


def test_a_birthday_without_its_year_is_kept_raw() -> None:
    """A birthday that is no full date is no birth date, but what was sent is kept."""
    people = People(route="lakeside", students={"7": PersonRow(id="7", birthday="Mar 09")})
    (known,), (issue,) = to_demographics(people)
    assert (known.birth_date, known.birth_date_raw) == (None, "Mar 09")
    assert (issue.reason, issue.sourced_id) == ("birth_date_without_year", "7")


def test_the_birthday_of_a_student_who_is_staff_is_not_believed() -> None:
    """Veracross hides the year of staff, so even what looks whole may be a placeholder."""
    row = PersonRow(id="7", birthday="2000-03-09")
    people = People(route="lakeside", students={"7": row}, staff={"7": row})
    (known,), issues = to_demographics(people)
    assert (known.birth_date, len(issues)) == (None, 1)


def test_no_birthday_is_no_issue() -> None:
    """A student without a birthday has none, and that is nothing odd."""
    people = People(route="lakeside", students={"7": PersonRow(id="7")})
    (known,), issues = to_demographics(people)
    assert (known.birth_date, known.birth_date_raw, issues) == (None, None, ())

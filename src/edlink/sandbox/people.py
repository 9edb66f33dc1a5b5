"""The people of one block: names, roles, links and birth dates, drawn from one seeded stream."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import TypeVar

import attrs

from edlink.model import Demographics, Identifier, RoleAssignment, User
from edlink.sandbox import layout as at
from edlink.sandbox.ids import Ids, mix
from edlink.sandbox.layout import GRADES, Layout
from edlink.sandbox.names import ADDRESS_WORDS, CULTURES, SCHOOL_NAMES, Culture
from edlink.vocabulary import IdentifierType, Role, Sex, Status

T = TypeVar("T")

#: The neutral record has OneRoster 1.2's words for roles; each door says them in its own.
ROLES = {
    "student": Role.student,
    "teacher": Role.teacher,
    "parent": Role.guardian,
    "guardian": Role.guardian,
    "relative": Role.relative,
    "aide": Role.staff,
    "counselor": Role.staff,
    "proctor": Role.staff,
    "principal": Role.administrator,
    "systemAdministrator": Role.administrator,
}

HELPERS = ("aide", "counselor", "proctor")
MISSING_BIRTH_DATES = (0.0, 0.01, 0.05, 0.2, 0.6)
PRONOUNS = ("she/her/hers", "he/him/his", "they/them/theirs")
FIRST_GRADE_WITH_EMAIL, FIRST_GRADE_ALL_EMAIL = GRADES.index("03"), GRADES.index("06")

_HOUSEHOLD = {slot: home for home, slots in enumerate(at.HOUSEHOLDS) for slot in slots}
_HOUSEHOLD |= at.ADULT_HOUSEHOLDS

#: Levels of the schools that each adult's children go to, whoever of them lists whom.
_SCHOOLS = {
    slot: tuple(
        dict.fromkeys(
            at.level(at.STUDENT_GRADES[child])
            for child in range(at.STUDENTS)
            if child in at.ADULT_AGENTS.get(slot, ()) or slot in at.STUDENT_AGENTS.get(child, ())
        )
    )
    or (0,)
    for slot in range(at.FIRST_ADULT, at.FIRST_STAFF)
}


@attrs.frozen
class _Home:
    culture: Culture
    family: str
    email: str
    phone: str


@attrs.frozen
class _Name:
    given: str
    family: str
    middle: str | None

    @property
    def address(self) -> str:
        family = ADDRESS_WORDS.get(self.family) or self.family.lower()
        return f"{ADDRESS_WORDS[self.given]}.{family}"


@attrs.frozen
class Population:
    """
    Everybody in a district, a block at a time.

    Attributes:
        layout: Who stands where.
        ids: How places become sourced ids.
        seed: What every draw starts from.
        school_year: The calendar year in which the current school year ends.
    """

    layout: Layout
    ids: Ids
    seed: int
    school_year: int

    def staff_family(self, block: int, slot: int) -> tuple[Culture, str]:
        """Return a staff member's culture and family name, without drawing the whole block."""
        number = mix(self.seed, block, slot)
        culture = CULTURES[number % len(CULTURES)]
        return culture, culture.families[(number >> 8) % len(culture.families)]

    def users(self, block: int) -> tuple[User, ...]:
        """Return the users of a block in order of their places; block ``blocks`` is the rest."""
        return tuple(_Draw(self, block).users())

    def demographics(self, block: int) -> tuple[Demographics, ...]:
        """Return the demographics of a block's students in order of their places."""
        return tuple(_Draw(self, block).demographics())

    def missing_birth_dates(self, org: int) -> float:
        """Return the share of students without a birth date at the school at a place."""
        return MISSING_BIRTH_DATES[mix(self.seed, 7, org) % len(MISSING_BIRTH_DATES)]


class _Draw:
    """One block being drawn; a fresh one repeats every draw in the same order."""

    def __init__(self, of: Population, block: int) -> None:
        self.of = of
        self.block = block
        self.first = block * at.BLOCK
        self.layout = of.layout
        self.rest = block >= of.layout.blocks
        self.zone = of.layout.zone_of_user(self.first)
        key = mix(of.seed, 1, block)
        self.random = Random(key)  # noqa: S311 - invented people, repeatable on purpose
        self.girls = self.random.getrandbits(at.BLOCK)
        self.user_ids = [of.ids.user(self.first + slot) for slot in range(at.BLOCK)]
        self.since = datetime(of.school_year - 1, 7, 20, 5, tzinfo=UTC)
        self.schools = [of.ids.org(of.layout.school(kind, self.zone)) for kind in range(4)]

    def users(self) -> list[User]:
        if self.rest:
            homes = [self._home(*self._family()) for _ in range(self.layout.extras)]
            return [self._student(place, home, ()) for place, home in enumerate(homes)]
        homes = self._homes()
        students = [
            self._student(slot, homes[_HOUSEHOLD[slot]], at.STUDENT_AGENTS.get(slot, ()))
            for slot in range(at.STUDENTS)
        ]
        staff = [self._staff(slot) for slot in range(at.FIRST_STAFF, at.BLOCK)]
        same_person = staff[at.STAFF_RECORD - at.FIRST_STAFF]
        adults = [
            self._adult(slot, homes[_HOUSEHOLD[slot]], same_person)
            for slot in range(at.FIRST_ADULT, at.FIRST_STAFF)
        ]
        return students + adults + staff

    def demographics(self) -> list[Demographics]:
        count = self.layout.extras if self.rest else at.STUDENTS
        # Another stream, so that reading users first changes nothing here.
        self.random = Random(mix(self.of.seed, 2, self.block))  # noqa: S311 - see above
        found = [self._demographics(place) for place in range(count)]
        if not self.rest:
            first, second = at.TWINS
            if found[second].birth_date:
                twin = found[first].birth_date
                found[second] = attrs.evolve(found[second], birth_date=twin)
        return found

    def modified(self) -> datetime:
        return self.since + timedelta(seconds=int(self.random.random() * 100 * 86_400))

    def _happens(self, share: float) -> bool:
        return self.random.random() < share

    def _pick(self, options: Sequence[T]) -> T:
        return options[int(self.random.random() * len(options))]

    def _family(self) -> tuple[Culture, str]:
        culture = self._pick(CULTURES)
        return culture, self._pick(culture.families)

    def _home(self, culture: Culture, family: str) -> _Home:
        word = ADDRESS_WORDS[family]
        number = int(self.random.random() * 100)
        email = f"family.{word}{self.block}@mail.example.org"
        return _Home(culture, family, email, f"+1-555-01{number:02d}")

    def _homes(self) -> list[_Home]:
        homes = [self._home(*self._family()) for _ in at.HOUSEHOLDS]
        for home, slot in ((5, at.STAFF_RECORD), (6, at.DUAL_ROLE)):
            homes[home] = self._home(*self.of.staff_family(self.block, slot))
        return homes

    def _name(self, slot: int, culture: Culture, family: str) -> _Name:
        names = culture.girls if self.girls >> slot & 1 else culture.boys
        given = self._pick(names)
        middle = self._pick(names) if self._happens(0.4) else None
        return _Name(given, family, None if middle == given else middle)

    def _refs(self, slots: Sequence[int]) -> tuple[str, ...]:
        return tuple([self.user_ids[slot] for slot in slots])

    def _master_id(self) -> Identifier:
        value = f"{self.random.getrandbits(64):016x}"
        return _identifier("userMasterIdentifier", IdentifierType.master_id, value)

    def _student(self, slot: int, home: _Home, agents: Sequence[int]) -> User:
        user = self.first + slot
        grade = self.layout.grade_of_student(user)
        name = self._name(slot, home.culture, home.family)
        username = f"{name.address}.{user}"
        email = None
        if grade >= FIRST_GRADE_ALL_EMAIL or (
            grade >= FIRST_GRADE_WITH_EMAIL and self._happens(0.6)
        ):
            email = f"{username}@students.example.org"
        if not self.rest and _HOUSEHOLD[slot] == at.SHARED_EMAIL:
            email = home.email
        school = self.schools[at.level(grade)]
        without_grade = not self.rest and slot == at.WITHOUT_GRADE and self.block % 4 == 1
        grades = () if without_grade else (GRADES[grade],)
        nickname = None
        if self._happens(0.1):
            nickname = self._pick(
                home.culture.girls if self.girls >> slot & 1 else home.culture.boys
            )
        return User(
            sourced_id=self.user_ids[slot],
            status=Status.deleted if self._has_left(slot) else Status.active,
            date_last_modified=self.modified(),
            enabled=not self._happens(0.02),
            username=username,
            given_name=name.given,
            middle_name=name.middle,
            family_name=name.family,
            preferred_given_name=nickname,
            pronouns=self._pick(PRONOUNS) if self._happens(0.05) else None,
            email=email,
            identifiers=(
                _identifier("StateID", IdentifierType.state_id, f"{910_000_000 + user}"),
                _identifier("SIS", IdentifierType.sis_id, f"{user:06d}"),
                _identifier("identifier", IdentifierType.identifier, f"{user:07d}"),
                self._master_id(),
            ),
            roles=self._student_roles(slot, school),
            primary_org_id=school,
            grades=grades,
            grades_raw=grades,
            agent_ids=self._refs(agents),
        )

    def _has_left(self, slot: int) -> bool:
        return not self.rest and slot == at.LEAVER and self.block % 5 == 0

    def _student_roles(self, slot: int, school: str) -> tuple[RoleAssignment, ...]:
        if self.rest or slot not in at.MOVERS:
            return (_role("student", school),)
        moved, began = moving_day(self.of.school_year), first_day(self.of.school_year)
        return (
            _role("student", school, begin_date=moved),
            _role("student", self.schools[3], begin_date=began, end_date=moved),
        )

    def _adult(self, slot: int, home: _Home, same_person: User) -> User:
        user = self.first + slot
        schools = [self.schools[level] for level in _SCHOOLS[slot]]
        role = at.ADULT_ROLES.get(slot, "parent")
        culture, family = home.culture, home.family
        if slot % 3 == 0:  # another family name than the children's
            family = self._pick(culture.families)
        name = self._name(slot, culture, family)
        email = f"{name.address}.{user}@mail.example.org"
        if _HOUSEHOLD[slot] == at.SHARED_EMAIL:
            email = home.email
        record = User(
            sourced_id=self.user_ids[slot],
            date_last_modified=self.modified(),
            username=email,
            given_name=name.given,
            middle_name=name.middle,
            family_name=name.family,
            email=email,
            phone=home.phone,
            sms=home.phone if self._happens(0.5) else None,
            identifiers=(self._master_id(),),
            roles=tuple(_role(role, school) for school in schools),
            primary_org_id=schools[0],
            primary_org_is_guess=True,
            agent_ids=self._refs(at.ADULT_AGENTS.get(slot, ())),
        )
        return _same_names(record, same_person) if slot == at.PARENT_RECORD else record

    def _staff(self, slot: int) -> User:
        user = self.first + slot
        culture, family = self.of.staff_family(self.block, slot)
        name = self._name(slot, culture, family)
        email = f"{name.address}.{user}@staff.example.org"
        roles = self._staff_roles(slot)
        return User(
            sourced_id=self.user_ids[slot],
            date_last_modified=self.modified(),
            username=email,
            given_name=name.given,
            middle_name=name.middle,
            family_name=name.family,
            email=email,
            phone=f"+1-555-01{self.block % 100:02d}",
            identifiers=(
                _identifier("staffUniqueId", IdentifierType.other, f"{700_000 + user}"),
                _identifier("identifier", IdentifierType.identifier, f"T{user:07d}"),
                self._master_id(),
            ),
            roles=roles,
            primary_org_id=roles[0].org_id,
            agent_ids=self._refs(at.ADULT_AGENTS[slot]) if slot == at.DUAL_ROLE else (),
        )

    def _staff_roles(self, slot: int) -> tuple[RoleAssignment, ...]:
        if slot == at.ADMINISTRATOR:
            if self.block % at.BLOCKS_IN_ZONE:
                return (_role("principal", self.schools[self.block % 3]),)
            return (_role("systemAdministrator", self.of.ids.org(0)),)
        if slot == at.HELPER:
            return (_role(HELPERS[self.block % 3], self.schools[self.block % 3]),)
        school = self.schools[at.TEACHERS.index(slot)]
        if slot == at.DUAL_ROLE:
            return (_role("teacher", school), _role("parent", school, is_primary=False))
        if slot == at.TEACHER_ELEMENTARY and self.block % at.BLOCKS_IN_ZONE == 0:
            return (_role("teacher", school), _role("teacher", self.schools[3]))
        return (_role("teacher", school),)

    def _demographics(self, slot: int) -> Demographics:
        user = self.first + slot
        grade = self.layout.grade_of_student(user)
        school = self.layout.school(at.level(grade), self.zone)
        born = date(self.of.school_year - 6 - grade, 9, 2) + timedelta(
            days=int(self.random.random() * 365)
        )
        known = not self._happens(self.of.missing_birth_dates(school))
        sex = Sex.female if self.girls >> slot & 1 else Sex.male
        if self._happens(0.01):
            sex = Sex.unspecified
        races = tuple(self._happens(0.25) for _ in range(5))
        return Demographics(
            sourced_id=self.user_ids[slot],
            status=Status.deleted if self._has_left(slot) else Status.active,
            date_last_modified=self.modified(),
            birth_date=born if known else None,
            sex=sex,
            sex_raw=str(sex),
            american_indian_or_alaska_native=races[0],
            asian=races[1],
            black_or_african_american=races[2],
            native_hawaiian_or_other_pacific_islander=races[3],
            white=races[4],
            demographic_race_two_or_more_races=sum(races) > 1,
            hispanic_or_latino_ethnicity=self._happens(0.3),
            country_of_birth_code="US",
            state_of_birth_abbreviation=self._pick(("MN", "NJ", "NM", "OR", "VT")),
            city_of_birth=self._pick(SCHOOL_NAMES),
        )


def first_day(school_year: int) -> date:
    """Return the first day of the school year that ends in a calendar year."""
    return date(school_year - 1, 8, 10)


def moving_day(school_year: int) -> date:
    """Return the day on which the movers of a school year are in their new school."""
    return date(school_year - 1, 10, 19)


def _role(
    word: str,
    org_id: str,
    *,
    is_primary: bool = True,
    begin_date: date | None = None,
    end_date: date | None = None,
) -> RoleAssignment:
    return RoleAssignment(
        role=ROLES[word],
        role_raw=word,
        org_id=org_id,
        is_primary=is_primary,
        begin_date=begin_date,
        end_date=end_date,
    )


def _identifier(word: str, type_: IdentifierType, value: str) -> Identifier:
    return Identifier(type=type_, type_raw=word, value=value)


def _same_names(record: User, person: User) -> User:
    return attrs.evolve(
        record,
        username=f"parent.{person.username}",
        given_name=person.given_name,
        middle_name=person.middle_name,
        family_name=person.family_name,
        email=person.email,
        phone=person.phone,
        identifiers=person.identifiers[-1:],
    )

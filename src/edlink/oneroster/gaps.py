"""What the records of a pull lack for an app to work, as counts and shares; pure."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date

from edlink.model import User
from edlink.oneroster.servers import Server
from edlink.report import Finding
from edlink.roster import Roster
from edlink.vocabulary import CoverageState, Kind, OrgType, Role, Severity

#: Percent from which on a share is good enough to pass without a warning.
_GOOD = 90

_FAMILY = frozenset({Role.guardian, Role.relative, Role.contact})


def find_gaps(roster: Roster, server: Server, *, today: date) -> list[Finding]:
    """
    Return findings on birth dates, e-mail, parents, masking, sessions and the eight zeros.

    A share or a zero is only said of collections that were read whole, and of somebody: of what
    cannot be read, the collection's own finding says it all.
    """
    students = roster.users_with_role(Role.student)
    teachers = roster.users_with_role(Role.teacher)
    return [
        *_check_birth_dates(roster, students, server),
        *_check_emails(roster, {"students": students, "teachers": teachers}, server),
        *_check_parents(roster, students, server),
        *_check_masking(roster, server),
        *_check_sessions(roster, server, today),
        *_check_zeros(roster, students, teachers, server),
    ]


def _knows(roster: Roster, *kinds: Kind) -> bool:
    return all(roster.coverage.is_complete(kind) for kind in kinds)


def _share(part: int, whole: int) -> float:
    return round(100 * part / whole, 1)


def _check_birth_dates(
    roster: Roster, students: tuple[User, ...], server: Server
) -> Iterator[Finding]:
    """Yield one finding per school that has students."""
    if not _knows(roster, Kind.demographics, Kind.user, Kind.org):
        return
    known = {d.sourced_id for d in roster.demographics if d.birth_date is not None}
    schools = {o.sourced_id for o in roster.orgs if o.type is OrgType.school}
    by_school: dict[str, list[str]] = defaultdict(list)
    for student in students:
        for org_id in {r.org_id for r in student.roles if r.org_id in schools}:
            by_school[str(org_id)].append(student.sourced_id)
    for org_id, ids in sorted(by_school.items()):
        share = _share(sum(i in known for i in ids), len(ids))
        yield _graded(
            "EDL-CHECK-111",
            f"{share} % of the school's students have a birth date",
            share,
            {"students": len(ids), "percent": share},
            server.fix("birth_dates" if share else "demographics"),
            org_id=org_id,
        )


def _check_emails(
    roster: Roster, groups: dict[str, tuple[User, ...]], server: Server
) -> Iterator[Finding]:
    for name, people in groups.items():
        if not people or not _knows(roster, Kind.user):
            continue
        share = _share(sum(u.email is not None for u in people), len(people))
        yield _graded(
            "EDL-CHECK-112",
            f"{share} % of the {name} have an e-mail",
            share,
            {name: len(people), "percent": share},
            server.fix("emails"),
        )


def _check_parents(roster: Roster, students: tuple[User, ...], server: Server) -> Iterator[Finding]:
    if not students or not _knows(roster, Kind.user):
        return
    adults = [u for u in roster.users if any(r.role in _FAMILY for r in u.roles)]
    linked = {r.contact_id for r in roster.relationships}
    with_parents = {r.student_id for r in roster.relationships}
    share = _share(len(with_parents), len(students))
    evidence: Mapping[str, float] = {
        "parents": len(adults),
        "linked": sum(a.sourced_id in linked for a in adults),
        "students_with_parents": len(with_parents),
        "percent": share,
    }
    if not adults:
        title, fix = "no parents are shared", server.fix("parents")
    elif roster.coverage.state(Kind.relationship) is CoverageState.failed:
        return
    else:
        title, fix = f"{share} % of the students have a linked parent", server.fix("links")
    yield _graded("EDL-CHECK-113", title, share if adults else 0.0, evidence, fix)


def _check_masking(roster: Roster, server: Server) -> Iterator[Finding]:
    fields = sorted({field for w in roster.warnings for field in w.distrusts})
    if fields:
        yield Finding(
            code="EDL-CHECK-114",
            severity=Severity.error,
            title="fields are masked, so nobody can be matched by them",
            evidence={"fields": ", ".join(fields)},
            fix=server.fix("masking"),
            who="district",
        )


def _check_sessions(roster: Roster, server: Server, today: date) -> Iterator[Finding]:
    if not _knows(roster, Kind.academic_session):
        return
    current = sum(
        s.start_date is not None and s.end_date is not None and s.start_date <= today <= s.end_date
        for s in roster.academic_sessions
    )
    yield Finding(
        code="EDL-CHECK-115",
        severity=Severity.ok if current else Severity.warning,
        title="a session covers today" if current else "no session covers today",
        evidence={"sessions": len(roster.academic_sessions), "current": current},
        fix="" if current else server.fix("sessions"),
        who="nobody" if current else "district",
    )


def _check_zeros(
    roster: Roster, students: tuple[User, ...], teachers: tuple[User, ...], server: Server
) -> Iterator[Finding]:
    """Yield one finding for each of the eight ways in which records hang in the air."""
    enrolled = {e.user_id for e in roster.enrollments}
    taught = _classes_with(roster, Role.teacher)
    attended = _classes_with(roster, Role.student)
    with_teacher = {
        e.user_id for e in roster.enrollments if e.role is Role.student and e.class_id in taught
    }
    used_courses = {c.course_id for c in roster.classes}
    ids = [c.sourced_id for c in roster.classes]
    courses = [c.sourced_id for c in roster.courses]
    periods = (not c.periods for c in roster.classes)
    unused = (i not in used_courses for i in courses)
    users, links = (Kind.user,), (Kind.user, Kind.enrollment)
    classes, rosters = (Kind.class_,), (Kind.class_, Kind.enrollment)
    zeros = (
        ("EDL-CHECK-120", "students without grade", users, (not u.grades for u in students)),
        ("EDL-CHECK-121", "students without enrollment", links, _missing(students, enrolled)),
        ("EDL-CHECK-122", "teachers without enrollment", links, _missing(teachers, enrolled)),
        ("EDL-CHECK-123", "students without teacher", links, _missing(students, with_teacher)),
        ("EDL-CHECK-124", "classes without period", classes, periods),
        ("EDL-CHECK-125", "classes without student", rosters, (i not in attended for i in ids)),
        ("EDL-CHECK-126", "classes without teacher", rosters, (i not in taught for i in ids)),
        ("EDL-CHECK-127", "courses without class", (Kind.course, Kind.class_), unused),
    )
    for code, title, kinds, found in zeros:
        faults = list(found)
        if faults and _knows(roster, *kinds):
            yield _zero(code, title, faults, server)


def _missing(people: Iterable[User], known: Collection[str | None]) -> Iterator[bool]:
    return (person.sourced_id not in known for person in people)


def _classes_with(roster: Roster, role: Role) -> set[str | None]:
    return {e.class_id for e in roster.enrollments if e.role is role}


def _zero(code: str, title: str, faults: list[bool], server: Server) -> Finding:
    count = sum(faults)
    return Finding(
        code=code,
        severity=Severity.info if count else Severity.ok,
        title=title,
        evidence={"count": count, "of": len(faults)},
        fix=server.fix("data") if count else "",
        who="district" if count else "nobody",
    )


def _graded(  # noqa: PLR0913 - the parts of one finding
    code: str,
    title: str,
    share: float,
    evidence: Mapping[str, int | float | str],
    fix: str,
    *,
    org_id: str | None = None,
) -> Finding:
    good = share >= _GOOD
    return Finding(
        code=code,
        severity=Severity.ok if good else Severity.warning,
        title=title,
        evidence=evidence,
        fix="" if good else fix,
        who="nobody" if good else "district",
        org_id=org_id,
    )

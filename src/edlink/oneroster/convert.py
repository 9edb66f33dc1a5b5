"""What a OneRoster record alone cannot say: family links, worked out from ``agents``."""

from collections.abc import Iterable, Iterator, Mapping

from edlink.coverage import Issue
from edlink.model import Relationship, User, relationship_id
from edlink.oneroster.values import read_relationship_kind
from edlink.vocabulary import Kind, Role

#: Role words that make an adult a student's contact; the word is the kind of the link.
_FAMILY = frozenset({"parent", "guardian", "relative", "aide", "contact"})


def to_relationships(users: Iterable[User]) -> tuple[tuple[Relationship, ...], tuple[Issue, ...]]:
    """
    Return the links between students and adults, and an Issue for each agent that is none.

    OneRoster lists linked people as ``agents`` on either side and never says what they are to
    each other (1.2 UserDType): the adult's own role does, at the student's school where they have
    one there.  A link that only one side lists counts, and says so.

    Args:
        users: All users of one source.

    Returns:
        Relationships in the order of the students and their agents, then those that only the
        adults list; Issues with reason ``dangling_agent`` (no such user) or ``agent_not_family``
        (both students, two adults, or a teacher).
    """
    people = {user.sourced_id: user for user in users}
    students = {user.sourced_id for user in people.values() if _is_student(user)}
    issues: list[Issue] = []
    edges: dict[tuple[str, str], set[str]] = {}
    for user, agent in _in_order(people, students, issues):
        pair = _pair(user, agent, students)
        if pair is None:
            issues.append(_issue(user, "agent_not_family"))
        else:
            edges.setdefault(pair, set()).add(user.sourced_id)
    links = (
        _link(people[adult], people[student], sides) for (student, adult), sides in edges.items()
    )
    return tuple(links), tuple(issues)


def _in_order(
    people: Mapping[str, User], students: set[str], issues: list[Issue]
) -> Iterator[tuple[User, User]]:
    """Yield each user with each agent, students first; agents without a record become Issues."""
    with_agents = [user for user in people.values() if user.agent_ids]
    for user in sorted(with_agents, key=lambda user: user.sourced_id not in students):
        for agent_id in user.agent_ids:
            agent = people.get(agent_id)
            if agent is None:
                issues.append(_issue(user, "dangling_agent"))
            else:
                yield user, agent


def _is_student(user: User) -> bool:
    return any(role.role is Role.student for role in user.roles)


def _pair(one: User, other: User, students: set[str]) -> tuple[str, str] | None:
    """Return (student, adult) where exactly one is a student and the other a family role."""
    if (one.sourced_id in students) == (other.sourced_id in students):
        return None
    student, adult = (one, other) if one.sourced_id in students else (other, one)
    return (student.sourced_id, adult.sourced_id) if _family_word(adult, student) else None


def _family_word(adult: User, student: User) -> str | None:
    """Return the adult's family role at an org of the student, else their first anywhere."""
    words = [
        (role.org_id, role.role_raw)
        for role in adult.roles
        if role.role_raw is not None and role.role_raw.lower() in _FAMILY
    ]
    orgs = {role.org_id for role in student.roles}
    near = (word for org_id, word in words if org_id in orgs)
    return next(near, words[0][1] if words else None)


def _link(adult: User, student: User, sides: set[str]) -> Relationship:
    word = _family_word(adult, student)
    return Relationship(
        sourced_id=relationship_id(student.sourced_id, adult.sourced_id),
        student_id=student.sourced_id,
        contact_id=adult.sourced_id,
        kind=read_relationship_kind(word),
        kind_raw=word,
        both_sides_confirmed=len(sides) > 1,
    )


def _issue(user: User, reason: str) -> Issue:
    return Issue(
        kind=Kind.user,
        reason=reason,
        sourced_id=user.sourced_id,
        fields=("agents",),
        set_aside=False,
    )

"""The part of a roster that belongs to the current, or the chosen, terms."""

from collections.abc import Iterable, Mapping
from datetime import date

import attrs

from edlink.matching.session_ends import later, settle_ends
from edlink.matching.sessions import (
    SessionProblem,
    SessionTree,
    Window,
    active_sessions,
    session_tree,
)
from edlink.matching.term_days import TermDays, passed_up, together
from edlink.matching.term_policy import Between, TermPolicy, Undated
from edlink.model import AcademicSession, Class, Enrollment
from edlink.roster import Roster
from edlink.vocabulary import Kind


@attrs.frozen(kw_only=True)
class TermChoice:
    """
    A session that a host chose, found again even where the provider's ids are not stable.

    The id decides where title or dates still agree with it; else the school, title and dates do.
    """

    session_id: str
    title: str | None = None
    start_date: date | None = None
    end_date: date | None = None
    org_id: str | None = None

    @classmethod
    def of(cls, session: AcademicSession) -> "TermChoice":
        """Return the choice of a session."""
        return cls(
            session_id=session.sourced_id,
            title=session.title,
            start_date=session.start_date,
            end_date=session.end_date,
            org_id=session.org_id,
        )

    @property
    def stable_key(self) -> tuple[str | None, date | None, date | None, str | None]:
        """What names the session where its id does not."""
        return self.title, self.start_date, self.end_date, self.org_id


@attrs.frozen(kw_only=True)
class TermNote:
    """
    A record that a filter dropped or flagged, and why.

    Reasons to drop: ``out_of_term``, ``undated``, ``class_not_kept``, ``user_unknown``,
    ``enrollment_not_current``.  Reasons to flag: ``undated``, ``no_current_enrollment``.
    """

    kind: Kind
    sourced_id: str
    reason: str


@attrs.frozen(kw_only=True)
class FilterResult:
    """
    What a term filter kept and dropped.

    Attributes:
        roster: The input with only the classes and enrollments kept; every other record stays.
        session_ids: The sessions that decided, sorted.
        dropped: Each class and enrollment left out, with the reason.
        flags: Records that were kept but deserve a look.
        problems: What is wrong with the sessions or the choice.
    """

    roster: Roster
    session_ids: tuple[str, ...]
    dropped: tuple[TermNote, ...] = ()
    flags: tuple[TermNote, ...] = ()
    problems: tuple[SessionProblem, ...] = ()

    def dropped_ids(self, kind: Kind) -> frozenset[str]:
        """Return the sourced ids of a kind that were dropped."""
        return frozenset(note.sourced_id for note in self.dropped if note.kind is kind)


def filter_terms(
    roster: Roster,
    *,
    on: date,
    choices: Iterable[TermChoice] | None = None,
    policy: TermPolicy | None = None,
) -> FilterResult:
    """
    Return the roster with the classes and enrollments of the current or the chosen terms.

    Without choices the sessions that ``on`` lies in decide, and a class's own dates come before
    its sessions'.  With choices, a class stays when it hangs on a chosen session, on one inside
    it, or on one around it: a year-long class belongs to the autumn term.  Nobody is removed:
    a person without a class left is flagged.

    Args:
        roster: What to filter.
        on: The day, as the school counts it.
        choices: The sessions wanted, or None for those of the day.
        policy: How terms decide.
    """
    policy = policy or TermPolicy()
    sessions = roster.academic_sessions
    tree = session_tree(settle_ends(sessions) if policy.infer_ends else sessions)
    if choices is None:
        lost: tuple[SessionProblem, ...] = ()
        chosen = pick_default_terms(tree, on=on, policy=policy)
    else:
        chosen, lost = _resolve(choices, sessions)
    term = _Term.of(tree, chosen, on=on, policy=policy, by_date=choices is None)
    return term.apply(roster, problems=tree.problems + lost)


def pick_default_terms(
    tree: SessionTree, *, on: date, policy: TermPolicy | None = None
) -> tuple[str, ...]:
    """
    Return the ids of the sessions that are current on a day, sorted.

    Each school's sessions are judged by themselves: those the day lies in, else those that the
    policy names for days between terms.  So are the parts of a session that the day lies in, where
    they pause for no more than ``next_within_days``: a school year goes on between its semesters,
    and its August boot camp is over.
    """
    policy = policy or TermPolicy()
    active = set(active_sessions(tree, on, grace_days=policy.grace_days))
    groups = [*_by_org(tree, tree.sessions).values()]
    parts = [g for i in active for g in _by_org(tree, tree.children(i)).values()]
    groups += [g for g in parts if _is_pause([tree.windows[i] for i in g], on, policy)]
    probes: dict[date, list[str]] = {}
    for members in groups:
        if active.isdisjoint(members):
            probe = _probe([tree.windows[i] for i in members], on, policy)
            if probe is not None:
                probes.setdefault(probe, []).extend(members)
    found = set(active)
    for probe, members in probes.items():
        found.update(i for i in tree.families(members) if _holds(tree.windows[i], probe))
    return tuple(sorted(found))


def _by_org(tree: SessionTree, session_ids: Iterable[str]) -> dict[str | None, list[str]]:
    groups: dict[str | None, list[str]] = {}
    for i in session_ids:
        groups.setdefault(tree.sessions[i].org_id, []).append(i)
    return groups


def _holds(window: Window, on: date) -> bool:
    return not window.is_open and window.contains(on)


def _around(windows: list[Window], on: date) -> tuple[date | None, date | None]:
    """Return the last end up to a day, and the first start after it."""
    past = max((w.end for w in windows if w.end is not None and w.end <= on), default=None)
    coming = min((w.start for w in windows if w.start is not None and w.start > on), default=None)
    return past, coming


def _is_pause(windows: list[Window], on: date, policy: TermPolicy) -> bool:
    past, coming = _around(windows, on)
    if past is None or coming is None:
        return False
    return coming <= later(past, policy.next_within_days)


def _probe(windows: list[Window], on: date, policy: TermPolicy) -> date | None:
    """Return the day whose sessions stand in for ``on``, or None."""
    if policy.between is Between.empty:
        return None
    past, coming = _around(windows, on)
    soon = later(on, policy.next_within_days)
    if policy.between is Between.next and coming is not None and coming <= soon:
        return coming
    return None if past is None else later(past, -1)


def _resolve(
    choices: Iterable[TermChoice], sessions: tuple[AcademicSession, ...]
) -> tuple[tuple[str, ...], tuple[SessionProblem, ...]]:
    """Return the sessions chosen, and a problem for choices that no one session fits."""
    by_id = {s.sourced_id: s for s in sessions}
    by_key: dict[object, list[str]] = {}
    for session in sessions:
        by_key.setdefault(TermChoice.of(session).stable_key, []).append(session.sourced_id)
    found, lost = set(), set()
    for choice in choices:
        named = by_id.get(choice.session_id)
        same = by_key.get(choice.stable_key, [])
        if named is not None and _still_is(named, choice):
            found.add(choice.session_id)
        elif len(same) == 1:
            found.add(same[0])
        else:
            lost.add(choice.session_id)
    unknown = SessionProblem(
        code="EDL-TERM-007", reason="choice_unknown", session_ids=tuple(sorted(lost))
    )
    return tuple(sorted(found)), (unknown,) if lost else ()


def _still_is(session: AcademicSession, choice: TermChoice) -> bool:
    """Return whether a session with the chosen id is the one that was chosen."""
    same_title = choice.title is None or session.title == choice.title
    dates = (choice.start_date, choice.end_date)
    return same_title or dates == (session.start_date, session.end_date) != (None, None)


@attrs.frozen(kw_only=True)
class _Term:
    """
    The sessions that decide, and how.

    Attributes:
        every: The days of all that were picked, or chosen with what lies inside.
        days: By session that keeps a class, the days for which it does: by date its own and those
            of what lies inside it, else all.
    """

    tree: SessionTree
    on: date
    policy: TermPolicy
    by_date: bool
    every: TermDays
    days: Mapping[str, TermDays]

    @classmethod
    def of(
        cls,
        tree: SessionTree,
        chosen: Iterable[str],
        *,
        on: date,
        policy: TermPolicy,
        by_date: bool,
    ) -> "_Term":
        def days_of(*ids: str) -> TermDays:
            windows = [tree.windows[i] for i in ids]
            return TermDays.of(windows, on, grace_days=policy.grace_days)

        deciding = tuple(chosen) if by_date else tree.families(chosen)
        every = days_of(*deciding)
        own = {i: days_of(i) if by_date else every for i in deciding}
        days = passed_up(tree, own)
        return cls(tree=tree, on=on, policy=policy, by_date=by_date, every=every, days=days)

    def apply(self, roster: Roster, *, problems: tuple[SessionProblem, ...]) -> FilterResult:
        classes: dict[str, Class] = {}
        kept: dict[str, TermDays] = {}
        dropped, flags = [], []
        for class_ in roster.classes:
            deciding = self.deciding(class_)
            reason = self.reason_to_drop(class_, deciding)
            if reason is None:
                classes[class_.sourced_id], kept[class_.sourced_id] = class_, deciding
            else:
                dropped.append(_note(Kind.class_, class_.sourced_id, reason))
            reported = reason is None and self.policy.undated is Undated.report
            if reported and self.is_undated(class_):
                flags.append(_note(Kind.class_, class_.sourced_id, "undated"))
        enrollments = []
        for enrollment in roster.enrollments:
            why = self.why_not(enrollment, kept, roster)
            if why is None:
                enrollments.append(enrollment)
            else:
                dropped.append(_note(Kind.enrollment, enrollment.sourced_id, why))
        flags += _idle(roster.enrollments, enrollments)
        return FilterResult(
            roster=attrs.evolve(
                roster, classes=tuple(classes.values()), enrollments=tuple(enrollments)
            ),
            session_ids=tuple(sorted(self.days)),
            dropped=tuple(dropped),
            flags=tuple(flags),
            problems=problems,
        )

    def is_undated(self, class_: Class) -> bool:
        """Return whether no date, its own or a session's, says anything of a class."""
        return _own(class_).is_open and all(
            self.tree.windows[i].is_open for i in class_.session_ids if i in self.tree.windows
        )

    def deciding(self, class_: Class) -> TermDays:
        """Return the days that decide on a class: its sessions', else all."""
        own = [self.days[i] for i in class_.session_ids if i in self.days]
        return together(own) if own else self.every

    def reason_to_drop(self, class_: Class, deciding: TermDays) -> str | None:
        if self._is_in_term(class_, deciding):
            return None
        if self.is_undated(class_):
            return "undated" if self.policy.undated is Undated.drop else None
        return "out_of_term"

    def _is_in_term(self, class_: Class, deciding: TermDays) -> bool:
        hangs = any(i in self.days for i in class_.session_ids)
        own = _own(class_)
        if own.is_open:
            return hangs
        if self.by_date:
            return self.is_current(own, deciding)
        return hangs or self.every.meet(own)

    def is_current(self, days: Window, deciding: TermDays) -> bool:
        """Return whether days hold ``on``, or meet a deciding term that does not."""
        is_asked = deciding.holds or (self.by_date and not self.days)
        holds = is_asked and days.contains(self.on, grace_days=self.policy.grace_days)
        return holds or deciding.meet_beside(days)

    def why_not(
        self, enrollment: Enrollment, kept: Mapping[str, TermDays], roster: Roster
    ) -> str | None:
        deciding = kept.get(enrollment.class_id or "")
        if deciding is None:
            return "class_not_kept"
        if enrollment.user_id is None or roster.user(enrollment.user_id) is None:
            return "user_unknown"
        days = Window(start=enrollment.begin_date, end=enrollment.end_date)
        if days.is_open or not self.policy.respect_enrollment_dates:
            return None
        return None if self.is_current(days, deciding) else "enrollment_not_current"


def _own(class_: Class) -> Window:
    return Window(start=class_.begin_date, end=class_.end_date)


def _idle(before: Iterable[Enrollment], after: Iterable[Enrollment]) -> list[TermNote]:
    """Return a flag for each person who had an enrollment and has none left."""
    left = {e.user_id for e in after}
    had = dict.fromkeys(e.user_id for e in before if e.user_id is not None)
    return [_note(Kind.user, i, "no_current_enrollment") for i in had if i not in left]


def _note(kind: Kind, sourced_id: str, reason: str) -> TermNote:
    return TermNote(kind=kind, sourced_id=sourced_id, reason=reason)

"""What a school calls the things that edlink names."""

from collections.abc import Mapping
from datetime import timedelta

import attrs

from edlink.matching import Action, Hold, SyncPlan, TermRow
from edlink.vocabulary import Kind

KINDS: Mapping[str, str] = {
    Kind.org: "Schools and district",
    Kind.academic_session: "Terms",
    Kind.course: "Courses",
    Kind.class_: "Classes",
    Kind.user: "People",
    Kind.enrollment: "People in classes",
    Kind.relationship: "Family links",
    Kind.demographics: "Birth dates",
}

#: The columns of a plan, in order, and what of the plan each adds up.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "New": (Action.create, Action.restore),
    "Found among yours": (Action.adopt,),
    "Changed": (Action.update, Action.rekey, Action.merge),
    "Removed": (Action.archive, Action.discard),
    "Waiting for you": ("held",),
    "Unchanged": ("unchanged",),
}

HOLDS: Mapping[str, str] = {
    "removed_percent": "{count} of {of} would go. Up to {limit} % go without asking you.",
    "removed_cap": "{count} would go. Up to {limit} at once go without asking you.",
    "changed_percent": "{count} of {of} would change. Up to {limit} % do without asking you.",
    "fall_to_zero": "All {of} would go.",
    "class_loss": "{count} of {of} classes would lose most of their people.",
}

#: Why a record is left alone; what is not listed is said by edlink's own word.
KEPT: Mapping[str, str] = {
    "waiting": "not seen this time; removed only if it stays away",
    "not_covered": "only changes were read, so nobody is taken for gone",
    "excluded_org": "at a school that you left out",
    "parent_data_off": "parents are switched off",
    "out_of_term": "classes of other terms",
    "class_not_kept": "in classes of other terms",
    "enrollment_not_current": "left the class already, or not yet in it",
    "hidden": "hidden by you",
}

SEVERITIES: Mapping[str, str] = {
    "error": "Problem",
    "warning": "Look",
    "info": "Note",
    "ok": "Good",
}

WHO: Mapping[str, str] = {
    "district": "The district's administrator can do this.",
    "partner": "Whoever set this app up at the provider can do this.",
    "developer": "The maker of this app can do this.",
    "nobody": "",
}

EVENTS: Mapping[str, str] = {
    "applied": "Applied",
    "failed": "Failed",
    "undone": "Undone",
}


@attrs.frozen(kw_only=True)
class Row:
    """One kind of record in a plan: how many of it have each fate."""

    name: str
    numbers: tuple[int, ...]


def term_days(row: TermRow) -> str:
    """Return a term's first and last day."""
    if row.start_date is None or row.end_date is None:
        return "days not known"
    last = row.end_date - timedelta(days=1)
    return f"{row.start_date:%b %-d, %Y} – {last:%b %-d, %Y}"  # noqa: RUF001 - a dash from to


def plan_rows(plan: SyncPlan) -> tuple[tuple[str, ...], tuple[Row, ...]]:
    """Return the columns of a plan in which anything stands, and its rows."""
    counts = plan.counts()

    def number(column: str, kind: Kind) -> int:
        return sum(counts.get(action, {}).get(kind, 0) for action in COLUMNS[column])

    columns = tuple(column for column in COLUMNS if any(number(column, kind) for kind in Kind))
    rows = (Row(name=KINDS[k], numbers=tuple(number(c, k) for c in columns)) for k in Kind)
    return columns, tuple(row for row in rows if any(row.numbers))


def hold_text(hold: Hold) -> str:
    """Return why something waits."""
    numbers = {"count": hold.count, "of": hold.of, "limit": hold.limit}
    return f"{KINDS[hold.kind]}: {HOLDS[hold.reason].format(**numbers)}"


def kept_lines(plan: SyncPlan) -> tuple[tuple[int, str, str], ...]:
    """Return how many records of which kind are left alone, and why."""
    return tuple(
        (number, KINDS[kind], KEPT.get(reason, reason.replace("_", " ")))
        for action, kinds in plan.counts().items()
        if (reason := action.removeprefix("kept_")) != action
        for kind, number in kinds.items()
    )

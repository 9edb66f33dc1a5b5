"""A merge plan carried out on a state, and taken back: every change has its picture before."""

from collections.abc import Iterable, Mapping

import attrs

from edlink.errors import UnsafePlanError
from edlink.matching.dedupe import HostPerson
from edlink.matching.merge import Merge, MergePlan, MergeState, Redirect
from edlink.matching.merge_rows import Reference, rows_of, unique_after
from edlink.matching.people import Person
from edlink.plain import from_plain


@attrs.frozen(kw_only=True)
class MergeUndo:
    """
    What a merge changed, before and after; ``None`` where a record or row is gone.

    It holds the records themselves: keep it as private as they are.
    """

    people: tuple[tuple[HostPerson, HostPerson | None], ...] = attrs.field(repr=False)
    references: tuple[tuple[Reference, Reference | None], ...] = attrs.field(repr=False)
    redirects_before: tuple[Redirect, ...]
    redirects_after: tuple[Redirect, ...]


def apply_merge(state: MergeState, plan: MergePlan) -> tuple[MergeState, MergeUndo]:
    """
    Return the state after a plan, in order of refs, and what takes it back.

    Raises:
        UnsafePlanError: EDL-MATCH-010 when the plan was made for another state.
    """
    if plan.fingerprint != state.fingerprint():
        raise UnsafePlanError(
            "EDL-MATCH-010",
            "the merge plan was made for another state",
            counts={"merges": len(plan.merges)},
            fix="Plan again.",
        )
    people = {record.ref: record for record in state.people}
    rows = {reference.key: reference for reference in state.references}
    after_people: dict[str, HostPerson | None] = {}
    after_rows: dict[tuple[str, str, str], Reference | None] = {}
    gone: dict[str, str] = {}
    for merge in plan.merges:
        gone |= dict.fromkeys(merge.losers, merge.survivor)
        after_people |= dict.fromkeys(merge.losers)
        after_people[merge.survivor] = _merged(people[merge.survivor], merge)
        for step in merge.steps:
            key = (step.table, step.row, step.field)
            kept = step.kept_row is None
            after_rows[key] = attrs.evolve(rows[key], person=step.after) if kept else None
    after_people |= _repointed(people | after_people, gone)
    after_rows |= _renamed(rows, after_rows, gone)
    redirects = _redirects(state.redirects, gone)
    undo = MergeUndo(
        people=tuple((people[ref], after) for ref, after in sorted(after_people.items())),
        references=tuple((rows[key], after) for key, after in sorted(after_rows.items())),
        redirects_before=_sorted_redirects(state.redirects),
        redirects_after=redirects,
    )
    return _state(people | after_people, rows | after_rows, redirects), undo


def revert_merge(state: MergeState, undo: MergeUndo) -> MergeState:
    """
    Return the state as it was before a merge, in order of refs.

    Raises:
        UnsafePlanError: EDL-MATCH-011 when a record, row or redirect that the merge touched has
            changed since; the message lists the refs.
    """
    people = {record.ref: record for record in state.people}
    rows = {reference.key: reference for reference in state.references}
    changed = [before.ref for before, after in undo.people if people.get(before.ref) != after]
    changed += ["/".join(b.key) for b, after in undo.references if rows.get(b.key) != after]
    if _sorted_redirects(state.redirects) != undo.redirects_after:
        changed.append("redirects")
    if changed:
        raise UnsafePlanError(
            "EDL-MATCH-011",
            f"what the merge touched has changed since: {', '.join(sorted(changed))}",
            counts={"changed": len(changed)},
            fix="Take back what came after, or mend these by hand.",
        )
    people_before = {before.ref: before for before, _ in undo.people}
    rows_before = {before.key: before for before, _ in undo.references}
    return _state(people | people_before, rows | rows_before, undo.redirects_before)


def resolve(ref: str, redirects: Iterable[Redirect]) -> str:
    """
    Return the ref that a record has now: its survivor's where it was merged, else its own.

    All redirects are looked through; ``MergeState.survivors`` is for whoever follows many refs.
    """
    return next((r.survivor for r in redirects if r.ref == ref), ref)


def _merged(record: HostPerson, merge: Merge) -> HostPerson:
    taken = {field.name: field.after for field in merge.fields}
    read = from_plain(Person, {"ref": record.ref, **taken})
    person = attrs.evolve(record.person, **{name: getattr(read, name) for name in taken})
    return attrs.evolve(record, person=person, sticky=frozenset(merge.sticky))


def _repointed(
    people: Mapping[str, HostPerson | None], gone: Mapping[str, str]
) -> dict[str, HostPerson | None]:
    """Return the guardians whose children were merged, with the children's new refs."""
    found: dict[str, HostPerson | None] = {}
    for ref, record in people.items():
        if record is not None and not gone.keys().isdisjoint(record.person.child_refs):
            refs = tuple(
                dict.fromkeys(gone.get(child, child) for child in record.person.child_refs)
            )
            found[ref] = attrs.evolve(record, person=attrs.evolve(record.person, child_refs=refs))
    return found


def _renamed(
    rows: Mapping[tuple[str, str, str], Reference],
    after: Mapping[tuple[str, str, str], Reference | None],
    gone: Mapping[str, str],
) -> dict[tuple[str, str, str], Reference]:
    """Return the references that are unique by someone who was merged, with the new ref."""
    found: dict[tuple[str, str, str], Reference] = {}
    for row in rows_of(rows.values()).values():
        for before in row:
            unique_by = unique_after(before, row, gone)
            now = after.get(before.key, before)
            if now is not None and unique_by != before.unique_by:
                found[before.key] = attrs.evolve(now, unique_by=unique_by)
    return found


def _redirects(before: Iterable[Redirect], gone: Mapping[str, str]) -> tuple[Redirect, ...]:
    """Return all redirects, each one step long."""
    old = {redirect.ref: gone.get(redirect.survivor, redirect.survivor) for redirect in before}
    return _sorted_redirects(Redirect(ref=r, survivor=s) for r, s in (old | dict(gone)).items())


def _sorted_redirects(redirects: Iterable[Redirect]) -> tuple[Redirect, ...]:
    return tuple(sorted(redirects, key=lambda redirect: redirect.ref))


def _state(
    people: Mapping[str, HostPerson | None],
    rows: Mapping[tuple[str, str, str], Reference | None],
    redirects: tuple[Redirect, ...],
) -> MergeState:
    return MergeState(
        people=tuple(record for _, record in sorted(people.items()) if record is not None),
        references=tuple(row for _, row in sorted(rows.items()) if row is not None),
        redirects=redirects,
    )

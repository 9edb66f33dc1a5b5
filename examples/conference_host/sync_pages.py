"""Where staff look at a plan, approve or undo it, and say what syncs are to do."""

import attrs
from examples.conference_host import words
from examples.conference_host.school import Lesson, full_name
from examples.conference_host.sign_in import conference
from examples.conference_host.staff import require_staff, who
from examples.conference_host.syncs import Held
from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from edlink import Org, OrgType, Role, Roster
from edlink.errors import UnsafePlanError
from edlink.matching import Action, TermChoice
from edlink.vocabulary import Kind

pages = Blueprint("sync", __name__, url_prefix="/staff")
pages.before_request(require_staff)
pages.context_processor(who)


@attrs.frozen(kw_only=True)
class ClassRow:
    """A class as staff see it."""

    school: str
    lesson: Lesson
    students: int
    ref: str


@pages.post("/plan")
def make_plan() -> Response:
    """Pull and plan; nothing is changed yet."""
    conference().syncs.make_plan(whole="whole" in request.form)
    return redirect(url_for("sync.show_plan"), 303)


@pages.get("/plan")
def show_plan() -> str | Response:
    """Show the plan that waits."""
    syncs = conference().syncs
    plan = syncs.plan()
    if plan is None:
        return redirect(url_for("staff.home"))
    state = syncs.state()
    adopted = [
        full_name(held.record)  # type: ignore[arg-type] # of kind user
        for change in plan.of(Action.adopt)
        if change.kind is Kind.user and (held := state.get(Kind.user, change.ref or ""))
    ]
    columns, rows = words.plan_rows(plan)
    return render_template(
        "plan.html",
        plan=plan,
        policy=syncs.policy(),
        columns=columns,
        rows=rows,
        holds=[words.hold_text(hold) for hold in plan.holds if hold.org_id is None],
        kept=words.kept_lines(plan),
        terms=syncs.terms(syncs.seen()),
        adopted=adopted,
    )


@pages.post("/plan/apply")
def apply_plan() -> Response:
    """Apply the plan that was shown."""
    choice = request.form.get("held", Held.refuse)
    if choice not in set(Held):
        abort(400, "There is no such choice.")
    try:
        conference().syncs.apply(request.form.get("fingerprint", ""), Held(choice))
    except UnsafePlanError as error:
        flash(f"{error.message} ({error.code}). {error.fix}", "bad")
        return redirect(url_for("sync.show_plan"), 303)
    flash("The plan has been applied.", "good")
    return redirect(url_for("staff.home"), 303)


@pages.post("/undo")
def undo() -> Response:
    """Undo the last sync."""
    conference().syncs.undo()
    flash("The last sync has been undone.", "good")
    return redirect(url_for("staff.home"), 303)


@pages.get("/settings")
def settings() -> str:
    """Show what syncs are to do, and what there is to choose from."""
    syncs = conference().syncs
    seen, policy = syncs.seen(), syncs.policy()
    return render_template(
        "settings.html",
        policy=policy,
        chosen={choice.session_id for choice in policy.term_choices},
        schools=_schools(seen),
        terms=syncs.terms(seen),
    )


@pages.post("/settings")
def save_settings() -> Response:
    """Keep what syncs are to do."""
    syncs, form = conference().syncs, request.form
    seen = syncs.seen()
    schools = {org.sourced_id for org in _schools(seen)}
    wanted, terms = form.getlist("schools"), form.getlist("terms")
    sessions = seen.academic_sessions if seen else ()
    policy = attrs.evolve(
        syncs.policy(),
        parent_data="parents" in form,
        exclude_orgs=schools.difference(wanted),
        term_choices=tuple(TermChoice.of(s) for s in sessions if s.sourced_id in terms),
    )
    syncs.set_policy(policy)
    flash("Kept. Look for changes to see what this means.", "good")
    return redirect(url_for("sync.settings"), 303)


def _schools(seen: Roster | None) -> list[Org]:
    return [org for org in seen.orgs if org.type is OrgType.school] if seen else []


@pages.get("/classes")
def classes() -> str:
    """Show the classes by school, and which of them are hidden."""
    now = conference()
    hidden, school = now.syncs.hidden_classes(), now.school()
    managed = now.syncs.state().managed(Kind.class_)
    rows = [
        ClassRow(
            school=school.place(class_.org_id),
            lesson=school.lesson(class_),
            students=len(school.roster.people_of_class(class_.sourced_id, Role.student)),
            ref=managed[class_.sourced_id].ref,
        )
        for class_ in school.roster.classes
    ]
    rows.sort(key=lambda row: (row.school, row.lesson.title, row.lesson.teachers))
    return render_template("classes.html", rows=rows, hidden=hidden)


@pages.post("/classes/<ref>")
def hide_class(ref: str) -> Response:
    """Hide a class, or show it again."""
    conference().syncs.hide_class(ref, hidden="hide" in request.form)
    return redirect(url_for("sync.classes"), 303)

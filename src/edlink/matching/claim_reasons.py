"""Why a claim to be a child's guardian ends as it does, and what staff can do about it."""

from collections.abc import Mapping
from enum import StrEnum


class Reason(StrEnum):
    """The private reason of a claim: for the host's staff only."""

    verified = "verified"
    limited = "limited"
    limiter_failed = "limiter_failed"
    number_required = "number_required"
    student_not_in_scope = "student_not_in_scope"
    student_archived = "student_archived"
    name_differs = "name_differs"
    ambiguous = "ambiguous"
    relationship_missing = "relationship_missing"
    contact_barred = "contact_barred"
    dob_permission_off = "dob_permission_off"
    dob_missing_here = "dob_missing_here"
    dob_missing = "dob_missing"
    dob_masked = "dob_masked"
    dob_unreadable = "dob_unreadable"
    dob_differs_day_month_swapped = "dob_differs_day_month_swapped"
    dob_differs = "dob_differs"
    needs_approval = "needs_approval"
    custody_unclear = "custody_unclear"
    child_guarded = "child_guarded"

    @property
    def may_be_approved(self) -> bool:
        """Whether the birth date is right and someone at the school may still say yes."""
        waiting = (Reason.needs_approval, Reason.custody_unclear, Reason.child_guarded)
        return self in waiting


#: What staff can do about each.
FIXES: Mapping[Reason, str] = {
    Reason.verified: "",
    Reason.limited: "Too many attempts: wait, or link the adult by hand.",
    Reason.limiter_failed: "The limiter did not answer: look at its store.",
    Reason.number_required: "Ask for the student number as the school prints it.",
    Reason.student_not_in_scope: "No shared student fits: check the school's sharing settings.",
    Reason.student_archived: "The student has left: check the enrollment in the SIS.",
    Reason.name_differs: "The number is another name's: check both with the parent.",
    Reason.ambiguous: "Several students fit: ask for the student number.",
    Reason.relationship_missing: "The SIS does not link this contact and student: add it there.",
    Reason.contact_barred: "The SIS keeps this contact from the student: refer to the school.",
    Reason.dob_permission_off: "No student has a birth date: allow the app to read them.",
    Reason.dob_missing_here: "No student at this school has a birth date: enter or share them.",
    Reason.dob_missing: "This student's birth date is blank: enter it in the SIS.",
    Reason.dob_masked: "Birth dates are masked by a privacy filter: share the real ones.",
    Reason.dob_unreadable: "What was typed is no full date in the order asked for.",
    Reason.dob_differs_day_month_swapped: "Day and month are swapped: show the order.",
    Reason.dob_differs: "Another birth date is on file: check it with the parent.",
    Reason.needs_approval: "The birth date is right: the school must approve the adult.",
    Reason.custody_unclear: "The SIS has a note about custody: read it before you approve.",
    Reason.child_guarded: "The SIS keeps an adult from this child: approve only if it is another.",
}

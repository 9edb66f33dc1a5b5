"""
Decisions about a roster, as pure functions: no clock, no network, no files, no randomness.

Inputs are never changed, outputs are frozen and ordered, and nothing printable holds a person.
A module is loaded when one of its names is first asked for.
"""

import importlib
import typing

if typing.TYPE_CHECKING:
    from edlink.matching.apply import apply_sync, require_unchanged, with_change
    from edlink.matching.archive import find_expired, plan_archive, plan_unmanage
    from edlink.matching.assignment import Assignment, OpenComponent, assign_one_to_one
    from edlink.matching.birth_dates import BirthDate, BirthDateState, parse_birth_date
    from edlink.matching.birth_report import (
        BirthDateReport,
        BirthDateRow,
        diagnose_birth_dates,
        discard_birth_dates,
    )
    from edlink.matching.causes import explain_unmatched
    from edlink.matching.claim_reasons import Reason
    from edlink.matching.claims import GuardianClaim
    from edlink.matching.classes import (
        Classroom,
        ClassStart,
        ClassStartPlan,
        classrooms_of,
        match_classes,
        plan_class_start,
    )
    from edlink.matching.clear import Account, ClearPlan, plan_clear
    from edlink.matching.contacts import FoldedContacts, fold_contacts
    from edlink.matching.dedupe import DuplicateGroup, DuplicateGroups, HostPerson, find_duplicates
    from edlink.matching.diff import FieldChange, RecordUpdate, RosterDiff, apply_diff, diff_rosters
    from edlink.matching.directory import StudentDirectory
    from edlink.matching.emails import EmailKey, EmailPolicy, normalize_email, normalize_phone
    from edlink.matching.frequencies import NameFrequencies
    from edlink.matching.host import Absence, Hold, HostRecord, HostState, SyncMemory, TypedFields
    from edlink.matching.host_side import host_links, host_people
    from edlink.matching.id_rules import IdRuleProposal, learn_id_rule
    from edlink.matching.identities import IdentityMatch, match_identity
    from edlink.matching.ids import IdKey, normalize_id
    from edlink.matching.limiter import (
        Attempt,
        AttemptLimiter,
        AttemptLimits,
        MemoryLimiter,
        Outcome,
        Permission,
    )
    from edlink.matching.linkage import weigh_with_splink
    from edlink.matching.linked import Basis, Evidence, Link, Links
    from edlink.matching.match import match_people
    from edlink.matching.merge import (
        Merge,
        MergeConflict,
        MergePlan,
        MergeState,
        Redirect,
        Survivorship,
        TakenField,
        plan_merge,
    )
    from edlink.matching.merge_apply import MergeUndo, apply_merge, resolve, revert_merge
    from edlink.matching.merge_rows import Reference, ReferenceStep
    from edlink.matching.name_levels import NameLevel, compare_names
    from edlink.matching.normalize import NameKey, normalize_name
    from edlink.matching.orgs import match_orgs
    from edlink.matching.overrides import Effect, Override, Overrides, OverrideType
    from edlink.matching.overview import TermOverview, TermRow, term_overview
    from edlink.matching.parents import (
        ClaimPolicy,
        Proof,
        PublicAnswer,
        StaffNote,
        VerificationResult,
        bars_contact,
        verify_guardian_claim,
    )
    from edlink.matching.people import Person, PersonKind, people_of
    from edlink.matching.plan import Action, Change, Keep, SyncPlan, SyncProblem
    from edlink.matching.policy import ClassMode, Limits, Profile, SyncPolicy
    from edlink.matching.rekey import RekeyPlan, RekeyStep, plan_rekey
    from edlink.matching.rekeys import Rekeys, detect_rekeys
    from edlink.matching.release import plan_release
    from edlink.matching.report import (
        Cause,
        MatchReport,
        NearMiss,
        OpenGroup,
        SameHuman,
        SharedValue,
        StoredLink,
    )
    from edlink.matching.rules import MatchRules
    from edlink.matching.schedule import (
        Blackout,
        Region,
        SyncSchedule,
        SyncWindow,
        current_window,
        local_today,
        next_window,
        nightly,
        region_zone,
        twice_weekly,
    )
    from edlink.matching.score import ScoredPair, Weights, score_pair
    from edlink.matching.session_ends import EndVerdict, infer_end_semantics, settle_ends
    from edlink.matching.sessions import (
        SessionProblem,
        SessionTree,
        Window,
        active_sessions,
        session_tree,
    )
    from edlink.matching.sign_ins import (
        IdentityLink,
        LinkReason,
        SignedIn,
        SignInPreview,
        accounts_of,
        link_identity,
        preview_sign_ins,
    )
    from edlink.matching.suggest import Suggestions, SuggestionSettings, suggest_matches
    from edlink.matching.summary import summarize_sync
    from edlink.matching.sync import plan_sync
    from edlink.matching.term_policy import Between, TermPolicy, Undated
    from edlink.matching.terms import (
        FilterResult,
        TermChoice,
        TermNote,
        filter_terms,
        pick_default_terms,
    )
    from edlink.matching.words import explain

__all__ = [
    "Absence",
    "Account",
    "Action",
    "Assignment",
    "Attempt",
    "AttemptLimiter",
    "AttemptLimits",
    "Basis",
    "Between",
    "BirthDate",
    "BirthDateReport",
    "BirthDateRow",
    "BirthDateState",
    "Blackout",
    "Cause",
    "Change",
    "ClaimPolicy",
    "ClassMode",
    "ClassStart",
    "ClassStartPlan",
    "Classroom",
    "ClearPlan",
    "DuplicateGroup",
    "DuplicateGroups",
    "Effect",
    "EmailKey",
    "EmailPolicy",
    "EndVerdict",
    "Evidence",
    "FieldChange",
    "FilterResult",
    "FoldedContacts",
    "GuardianClaim",
    "Hold",
    "HostPerson",
    "HostRecord",
    "HostState",
    "IdKey",
    "IdRuleProposal",
    "IdentityLink",
    "IdentityMatch",
    "Keep",
    "Limits",
    "Link",
    "LinkReason",
    "Links",
    "MatchReport",
    "MatchRules",
    "MemoryLimiter",
    "Merge",
    "MergeConflict",
    "MergePlan",
    "MergeState",
    "MergeUndo",
    "NameFrequencies",
    "NameKey",
    "NameLevel",
    "NearMiss",
    "OpenComponent",
    "OpenGroup",
    "Outcome",
    "Override",
    "OverrideType",
    "Overrides",
    "Permission",
    "Person",
    "PersonKind",
    "Profile",
    "Proof",
    "PublicAnswer",
    "Reason",
    "RecordUpdate",
    "Redirect",
    "Reference",
    "ReferenceStep",
    "Region",
    "RekeyPlan",
    "RekeyStep",
    "Rekeys",
    "RosterDiff",
    "SameHuman",
    "ScoredPair",
    "SessionProblem",
    "SessionTree",
    "SharedValue",
    "SignInPreview",
    "SignedIn",
    "StaffNote",
    "StoredLink",
    "StudentDirectory",
    "SuggestionSettings",
    "Suggestions",
    "Survivorship",
    "SyncMemory",
    "SyncPlan",
    "SyncPolicy",
    "SyncProblem",
    "SyncSchedule",
    "SyncWindow",
    "TakenField",
    "TermChoice",
    "TermNote",
    "TermOverview",
    "TermPolicy",
    "TermRow",
    "TypedFields",
    "Undated",
    "VerificationResult",
    "Weights",
    "Window",
    "accounts_of",
    "active_sessions",
    "apply_diff",
    "apply_merge",
    "apply_sync",
    "assign_one_to_one",
    "bars_contact",
    "classrooms_of",
    "compare_names",
    "current_window",
    "detect_rekeys",
    "diagnose_birth_dates",
    "diff_rosters",
    "discard_birth_dates",
    "explain",
    "explain_unmatched",
    "filter_terms",
    "find_duplicates",
    "find_expired",
    "fold_contacts",
    "host_links",
    "host_people",
    "infer_end_semantics",
    "learn_id_rule",
    "link_identity",
    "local_today",
    "match_classes",
    "match_identity",
    "match_orgs",
    "match_people",
    "next_window",
    "nightly",
    "normalize_email",
    "normalize_id",
    "normalize_name",
    "normalize_phone",
    "parse_birth_date",
    "people_of",
    "pick_default_terms",
    "plan_archive",
    "plan_class_start",
    "plan_clear",
    "plan_merge",
    "plan_rekey",
    "plan_release",
    "plan_sync",
    "plan_unmanage",
    "preview_sign_ins",
    "region_zone",
    "require_unchanged",
    "resolve",
    "revert_merge",
    "score_pair",
    "session_tree",
    "settle_ends",
    "suggest_matches",
    "summarize_sync",
    "term_overview",
    "twice_weekly",
    "verify_guardian_claim",
    "weigh_with_splink",
    "with_change",
]

#: The names of each module.
_NAMES = {
    "apply": "apply_sync require_unchanged with_change",
    "archive": "find_expired plan_archive plan_unmanage",
    "assignment": "Assignment OpenComponent assign_one_to_one",
    "birth_dates": "BirthDate BirthDateState parse_birth_date",
    "birth_report": "BirthDateReport BirthDateRow diagnose_birth_dates discard_birth_dates",
    "causes": "explain_unmatched",
    "claim_reasons": "Reason",
    "claims": "GuardianClaim",
    "classes": "ClassStart ClassStartPlan Classroom classrooms_of match_classes plan_class_start",
    "clear": "Account ClearPlan plan_clear",
    "contacts": "FoldedContacts fold_contacts",
    "dedupe": "DuplicateGroup DuplicateGroups HostPerson find_duplicates",
    "diff": "FieldChange RecordUpdate RosterDiff apply_diff diff_rosters",
    "directory": "StudentDirectory",
    "emails": "EmailKey EmailPolicy normalize_email normalize_phone",
    "frequencies": "NameFrequencies",
    "host": "Absence Hold HostRecord HostState SyncMemory TypedFields",
    "host_side": "host_links host_people",
    "id_rules": "IdRuleProposal learn_id_rule",
    "identities": "IdentityMatch match_identity",
    "ids": "IdKey normalize_id",
    "limiter": "Attempt AttemptLimiter AttemptLimits MemoryLimiter Outcome Permission",
    "linkage": "weigh_with_splink",
    "linked": "Basis Evidence Link Links",
    "match": "match_people",
    "merge": (
        "Merge MergeConflict MergePlan MergeState Redirect Survivorship TakenField plan_merge"
    ),
    "merge_apply": "MergeUndo apply_merge resolve revert_merge",
    "merge_rows": "Reference ReferenceStep",
    "name_levels": "NameLevel compare_names",
    "normalize": "NameKey normalize_name",
    "orgs": "match_orgs",
    "overrides": "Effect Override OverrideType Overrides",
    "overview": "TermOverview TermRow term_overview",
    "parents": (
        "ClaimPolicy Proof PublicAnswer StaffNote VerificationResult bars_contact "
        "verify_guardian_claim"
    ),
    "people": "Person PersonKind people_of",
    "plan": "Action Change Keep SyncPlan SyncProblem",
    "policy": "ClassMode Limits Profile SyncPolicy",
    "rekey": "RekeyPlan RekeyStep plan_rekey",
    "rekeys": "Rekeys detect_rekeys",
    "release": "plan_release",
    "report": "Cause MatchReport NearMiss OpenGroup SameHuman SharedValue StoredLink",
    "rules": "MatchRules",
    "schedule": (
        "Blackout Region SyncSchedule SyncWindow current_window local_today next_window "
        "nightly region_zone twice_weekly"
    ),
    "score": "ScoredPair Weights score_pair",
    "session_ends": "EndVerdict infer_end_semantics settle_ends",
    "sessions": "SessionProblem SessionTree Window active_sessions session_tree",
    "sign_ins": (
        "IdentityLink LinkReason SignInPreview SignedIn accounts_of link_identity preview_sign_ins"
    ),
    "suggest": "SuggestionSettings Suggestions suggest_matches",
    "summary": "summarize_sync",
    "sync": "plan_sync",
    "term_policy": "Between TermPolicy Undated",
    "terms": "FilterResult TermChoice TermNote filter_terms pick_default_terms",
    "words": "explain",
}
_HOMES = {name: home for home, names in _NAMES.items() for name in names.split()}


if not typing.TYPE_CHECKING:  # a type checker that saw it would believe in any name

    def __getattr__(name: str) -> object:
        """Return a public name, from its module."""
        if name not in _HOMES:
            message = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(message)
        value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    """Return the public names."""
    return __all__

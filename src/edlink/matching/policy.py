"""What a host wants of a sync: a small value, checked, that survives JSON."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import date
from enum import StrEnum
from typing import Any, TypeVar

import attrs

from edlink.errors import ConfigError
from edlink.matching.term_policy import TermPolicy
from edlink.matching.terms import TermChoice
from edlink.model import RECORD_TYPES
from edlink.plain import from_plain, is_day, is_version, to_plain
from edlink.vocabulary import Kind, RelationshipKind

T = TypeVar("T")

VERSION = 1

#: A provider may bring a person back under the old id for 300 days, and a summer lies between.
LEAST_RETENTION_DAYS = 400


class Profile(StrEnum):
    """Which limits hold: those of the school year, or those of the change to the next."""

    in_year = "in_year"
    rollover = "rollover"


class ClassMode(StrEnum):
    """
    What sync does with one class.

    ``sync``: all.  ``hide``: nothing, and the host shows it to nobody.  ``freeze``: nothing, and
    the host shows it as it is.
    """

    sync = "sync"
    hide = "hide"
    freeze = "freeze"


def _made(make: Callable[[], T]) -> T:
    """Return what a setting becomes; whatever it was given, it raises ConfigError alone."""
    with suppress(KeyError, TypeError, ValueError, AttributeError):
        return make()
    raise ConfigError("EDL-CONF-091", "the policy has a value of the wrong shape")


def _require_whole(*numbers: object) -> None:
    if any(type(number) is not int for number in numbers):
        raise ConfigError("EDL-CONF-091", "percentages, counts and days are whole numbers")


@attrs.frozen(kw_only=True)
class Limits:
    """
    How much one plan may take away before a person must look.

    A limit is exceeded only by more than itself.  Each is looked at per school and for all.

    Attributes:
        removed_percent: Share of active managed records that may go.
        changed_percent: Share of them that may change.
        floor: Up to so many removals, or changes, never count as too many.
        cap: More removals than this always do; None for no cap.
    """

    removed_percent: int = 10
    changed_percent: int = 75
    floor: int = 5
    cap: int | None = 500

    def __attrs_post_init__(self) -> None:
        shares = (self.removed_percent, self.changed_percent)
        numbers = (self.floor, 0 if self.cap is None else self.cap)
        _require_whole(*shares, *numbers)
        if not all(0 <= share <= 100 for share in shares) or min(numbers) < 0:  # noqa: PLR2004 - a percentage
            raise ConfigError("EDL-CONF-091", "limits are percentages and counts from 0")


IN_YEAR = Limits()
ROLLOVER = Limits(removed_percent=60, changed_percent=100, cap=None)


def _refuse_text(values: Iterable[Any]) -> None:
    if isinstance(values, str):
        raise ConfigError("EDL-CONF-091", "a policy takes a set of texts here, not one text")


def _texts(values: Iterable[str]) -> frozenset[str]:
    _refuse_text(values)
    texts = _made(lambda: frozenset(values))
    if not all(isinstance(text, str) for text in texts):
        raise ConfigError("EDL-CONF-091", "ids and names of fields are texts")
    return texts


def _fields(values: Iterable[str]) -> frozenset[str]:
    """Return names of model fields, each of which some record has."""
    names = _texts(values)
    known = {name for record in RECORD_TYPES.values() for name in attrs.fields_dict(record)}
    if not names <= known:
        unknown = ", ".join(sorted(names - known))
        raise ConfigError("EDL-CONF-091", f"no record has the fields {unknown}")
    return names


def _kinds(values: Iterable[Kind]) -> frozenset[Kind]:
    return _made(lambda: frozenset(Kind(value) for value in values))


def _contact_kinds(values: Iterable[RelationshipKind]) -> frozenset[RelationshipKind]:
    return _made(lambda: frozenset(RelationshipKind(value) for value in values))


def _modes(values: Mapping[str, ClassMode]) -> dict[str, ClassMode]:
    return _made(lambda: {str(key): ClassMode(mode) for key, mode in sorted(values.items())})


def _profile(value: str) -> Profile:
    return _made(lambda: Profile(value))


def _day(value: date | None) -> date | None:
    if value is None or is_day(value):
        return value
    raise ConfigError("EDL-CONF-091", "the last day of a profile is a date")


def _choices(values: Iterable[TermChoice]) -> tuple[TermChoice, ...]:
    choices = _made(lambda: tuple(values))
    if all(isinstance(choice, TermChoice) for choice in choices):
        return choices
    raise ConfigError("EDL-CONF-091", "the terms chosen are TermChoice values")


def _terms(value: TermPolicy) -> TermPolicy:
    if isinstance(value, TermPolicy):
        return value
    raise ConfigError("EDL-CONF-091", "how terms decide is a TermPolicy")


def _limits(values: Mapping[Kind, Any]) -> dict[Kind, Limits]:
    return _made(lambda: {Kind(kind): _limit(limits) for kind, limits in sorted(values.items())})


def _limit(limits: Any) -> Limits:  # noqa: ANN401 - limits, or what JSON has in their place
    return limits if isinstance(limits, Limits) else from_plain(Limits, limits)


@attrs.frozen(kw_only=True)
class SyncPolicy:
    """
    The settings of one sync.

    Raises:
        ConfigError: EDL-CONF-091 for a value that a setting cannot have.

    Attributes:
        include_orgs: Schools to sync; empty means all.
        exclude_orgs: Schools to leave alone; what the host has of them stays.
        kinds: Kinds of record that sync manages.
        class_data: Whether courses, classes and enrollments come in.  Switched off, the
            enrollments that sync made go too, as a removal under the limits.
        parent_data: Whether contacts and their relationships come in.
        contact_kinds: Relationships accepted; empty means all.
        respect_enrollment_dates: Whether an enrollment outside its dates is left out.
        respect_sessions: Whether classes outside the current or chosen terms are left out.
        term_choices: The terms chosen; empty means those of the day.
        terms: How terms decide.
        class_modes: Classes, by sourced id, that are hidden or frozen.
        ignored_fields: Model fields whose change alone is no update.
        keep_when_empty: Model fields that an empty incoming value never clears.
        limits: In-year limits by kind, where they differ from the default.
        rollover_limits: Rollover limits by kind, where they differ from the default.
        profile: Which limits hold.
        profile_until: The first day on which ``rollover`` has fallen back to ``in_year``.
        class_loss_percent: Hold when more than this share of classes lose more than this share
            of their enrollments.
        min_absences: Complete pulls in a row without a record before it is archived.
        grace_days: Days between the first of these and the archiving.
        max_age_days: Age of a pull, in days, from which it archives nothing.
        retention_days: How long an archived record must be kept.
        paused: Whether the source is paused, so that nothing is archived.
    """

    include_orgs: frozenset[str] = attrs.field(default=frozenset(), converter=_texts)
    exclude_orgs: frozenset[str] = attrs.field(default=frozenset(), converter=_texts)
    kinds: frozenset[Kind] = attrs.field(default=frozenset(Kind), converter=_kinds)
    class_data: bool = True
    parent_data: bool = True
    contact_kinds: frozenset[RelationshipKind] = attrs.field(
        default=frozenset(), converter=_contact_kinds
    )
    respect_enrollment_dates: bool = False
    respect_sessions: bool = False
    term_choices: tuple[TermChoice, ...] = attrs.field(default=(), converter=_choices)
    terms: TermPolicy = attrs.field(default=TermPolicy(), converter=_terms)
    class_modes: Mapping[str, ClassMode] = attrs.field(factory=dict, converter=_modes)
    ignored_fields: frozenset[str] = attrs.field(
        default=frozenset({"date_last_modified"}), converter=_fields
    )
    keep_when_empty: frozenset[str] = attrs.field(default=frozenset(), converter=_fields)
    limits: Mapping[Kind, Limits] = attrs.field(factory=dict, converter=_limits)
    rollover_limits: Mapping[Kind, Limits] = attrs.field(factory=dict, converter=_limits)
    profile: Profile = attrs.field(default=Profile.in_year, converter=_profile)
    profile_until: date | None = attrs.field(default=None, converter=_day)
    class_loss_percent: int = 50
    min_absences: int = 2
    grace_days: int = 3
    max_age_days: int = 2
    retention_days: int = 730
    paused: bool = False

    def __attrs_post_init__(self) -> None:
        if self.include_orgs & self.exclude_orgs:
            raise ConfigError("EDL-CONF-091", "a policy includes and excludes the same org")
        if self.profile is Profile.rollover and self.profile_until is None:
            fix = "Set profile_until to the day on which the school year is under way."
            raise ConfigError("EDL-CONF-091", "a rollover profile needs its last day", fix=fix)
        switches = (
            self.class_data,
            self.parent_data,
            self.respect_enrollment_dates,
            self.respect_sessions,
            self.paused,
        )
        if not all(isinstance(switch, bool) for switch in switches):
            raise ConfigError("EDL-CONF-091", "a switch is True or False")
        _require_whole(self.min_absences, self.grace_days, self.max_age_days)
        _require_whole(self.class_loss_percent, self.retention_days)
        if self.min_absences < 1 or min(self.grace_days, self.max_age_days) < 0:
            raise ConfigError("EDL-CONF-091", "absences count from 1, days from 0")
        if not 0 <= self.class_loss_percent <= 100:  # noqa: PLR2004 - a percentage
            raise ConfigError("EDL-CONF-091", "limits are percentages and counts from 0")
        if self.retention_days < LEAST_RETENTION_DAYS:
            message = f"archived records are kept for {LEAST_RETENTION_DAYS} days at least"
            raise ConfigError("EDL-CONF-091", message)

    def wants_org(self, org_id: str) -> bool:
        """Return whether a school is synced."""
        included = not self.include_orgs or org_id in self.include_orgs
        return included and org_id not in self.exclude_orgs

    @property
    def narrows_orgs(self) -> bool:
        """Whether any school is left alone."""
        return bool(self.include_orgs or self.exclude_orgs)

    def active_profile(self, on: date) -> Profile:
        """Return the profile that holds on a day."""
        over = self.profile_until is not None and on >= self.profile_until
        return Profile.in_year if over else self.profile

    def limits_for(self, kind: Kind, on: date) -> Limits:
        """Return the limits that hold for a kind on a day."""
        if self.active_profile(on) is Profile.rollover:
            return self.rollover_limits.get(kind, ROLLOVER)
        return self.limits.get(kind, IN_YEAR)

    def to_dict(self) -> dict[str, Any]:
        """Return the policy as JSON-safe values, without what is at its default."""
        return {"version": VERSION, **to_plain(self)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "SyncPolicy":
        """
        Return the policy that ``to_dict`` wrote, or a person typed.

        Raises:
            ConfigError: EDL-CONF-090 for an unknown setting or version, EDL-CONF-091 for a value
                that a setting cannot have.
        """
        if not isinstance(data, Mapping):
            raise ConfigError("EDL-CONF-091", "a policy is a mapping of settings")
        known = {field.name for field in attrs.fields(cls)}
        unknown = sorted(map(str, data.keys() - known - {"version"}))
        if unknown or not is_version(data.get("version", VERSION), VERSION):
            message = "the policy has settings that this version does not know: "
            raise ConfigError("EDL-CONF-090", message + (", ".join(unknown) or "version"))
        sets = {f.name for f in attrs.fields(cls) if isinstance(f.default, frozenset | tuple)}
        try:
            for name in sets & data.keys():
                _refuse_text(data[name])
            return from_plain(cls, {k: v for k, v in data.items() if k != "version"})
        except ConfigError:
            raise
        except (KeyError, TypeError, ValueError, AttributeError):
            pass
        raise ConfigError("EDL-CONF-091", "the policy has a value of the wrong shape")

from datetime import UTC, date, datetime, timedelta
from typing import Any

import attrs
import pytest
from tests.matching.sync_cases import ALL, PEOPLE, a_host, a_roster, reasons_of

from edlink.errors import ConfigError
from edlink.matching.archive import find_expired
from edlink.matching.overrides import Override, Overrides, OverrideType
from edlink.matching.policy import ClassMode, Limits, Profile, SyncPolicy
from edlink.matching.sync import plan_sync
from edlink.matching.term_policy import TermPolicy, Undated
from edlink.matching.terms import TermChoice
from edlink.vocabulary import Kind, RelationshipKind

DAY = date(2025, 10, 1)


def test_a_policy_survives_json() -> None:
    """Every setting that is not at its default reads back equal."""
    policy = SyncPolicy(
        exclude_orgs={"s1"},
        kinds={Kind.user, Kind.org},
        contact_kinds={RelationshipKind.parent},
        term_choices=(TermChoice(session_id="t", start_date=DAY),),
        terms=TermPolicy(undated=Undated.drop),
        class_modes={"c1": ClassMode.freeze},
        limits={Kind.user: Limits(cap=None)},
        profile=Profile.rollover,
        profile_until=DAY,
    )

    assert SyncPolicy.from_dict(policy.to_dict()) == policy


def test_an_unknown_setting_is_named() -> None:
    """A typing mistake in a setting is refused, with the setting's name."""
    with pytest.raises(ConfigError, match="exclude_schools"):
        SyncPolicy.from_dict({"exclude_schools": ["s1"]})


@pytest.mark.parametrize("version", [2, True, 1.0, "1"])
def test_a_policy_of_another_version_is_refused(version: object) -> None:
    """A version this code does not know is not guessed at."""
    with pytest.raises(ConfigError, match="EDL-CONF-090"):
        SyncPolicy.from_dict({"version": version})


@pytest.mark.parametrize(
    "data",
    [
        {"profile": "summer"},
        {"kinds": ["people"]},
        {"limits": {"user": {"removed": 5}}},
        {"limits": 3},
        {"include_orgs": "s1"},
        {"include_orgs": ["s1"], "exclude_orgs": ["s1"]},
        {"profile": "rollover"},
        {"min_absences": 0},
        {"grace_days": -1},
        {"class_loss_percent": 101},
        {"retention_days": 399},
        {"limits": {"user": {"removed_percent": 101}}},
        {"limits": {"user": {"floor": -1}}},
        {"limits": {"user": {"removed_percent": 10.5}}},
        {"paused": "false"},
        {"paused": 0},
        {"min_absences": "2"},
        {"min_absences": 2.5},
        {"ignored_fields": ["emial"]},
        {"keep_when_empty": ["phones"]},
    ],
)
def test_a_value_that_makes_no_sense_is_refused(data: dict[str, object]) -> None:
    """Each setting is checked before any sync."""
    with pytest.raises(ConfigError, match="EDL-CONF-091"):
        SyncPolicy.from_dict(data)


@pytest.mark.parametrize(
    "settings",
    [
        {"paused": "false"},
        {"min_absences": 2.5},
        {"retention_days": True},
        {"limits": {Kind.user: {"removed": 5}}},
        {"limits": {"people": Limits()}},
        {"kinds": {"people"}},
        {"class_modes": {"c1": "gone"}},
        {"profile": "summer"},
        {"ignored_fields": {"emial"}},
        {"ignored_fields": None},
        {"include_orgs": [["s1"]]},
        {"exclude_orgs": {7}},
        {"profile": Profile.rollover, "profile_until": "2025-10-01"},
        {"profile_until": datetime(2025, 10, 1, tzinfo=UTC)},
        {"terms": "all"},
        {"term_choices": None},
        {"term_choices": ["t"]},
    ],
)
def test_code_is_held_to_what_json_is(settings: dict[str, Any]) -> None:
    """A setting that is misspelled or of another type never does nothing, or the opposite."""
    with pytest.raises(ConfigError, match="EDL-CONF-091"):
        SyncPolicy(**settings)


@pytest.mark.parametrize("data", [None, [], "{}"])
def test_what_is_no_mapping_is_no_policy(data: Any) -> None:  # noqa: ANN401 - any JSON value
    """A list, a text or nothing has no settings to read."""
    with pytest.raises(ConfigError, match="EDL-CONF-091"):
        SyncPolicy.from_dict(data)


def test_unknown_settings_are_named_whatever_they_are() -> None:
    """A key that is no text is one that no version knows."""
    with pytest.raises(ConfigError, match=r"version does not know: 1, paus$"):
        SyncPolicy.from_dict({"paus": True, 1: 2})  # type: ignore[dict-item]


def test_days_without_end_are_days() -> None:
    """A host that never wants a pull to be too old, or a record to be deleted, may say so."""
    policy = SyncPolicy(max_age_days=10**12, retention_days=10**9)
    host = a_host([attrs.evolve(PEOPLE[0], sourced_id="u99"), *ALL])
    archived = [attrs.evolve(held, archived_on=date.min) for held in host.records]

    plan = plan_sync(host, a_roster(), policy=policy, on=DAY + timedelta(days=9000))

    assert reasons_of(plan) == {"u99": "waiting"}
    assert find_expired(attrs.evolve(host, records=archived), policy, on=date.max) == ()


@pytest.mark.parametrize("limit", [{"removed_percent": 1.5}, {"cap": "9"}, {"floor": True}])
def test_a_limit_is_a_whole_number(limit: dict[str, Any]) -> None:
    """Ten and a half percent of a school is no limit."""
    with pytest.raises(ConfigError, match="EDL-CONF-091"):
        Limits(**limit)


def test_one_text_is_not_a_set_of_texts() -> None:
    """A single id where several may stand would be read letter by letter."""
    with pytest.raises(ConfigError, match="EDL-CONF-091"):
        SyncPolicy(include_orgs="s1")


def _override(type_: OverrideType, **facts: object) -> Override:
    given = {"type": type_, "kind": Kind.user, "actor": "staff-1", "day": DAY} | facts
    return Override(**given)  # type: ignore[arg-type]


def test_overlapping_overrides_add_up_and_are_listed() -> None:
    """Several overrides of one record all hold; a person can see where they meet."""
    entries = [
        _override(OverrideType.pinned, ref="1"),
        _override(OverrideType.sticky, ref="1", fields={"email"}),
        _override(OverrideType.sticky, ref="1", fields={"phone"}, expires=date(2025, 10, 2)),
        _override(OverrideType.hidden, sourced_id="x"),
    ]
    ledger = Overrides(entries)

    both = ledger.effect(Kind.user, on=DAY, ref="1", ids=("x",))

    assert both.types == {OverrideType.pinned, OverrideType.sticky, OverrideType.hidden}
    assert both.fields == {"email", "phone"}
    assert ledger.effect(Kind.user, on=date(2025, 10, 2), ref="1").fields == {"email"}
    assert ledger.overlaps(DAY) == (tuple(entries[:3]),)


def test_overrides_of_one_record_under_both_its_names_are_listed_together() -> None:
    """A record of the host's own has its ref as sourced id: an entry under each is one overlap."""
    entries = [
        _override(OverrideType.pinned, ref="1"),
        _override(OverrideType.hidden, sourced_id="2"),
        _override(OverrideType.sticky, sourced_id="1", fields={"email"}),
        _override(OverrideType.hidden, ref="2", kind=Kind.class_),
    ]

    assert Overrides(entries).overlaps(DAY) == ((entries[0], entries[2]),)


def test_overlaps_come_by_kind_and_id() -> None:
    """A ledger is read in one order, whatever the order of its entries."""
    found = [
        [_override(type_, ref=ref) for type_ in (OverrideType.hidden, OverrideType.pinned)]
        for ref in ("2", "1")
    ]

    assert Overrides([*found[0], *found[1]]).overlaps(DAY) == (tuple(found[1]), tuple(found[0]))


def test_an_override_may_be_taken_back_on_its_first_day() -> None:
    """It then holds on no day."""
    assert not _override(OverrideType.hidden, ref="1", expires=DAY).holds(DAY)


def test_an_override_does_not_hold_before_its_day() -> None:
    """What is decided tomorrow does not hold today."""
    assert not _override(OverrideType.hidden, ref="1").holds(date(2025, 9, 30))


def test_a_ledger_survives_json() -> None:
    """What a host keeps of people's decisions reads back equal."""
    ledger = Overrides([_override(OverrideType.sticky, ref="1", fields={"email"}, expires=DAY)])

    assert Overrides.from_dict(ledger.to_dict()) == ledger


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"version": 1, "entries": [{"type": "hidden"}]},
        {"version": 1, "entries": ""},
        {"version": True, "entries": []},
        {"version": 3},
        None,
        [],
    ],
)
def test_what_is_no_ledger_is_refused(data: Any) -> None:  # noqa: ANN401 - any JSON value
    """Another shape is not read as a ledger."""
    with pytest.raises(ConfigError, match="EDL-CONF-095"):
        Overrides.from_dict(data)


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"ref": "1", "sourced_id": "x"},
        {"ref": "1", "fields": {"email"}},
        {"ref": "1", "type": OverrideType.sticky, "fields": {"given_nmae"}},
        {"ref": "1", "type": OverrideType.sticky, "fields": {"title"}, "kind": Kind.org},
        {"ref": "1", "fields": None},
        {"ref": "1", "type": "hide"},
        {"ref": "1", "kind": "people"},
        {"ref": 0},
        {"ref": "1", "actor": None},
        {"ref": "1", "day": "2025-10-01"},
        {"ref": "1", "day": datetime(2025, 10, 1, tzinfo=UTC)},
        {"ref": "1", "expires": "2025-10-02"},
        {"ref": "1", "expires": date(2025, 9, 30)},
    ],
)
def test_an_override_that_makes_no_sense_is_refused(facts: dict[str, object]) -> None:
    """An override names one record, days on some of which it holds, and fields if it is sticky."""
    with pytest.raises(ConfigError, match="EDL-CONF-095"):
        _override(OverrideType.hidden, **facts)


@pytest.mark.parametrize("entries", [None, [{"type": "hidden"}]])
def test_a_ledger_holds_overrides_alone(entries: Any) -> None:  # noqa: ANN401 - any value
    """What was not read by ``from_dict`` is no entry."""
    with pytest.raises(ConfigError, match="EDL-CONF-095"):
        Overrides(entries)


def test_a_ledger_says_what_is_wrong_with_an_entry() -> None:
    """What is said of an override is said of one that was read, too."""
    ledger = Overrides([_override(OverrideType.hidden, ref="1", expires=DAY)]).to_dict()
    ledger["entries"][0]["expires"] = "2025-09-30"

    with pytest.raises(ConfigError, match="expires before its first day"):
        Overrides.from_dict(ledger)

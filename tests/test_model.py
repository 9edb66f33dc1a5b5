"""The records: frozen, discreet, and guarded by the snapshot's schema version."""

import pickle
from typing import Any, get_type_hints

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from tests import strategies

from edlink import model
from edlink.model import RECORD_TYPES, Identifier, User, relationship_id
from edlink.roster import COLLECTIONS
from edlink.vocabulary import IdentifierType, Kind

CLASSES = [c for c in vars(model).values() if isinstance(c, type) and attrs.has(c)]


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_a_record_cannot_be_changed(cls: type[Any]) -> None:
    """Records are frozen and have slots: nothing is set on them later."""
    record = _least(cls)
    assert not hasattr(record, "__dict__")
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(record, attrs.fields(cls)[0].name, "other")


def _least(cls: type[Any]) -> Any:  # noqa: ANN401 - any record
    required = [f.name for f in attrs.fields(cls) if f.default is attrs.NOTHING]
    return cls(**dict.fromkeys(required, "x"))


def test_every_kind_has_its_class_and_its_collection() -> None:
    """Kinds, record classes and a roster's collections are the same eight."""
    assert set(RECORD_TYPES) == set(Kind) == set(COLLECTIONS)


@pytest.mark.parametrize("cls", RECORD_TYPES.values(), ids=lambda cls: cls.__name__)
def test_every_record_has_id_status_time_and_metadata(cls: type[Any]) -> None:
    """What the module says of every record is so."""
    names = {field.name for field in attrs.fields(cls)}
    assert {"sourced_id", "status", "date_last_modified", "metadata"} <= names


@pytest.mark.parametrize("cls", [User, *RECORD_TYPES.values()], ids=lambda cls: cls.__name__)
def test_metadata_and_names_of_people_are_never_shown(cls: type[Any]) -> None:
    """Fields that can hold a person's data are left out of repr."""
    personal = ("given", "family", "middle", "birth", "email", "phone", "sms", "metadata", "user")
    shown = [field.name for field in attrs.fields(cls) if field.repr]
    assert not [n for n in shown if n.startswith(personal) and not n.endswith("_id")]


def test_a_further_identifier_does_not_show_its_value() -> None:
    """The repr of an identifier names the register alone."""
    identifier = Identifier(type=IdentifierType.state_id, type_raw="StateID", value="550001")
    assert "550001" not in repr(identifier)


@given(record=strategies.users)
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_a_record_survives_pickling(record: User) -> None:
    """A record that is sent to another process is equal to itself."""
    assert pickle.loads(pickle.dumps(record)) == record  # noqa: S301 - our own bytes


def test_every_strategy_covers_every_field() -> None:
    """Shared strategies draw each kind of record."""
    assert set(strategies.by_kind) == set(Kind)


def test_every_field_has_a_type_that_is_stored_exactly() -> None:
    """The hints of all records can be resolved, which reading a snapshot stands on."""
    assert all(get_type_hints(cls) for cls in CLASSES)


def test_the_id_of_a_link_is_student_and_contact() -> None:
    """Ids without a bar in them stand in the link's id as they are."""
    assert relationship_id("ana", "mum") == "ana|mum"


def test_no_two_pairs_of_people_have_one_link_id() -> None:
    """Whatever bars and backslashes ids hold, each pair has an id of its own."""
    parts = ["a", "b", "|", "\\", "a|b", "a\\", "\\|", "|a", "b|a"]
    pairs = [(student, contact) for student in parts for contact in parts]
    assert len({relationship_id(*pair) for pair in pairs}) == len(pairs)

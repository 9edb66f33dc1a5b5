"""What is made plain comes back exactly, through JSON too."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests import strategies

from edlink.model import RECORD_TYPES
from edlink.plain import from_plain, to_plain
from edlink.vocabulary import Kind


@pytest.mark.parametrize("kind", Kind)
@given(data=st.data())
@settings(deadline=None)
def test_every_record_comes_back_from_json(kind: Kind, data: st.DataObject) -> None:
    """A record of any kind, written as JSON and read again, is equal."""
    record: Any = data.draw(strategies.by_kind[kind])
    assert from_plain(RECORD_TYPES[kind], json.loads(json.dumps(to_plain(record)))) == record

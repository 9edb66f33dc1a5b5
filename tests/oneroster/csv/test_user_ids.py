"""The cell userIds."""

import pytest

from edlink import Identifier, IdentifierType
from edlink.oneroster.csv.user_ids import read_user_ids, write_user_ids


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("{LDAP:12},{Fed:23}", [("LDAP", "12"), ("Fed", "23")]),
        (" {SIS: 1} , {x:2} ", [("SIS", "1"), ("x", "2")]),
        ("{a:b:c}", [("a", "b:c")]),
        ("{:7}", [(None, "7")]),
        ("{7}", [(None, "7")]),
        ("{a:}", []),
        ("plain,text:1", [(None, "plain,text:1")]),
        ("{}", []),
        ("", []),
        (None, []),
    ],
)
def test_reading(cell: str | None, expected: list[tuple[str | None, str]]) -> None:
    """Types and values are told apart, tolerantly."""
    assert [(i.type_raw, i.value) for i in read_user_ids(cell)] == expected


def test_writing() -> None:
    """Where the provider's word is not known, the standard's examples are used."""
    cell = write_user_ids(
        [
            Identifier(type=IdentifierType.federal_id, value="1"),
            Identifier(type=IdentifierType.other, type_raw="Local", value="2"),
            Identifier(type=IdentifierType.staff_id, value="3"),
        ]
    )
    assert cell == "{Fed:1},{Local:2},{staff_id:3}"

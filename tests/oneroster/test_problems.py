"""One short word from the many shapes of an error body."""

import json

import pytest

from edlink._http.exchange import Response
from edlink.oneroster.problems import describe


def word(body: object) -> str | None:
    """Return what is said of an error body."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return describe(Response(status=400, headers={}, body=raw, endpoint="GET /x"))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            {
                "imsx_codeMajor": "failure",
                "imsx_severity": "error",
                "imsx_CodeMinor": {
                    "imsx_codeMinorField": [
                        {
                            "imsx_codeMinorFieldName": "TargetEndSystem",
                            "imsx_codeMinorFieldValue": "invalid_filter_field",
                        }
                    ]
                },
            },
            "invalid_filter_field",
        ),
        (
            {"statusInfoSet": [{"imsx_codeMajor": "failure", "imsx_codeMinor": "unknown object"}]},
            "unknown_object",
        ),
        ({"errors": [{"codeMajor": "failure", "codeMinor": "invalid data"}]}, "invalid_data"),
        ({"codeMajor": "failure", "codeMinor": "forbidden"}, "forbidden"),
        ({"error": "insufficient_scope"}, "insufficient_scope"),
        ({"imsx_codeMajor": "failure"}, "failure"),
        ({"error": "Xanthippe"}, None),
        ({"error": "Xanthippe", "imsx_codeMajor": "Failure"}, "failure"),
        ({"message": "no"}, None),
        ([], None),
        ({"errors": ["failure"]}, None),
    ],
)
def test_the_most_telling_code_is_found(body: object, expected: str | None) -> None:
    """Each known shape gives its code, with blanks made safe; an unknown one gives none."""
    assert word(body) == expected


def test_a_description_is_never_taken() -> None:
    """Free text can hold a person, so it is not a code."""
    assert word({"imsx_description": "Xanthippe", "imsx_codeMajor": "failure"}) == "failure"


def test_only_a_few_levels_are_looked_at() -> None:
    """A body nested without end is not followed to its end."""
    deep: object = {"error": "hidden"}
    for _ in range(20):
        deep = {"inner": [deep]}
    assert word(deep) is None

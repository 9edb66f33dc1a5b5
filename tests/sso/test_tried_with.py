"""The login guide's table of identity providers, each cell with the tests that show it."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs/guides/login.md"

#: The tests behind a row: from the app, from the provider, encrypted.
Row = tuple[str, str, str]

SIMPLESAMLPHP: Row = (
    "test_a_login_from_the_app",
    "test_a_login_from_the_tile",
    "test_a_login_from_the_app test_a_login_from_the_tile",
)
PYSAML2: Row = (
    "test_pysaml2_signs_in",
    "test_pysaml2_starts_a_login",
    "test_pysaml2_signs_in test_pysaml2_starts_a_login test_triple_des_is_refused",
)
OIDC_PROVIDER: Row = ("test_a_login_from_the_app", "test_a_login_from_the_provider", "")

SHOWN_BY: dict[tuple[str, str], tuple[str, Row]] = {
    ("ClassLink, SAML", "SimpleSAMLphp"): ("test_saml_logins", SIMPLESAMLPHP),
    ("ClassLink, SAML", "pysaml2"): ("test_second_saml_provider", PYSAML2),
    **{
        (sign_in, "oidc-provider"): ("test_openid_logins", OIDC_PROVIDER)
        for sign_in in (
            "ClassLink, OpenID Connect",
            "ClassLink, OAuth 2.0",
            "Clever, OpenID Connect",
            "Clever, OAuth 2.0",
            "Veracross, OpenID Connect",
            "Veracross, OAuth 2.0",
            "Microsoft Entra ID",
        )
    },
    ("ClassLink, OAuth 2.0", "glewlwyd"): (
        "test_second_openid_provider",
        ("test_classlink_signs_in_at_glewlwyd", "test_classlink_signs_in_at_glewlwyd", ""),
    ),
    ("Microsoft Entra ID", "glewlwyd"): (
        "test_second_openid_provider",
        ("test_entra_signs_in_at_glewlwyd", "test_entra_signs_in_at_glewlwyd", ""),
    ),
}


def rows() -> dict[tuple[str, str], list[str]]:
    """Return the guide's table: what it says of each sign-in at each identity provider."""
    _, _, rest = GUIDE.read_text(encoding="utf-8").partition("## Tried with\n")
    table, _, _ = rest.partition("\n## ")
    cells = [[c.strip() for c in line.split("|")[1:-1]] for line in table.splitlines()]
    return {(row[0], row[1]): row[2:] for row in cells if len(row) > 1 and row[1] in PROVIDERS}


PROVIDERS = {provider for _, provider in SHOWN_BY}


def test_the_guide_tells_of_every_pair() -> None:
    """The guide's rows are those that tests stand behind, no more and no fewer."""
    assert set(rows()) == set(SHOWN_BY)


@pytest.mark.parametrize("pair", SHOWN_BY, ids=", ".join)
def test_every_cell_has_its_tests(pair: tuple[str, str]) -> None:
    """A cell says something exactly where tests of that name exist in the named file."""
    name, shown = SHOWN_BY[pair]
    text = (ROOT / f"tests/peers/{name}.py").read_text(encoding="utf-8")
    written = set(re.findall(r"^def (test_\w+)", text, re.MULTILINE))
    for cell, tests in zip(rows()[pair], shown, strict=True):
        assert bool(cell) is bool(tests)
        assert set(tests.split()) <= written

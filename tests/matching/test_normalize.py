import pytest

from edlink.matching.name_levels import NameLevel, best_level, compare_names
from edlink.matching.nicknames import are_nicknames
from edlink.matching.normalize import name_keys, normalize_name


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("  MARÍA   José ", "maria jose"),
        ("O\u2019Brien", "obrien"),
        ("\u02bbAkana", "akana"),
        ("Łukasz", "lukasz"),
        ("Søren Æsir", "soren aesir"),
        ("\u0130pek", "ipek"),
        ("Straße", "strasse"),
        ("Smith-Jones", "smith jones"),
        ("An\u200bna", "anna"),
        ("\uff21nna", "anna"),
    ],
)
def test_folding_forgives_marks_signs_and_case(text: str, folded: str) -> None:
    """Accents, apostrophes, hyphens, width and invisible characters do not part two names."""
    assert folded == normalize_name(text).folded


@pytest.mark.parametrize("text", ["王", "Ольга", "Сергей", "김민준", "محمد", "יוסף", "अनिता"])
def test_other_scripts_are_kept(text: str) -> None:
    """A name in another script is compared as it is, with its marks."""
    assert normalize_name(text).folded == normalize_name(text).strict


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "empty"),
        ("  ", "empty"),
        ("-", "placeholder"),
        ("N/A", "placeholder"),
        ("Student", "placeholder"),
        ("Q", "one_letter"),
        ("D-ggl'abcdefg", "mask"),
    ],
)
def test_what_is_no_name_is_absent(text: str | None, reason: str) -> None:
    """A placeholder, a mask or one letter is an absent name, with the reason."""
    assert reason == normalize_name(text).absent


def test_suffixes_are_taken_off_and_particles_marked() -> None:
    """Jr is not part of the name and "de la" is not its core."""
    key = normalize_name("De la Cruz Jr.")

    assert ("jr", ("de", "la", "cruz"), frozenset({"cruz"})) == (key.suffix, key.tokens, key.core)


def test_a_name_of_particles_keeps_its_core() -> None:
    """A family name that looks like a particle is still a name."""
    assert {"van"} == normalize_name("Van").core


@pytest.mark.parametrize(
    ("a", "b", "level"),
    [
        ("José", "jose", NameLevel.folded),
        ("jose", "JOSE", NameLevel.equal),
        ("Garcia Lopez", "Lopez-Garcia", NameLevel.same_tokens),
        ("Garcia", "Garcia Lopez", NameLevel.subset),
        ("Guadalupe", "Lupe", NameLevel.nickname),
        ("Jayden", "Jaylen", NameLevel.differs),
        ("Jayden", "", NameLevel.absent),
    ],
)
def test_names_agree_by_levels(a: str, b: str, level: NameLevel) -> None:
    """Two names agree at the level that their words say, never by edit distance."""
    assert level is compare_names(normalize_name(a), normalize_name(b))


def test_the_best_of_several_names_counts() -> None:
    """A preferred name that agrees outweighs a legal name that does not."""
    left, right = name_keys(["Margaret", "Greta"]), name_keys(["Greta"])

    assert NameLevel.equal is best_level(left, right)


def test_no_names_are_absent() -> None:
    """A record without any name neither agrees nor differs."""
    assert NameLevel.absent is best_level((), name_keys(["Greta"]))


def test_nicknames_are_direct_pairs() -> None:
    """Two short forms of one name are not forms of each other."""
    assert (are_nicknames("beth", "elizabeth"), are_nicknames("beth", "liz")) == (True, False)


def test_spanish_forms_are_known() -> None:
    """The table has the Spanish pairs that English tables lack."""
    assert (are_nicknames("pepe", "jose"), are_nicknames("kike", "enrique")) == (True, True)

"""manifest.csv, as the standard has it and as it is found."""

import pytest

from edlink.errors import PayloadError
from edlink.oneroster.csv.layout import CsvVersion
from edlink.oneroster.csv.manifest import Manifest, Mode, read_manifest, read_version


def manifest(text: str) -> Manifest:
    return read_manifest([text.encode()])


def code(text: str) -> str:
    with pytest.raises(PayloadError) as caught:
        manifest(text)
    return caught.value.code


def test_a_manifest() -> None:
    """Version, system and each file's mode are read."""
    found = manifest(
        '"propertyName","value"\nmanifest.version,1.0\noneroster.version,1.2\n'
        "file.users,bulk\nfile.orgs,Delta\nfile.roles*,absent\nsource.systemName,absent\n"
    )
    assert found == Manifest(
        version=CsvVersion.v1_2,
        modes={"users": Mode.bulk, "orgs": Mode.delta, "roles": Mode.absent},
        system="absent",
    )


def test_what_does_not_matter() -> None:
    """Empty values, unknown files and unknown properties are passed over."""
    found = manifest("oneroster.version,1.1\nfile.users,\nfile.gradebook,bulk\nnote,x\n")
    assert found == Manifest(version=CsvVersion.v1_1, modes={})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("oneroster.version,1.1\nfile.users,full\n", "EDL-CSV-011"),
        ("oneroster.version,1.1\nfile.users,bulk\nfile.users,delta\n", "EDL-CSV-011"),
        ("oneroster.version\n", "EDL-CSV-011"),
        ("a,b\n" * 2_000, "EDL-CSV-011"),
        ("oneroster.version,2.0\n", "EDL-CSV-012"),
        ("propertyName,value\n", "EDL-CSV-012"),
        ("oneroster.version,\0\n", "EDL-CSV-014"),
    ],
)
def test_what_is_no_manifest(text: str, expected: str) -> None:
    """A manifest that cannot be trusted is an error."""
    assert code(text) == expected


@pytest.mark.parametrize(
    ("text", "version"),
    [("1", "1.0"), ("1.0", "1.0"), ("v1.1", "1.1"), (" 1.2.1 ", "1.2"), ("", None), ("3", None)],
)
def test_versions(text: str, version: str | None) -> None:
    """A version is told from its first two numbers."""
    assert read_version(text) == version

"""Small packages, written as a district would."""

import zipfile
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from edlink.oneroster.csv import OneRosterCsv

NOW = datetime(2026, 11, 2, 6, tzinfo=UTC)

MANIFEST_1_1 = """propertyName,value
manifest.version,1.0
oneroster.version,1.1
file.academicSessions,bulk
file.orgs,bulk
file.courses,bulk
file.classes,bulk
file.users,bulk
file.enrollments,bulk
file.demographics,bulk
source.systemName,Example SIS
"""

FILES_1_1: Mapping[str, str] = {
    "manifest.csv": MANIFEST_1_1,
    "academicSessions.csv": (
        "sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear\n"
        "sy,,,Year,schoolYear,2026-08-10,2027-06-05,,2027\n"
    ),
    "orgs.csv": (
        "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\n"
        "d,,,Example District,district,900,\n"
        "s,,,Example School,school,901,d\n"
        "s2,,,Second School,school,902,d\n"
    ),
    "courses.csv": (
        "sourcedId,status,dateLastModified,schoolYearSourcedId,title,courseCode,grades,"
        "orgSourcedId,subjects,subjectCodes\n"
        'c,,,sy,Biology,BIO,"09,10",d,science,03051\n'
        "c2,,,sy,Chess,CHE,,s2,,\n"
    ),
    "classes.csv": (
        "sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,"
        "location,schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods\n"
        'k,,,"Biology, 1",9,c,B1,scheduled,R5,s,"sy",science,03051,"1,3"\n'
        "k2,,,Chess,,c2,C1,homeroom,,s2,sy,,,\n"
    ),
    "users.csv": (
        "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,"
        "givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,"
        "password\n"
        't,,,true,"s,s2",teacher,tlee,{SIS:T1},Terry,Lee,,T1,tlee@example.org,,,,,secret-word\n'
        'u,,,true,s,student,amaya,"{SIS:1},{Fed:2}",Ana,Maya,Luz,1,ana@example.org,,,p,9,\n'
        "u2,,,false,s2,student,bmaya,,Beto,Maya,,2,,,,p,KG,\n"
        'p,,,true,s,parent,rmaya,,Rosa,Maya,,,,,,"u",,\n'
    ),
    "enrollments.csv": (
        "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,"
        "primary,beginDate,endDate\n"
        "e1,,,k,s,t,teacher,true,,\n"
        "e2,,,k,s,u,student,,2026-08-10,2027-06-05\n"
        "e3,,,k2,s2,u2,student,false,,\n"
    ),
    "demographics.csv": (
        "sourcedId,status,dateLastModified,birthDate,sex,americanIndianOrAlaskaNative,asian,"
        "blackOrAfricanAmerican,nativeHawaiianOrOtherPacificIslander,white,"
        "demographicRaceTwoOrMoreRaces,hispanicOrLatinoEthnicity,countryOfBirthCode,"
        "stateOfBirthAbbreviation,cityOfBirth,publicSchoolResidenceStatus\n"
        "u,,,2011-02-28,female,false,false,false,false,true,false,true,US,TX,Austin,\n"
        "u2,,,2015-11-30,male,,,,,,,,,,,\n"
    ),
}

FILES_1_2: Mapping[str, str] = {
    **FILES_1_1,
    "manifest.csv": MANIFEST_1_1.replace("version,1.1", "version,1.2") + "file.roles*,bulk\n",
    "users.csv": (
        "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,"
        "middleName,identifier,email,sms,phone,agentSourcedIds,grades,password,"
        "userMasterIdentifier,preferredGivenName,preferredMiddleName,preferredFamilyName,"
        "primaryOrgSourcedId,pronouns\n"
        "t,,,true,tlee,{SIS:T1},Terry,Lee,,T1,tlee@example.org,,,,,,M1,,,,s,\n"
        "u,,,true,amaya,,Ana,Maya,Luz,1,,,,p,09,,,Annie,,,,she/her/hers\n"
        "p,,,true,rmaya,,Rosa,Maya,,,,,,u,,,,,,,,\n"
        "u2,,,false,bmaya,,Beto,Maya,,2,,,,,07,,,,,,s2,\n"
    ),
    "roles.csv": (
        "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,"
        "orgSourcedId,userProfileSourcedId\n"
        "r1,,,t,primary,teacher,2026-08-01,,s,\n"
        "r2,,,p,primary,parent,,,s,\n"
        "r3,,,t,secondary,counselor,,2027-06-30,s2,prof\n"
        "r4,,,u,primary,student,,,s,\n"
        "r5,,,u2,primary,student,,,s2,\n"
    ),
}

Contents = Mapping[str, str | bytes | None]
Make = Callable[..., Path]


@pytest.fixture
def files_1_1() -> Mapping[str, str]:
    """Give the small district's files, as 1.1."""
    return FILES_1_1


@pytest.fixture
def files_1_2() -> Mapping[str, str]:
    """Give the small district's files, as 1.2."""
    return FILES_1_2


@pytest.fixture
def make_zip(tmp_path: Path) -> Make:
    """Give a function that writes the small district as a ZIP; None leaves a file out."""

    def make(changes: Contents | None = None, *, name: str = "p.zip", v12: bool = False) -> Path:
        path = tmp_path / name
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for file, content in _changed(changes, v12=v12).items():
                archive.writestr(file, content)
        return path

    return make


@pytest.fixture
def make_folder(tmp_path: Path) -> Make:
    """Give a function that writes the small district as files; None leaves a file out."""

    def make(changes: Contents | None = None, *, name: str = "d", v12: bool = False) -> Path:
        path = tmp_path / name
        path.mkdir()
        for file, content in _changed(changes, v12=v12).items():
            raw = content.encode() if isinstance(content, str) else content
            (path / file).write_bytes(raw)
        return path

    return make


def _changed(changes: Contents | None, *, v12: bool) -> dict[str, str | bytes]:
    files = {**(FILES_1_2 if v12 else FILES_1_1), **(changes or {})}
    return {name: content for name, content in files.items() if content is not None}


Opener = Callable[..., OneRosterCsv]


@pytest.fixture
def open_csv() -> Iterator[Opener]:
    """Give a function that opens a package at a fixed time, without waiting, and closes it."""
    clients: list[OneRosterCsv] = []

    def open_(path: Path | str | bytes, **settings: Any) -> OneRosterCsv:  # noqa: ANN401 - settings
        given = {
            "tenant": "example",
            "settle": 0.0,
            "min_age": -1e9,
            "clock": lambda: NOW,
            **settings,
        }
        client = OneRosterCsv(path, **given)
        clients.append(client)
        return client

    yield open_
    for client in clients:
        client.close()

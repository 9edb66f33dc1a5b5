"""Clever's recorded rows, folded versions of them, and a small invented district."""

import json
from copy import deepcopy
from functools import cache
from pathlib import Path

import pytest
from tests.clever.replay import Row, Rows

RECORDED = Path(__file__).parents[3] / "shared" / "data" / "clever" / "recorded"

DISTRICT = "5a0c91b95c7cc000010d417c"


def _read(name: str) -> list[Row]:
    path = RECORDED / name
    if not path.exists():
        pytest.skip(f"needs {path}")
    return [single["data"] for single in json.loads(path.read_bytes())["data"]]


@cache
def _sent() -> Rows:
    return {
        "districts": _read("v3.0-districts.json"),
        "users": sorted(_read("v3.0-users-limit10000.json"), key=lambda row: row["id"]),
        "sections": sorted(_read("v3.0-sections.json"), key=lambda row: row["id"]),
    }


def sent() -> Rows:
    """Return what Clever really sent: the district, its people and its sections."""
    return {name: list(found) for name, found in _sent().items()}


def recorded() -> Rows:
    """Return what Clever really sent, with the places that its sections and people name."""
    rows = sent()
    rows["events"] = []
    people = [role for user in rows["users"] for role in user["roles"].values()]
    schools = {s for role in people for s in role.get("schools", [])}
    schools |= {row["school"] for row in rows["sections"]}
    for name, ids in (
        ("schools", schools),
        ("courses", {row["course"] for row in rows["sections"]}),
        ("terms", {row["term_id"] for row in rows["sections"]}),
    ):
        rows[name] = [{"id": i, "district": DISTRICT, "name": "Invented"} for i in sorted(ids)]
    return rows


FLAT = {
    "student": "students",
    "teacher": "teachers",
    "staff": "school_admins",
    "district_admin": "district_admins",
    "contact": "contacts",
}


def fold(rows: Rows) -> Rows:
    """Return version 3's rows as version 2 said them: flat people under their legacy ids."""
    legacy = {}
    folded: Rows = {name: found for name, found in rows.items() if name not in ("users", "events")}
    folded |= {name: [] for name in FLAT.values()}
    for user in rows["users"]:
        for word, role in user["roles"].items():
            flat = _fold_person(user, word, role)
            legacy[user["id"]] = flat["id"]
            folded[FLAT[word]].append(flat)
    folded["sections"] = [_fold_section(row, legacy) for row in rows["sections"]]
    return {name: sorted(found, key=lambda row: row["id"]) for name, found in folded.items()}


def _fold_person(user: Row, word: str, role: Row) -> Row:
    base = {key: value for key, value in user.items() if key != "roles"}
    flat = {**base, **role, "id": role.get("legacy_id") or user["id"]}
    flat.pop("legacy_id", None)
    if word == "contact":
        links = flat.pop("student_relationships")
        flat["name"] = user["name"]["last"]
        flat["students"] = [link["student"] for link in links]
        flat |= {key: links[0][key] for key in ("relationship", "type")}
    return flat


def _fold_section(row: Row, legacy: dict[str, str]) -> Row:
    teachers = [legacy[i] for i in row["teachers"]]
    students = [legacy[i] for i in row["students"]]
    return {**row, "teachers": teachers, "teacher": legacy[row["teacher"]], "students": students}


def small() -> Rows:
    """Return a district of two schools with everything Clever can say in it once."""
    return deepcopy(_SMALL)


def _user(number: int, name: object, **roles: object) -> Row:
    return {
        "id": f"u{number:02}",
        "district": "d1",
        "created": "2026-08-01T10:00:00.000Z",
        "last_modified": "2026-09-01T10:00:00.000Z",
        "email": f"person{number}@example.org",
        "name": name,
        "roles": roles,
    }


_SMALL: Rows = {
    "districts": [
        {
            "id": "d1",
            "name": "Sentinel District",
            "state": "running",
            "sis_type": "sftp",
            "last_sync": "2026-09-02T03:00:00.000Z",
            "nces_id": "0600001",
            "mdr_number": "",
        }
    ],
    "schools": [
        {
            "id": "s1",
            "district": "d1",
            "name": "North",
            "sis_id": "1",
            "school_number": "001",
            "state_id": None,
            "low_grade": "Kindergarten",
            "high_grade": "5",
            "phone": "555-0100",
            "principal": {"name": "Pat Principal", "email": "pat@example.org"},
            "location": {"address": "1 Main St", "city": "Town", "state": "CA", "zip": "90001"},
            "last_modified": "2026-08-01T10:00:00.000Z",
            "ext": {"color": "blue"},
        },
        {"id": "s2", "district": "d1", "name": "South", "sis_id": "2"},
    ],
    "terms": [
        {
            "id": "t1",
            "district": "d1",
            "name": "S1",
            "start_date": "2026-08-15T00:00:00.000Z",
            "end_date": "2026-12-18",
        },
        {"id": "t2", "district": "d1", "name": "S2", "start_date": "", "end_date": None},
    ],
    "courses": [{"id": "c1", "district": "d1", "name": "Algebra", "number": "ALG1"}],
    "sections": [
        {
            "id": "x1",
            "district": "d1",
            "school": "s1",
            "name": "Algebra - Teach - 1",
            "sis_id": "901",
            "section_number": "1A",
            "course": "c1",
            "term_id": "t1",
            "grade": "Kindergarten",
            "subject": "math",
            "period": "3",
            "teacher": "u05",
            "teachers": ["u05", "u06"],
            "students": ["u01", "u02", "u02", None],
            "last_modified": "2026-09-01T10:00:00.000Z",
        },
        {
            "id": "x2",
            "district": "d1",
            "school": "s2",
            "name": "Advisory",
            "subject": "homeroom/advisory",
            "course": None,
            "term_id": None,
            "grade": "",
            "teacher": "u06",
            "teachers": [],
            "students": ["u03"],
        },
    ],
    "users": [
        _user(
            1,
            {"first": "Sam", "middle": "Q", "last": "Sentinel"},
            student={
                "sis_id": "101",
                "state_id": "S-101",
                "student_number": "N-101",
                "school": "s1",
                "schools": ["s2", "s1"],
                "enrollments": [
                    {"school": "s1", "start_date": "2026-08-15", "end_date": "2027-06-01"}
                ],
                "grade": "3",
                "graduation_year": "2036",
                "dob": "2/11/2018",
                "gender": "X",
                "race": "Asian",
                "hispanic_ethnicity": "N",
                "ell_status": "Y",
                "frl_status": "Free",
                "home_language": "Spanish",
                "home_language_code": "spa",
                "disability": {"disability_status": "Y", "disability_code": "aut"},
                "preferred_name": {"first": "Sammy"},
                "location": {"address": "", "city": "", "state": "", "zip": "90002"},
                "credentials": {"district_username": "sams"},
                "legacy_id": "u01",
                "ext": {"bus": "7"},
            },
        ),
        _user(
            2,
            {"first": "Una", "last": "Sentinel"},
            student={"sis_id": "102", "school": "s1", "schools": ["s1"], "dob": "soon"},
            teacher=None,
        ),
        _user(
            3,
            {"first": "Vic", "last": "Other"},
            student={"sis_id": "103", "school": "s2", "schools": ["s2"]},
        ),
        _user(
            5,
            {"first": "Terry", "last": "Teach"},
            teacher={
                "sis_id": "201",
                "teacher_number": "T-201",
                "school": "s1",
                "schools": ["s1"],
                "title": "Math",
                "legacy_id": "old-teacher",
            },
            staff={
                "staff_id": "A-7",
                "schools": ["s1"],
                "title": "Dean",
                "department": "Office",
                "roles": ["Dean"],
                "legacy_id": "old-staff",
            },
        ),
        _user(6, {"first": "Co", "last": "Teach"}, teacher={"sis_id": "202", "schools": ["s2"]}),
        _user(7, {"first": "Ada", "last": "Min"}, district_admin={"title": "", "legacy_id": "la"}),
        _user(
            8,
            {"last": "Gale Sentinel"},
            contact={
                "sis_id": "",
                "phone": "1-(330) 280-1898",
                "phone_type": "Cell",
                "student_relationships": [
                    {"student": "u01", "relationship": "Other", "type": "Emergency"},
                    {"student": "u01", "relationship": "Other", "type": "Parent/Guardian"},
                    {"student": "u02", "relationship": "Parent", "type": "Secondary"},
                ],
            },
        ),
        _user(
            9,
            {"first": "Nan", "last": "Other"},
            contact={
                "student_relationships": [
                    {"student": "u03", "relationship": "Grandparent", "type": "Family"},
                    {"student": "", "relationship": "Other", "type": None},
                ],
            },
        ),
    ],
}

"""
How servers differ from the standard, and from each other, as data.

Sources: recorded answers and the vendors' own pages; what is not known is left at the standard.
"""

from collections.abc import Mapping

import attrs


@attrs.frozen(kw_only=True)
class Server:
    """
    One kind of OneRoster server.

    Attributes:
        name: Short name; the provider in errors and in ``Source``.
        title: The product's name as its users know it.
        versions: Versions to look for, the likeliest first.
        page_size: Rows to ask for.
        sorts: Whether it honors ``sort=sourcedId``.
        bare_list: Whether it may send a list without an envelope.
        count_header: A header that repeats the number of rows of a page.
        revision_header: A header with a revision of what the app may see.
        masked_header: A header that is not empty when fields are masked.
        fixes: The step that mends a topic, as the product's own screens name it.
        notes: What a developer should know, one sentence each.
    """

    name: str
    title: str
    versions: tuple[str, ...] = ("1.2", "1.1")
    page_size: int = 1000
    sorts: bool = True
    bare_list: bool = False
    count_header: str | None = None
    revision_header: str | None = None
    masked_header: str | None = None
    fixes: Mapping[str, str] = attrs.field(factory=dict)
    notes: tuple[str, ...] = ()

    def fix(self, topic: str) -> str:
        """Return the step that mends a topic, in this product's words where they are known."""
        return self.fixes.get(topic) or _FIXES[topic]


_FIXES: Mapping[str, str] = {
    "credentials": "In the roster product, copy the app's key and secret again and enter them here",
    "clock": "Set this machine's clock by a time server",
    "address": "Check the address; it may end before or after /ims/oneroster/v1p1",
    "permission": "In the roster product, let the app read this collection, then import again",
    "demographics": "In the roster product, let the app read demographics, then import again",
    "birth_dates": "In the student system, enter the missing birth dates, then import again",
    "parents": "In the roster product, share parents and guardians with the app, then import again",
    "links": "In the student system, link parents to their students, then import again",
    "emails": "In the student system, enter the missing e-mail addresses, then import again",
    "masking": "In the roster product, switch off masking for the app, then import again",
    "sessions": "In the student system, enter a term that covers today, then import again",
    "data": "In the student system, complete these records, then import again",
}

GENERIC = Server(name="oneroster", title="OneRoster server")

_CLASSLINK_APP = "Roster Server > Apps > your app > Permissions"

CLASSLINK = Server(
    name="classlink",
    title="ClassLink Roster Server",
    versions=("1.1",),
    bare_list=True,
    count_header="x-count",
    revision_header="x-perm-rev",
    masked_header="x-obfuscated",
    fixes={
        "credentials": "Partner Portal > Clients > View By Tenant > your app > key icon: copy the "
        "key and secret again",
        "permission": f"{_CLASSLINK_APP}: share this collection, then run the import again",
        "demographics": f"{_CLASSLINK_APP}: switch on Demographics, then run the import again",
        "parents": f"{_CLASSLINK_APP}: switch on Unenrolled Users, then run the import again",
        "masking": f"{_CLASSLINK_APP} > DataGuard: switch it off for this app",
    },
    notes=(
        "Only users enrolled in a shared class are sent unless Unenrolled Users is on.",
        "A change of permissions looks like mass deletion; x-perm-rev shows it.",
        "/teachers/{id}/classes holds classes of the current term alone.",
    ),
)

ED_FI = Server(
    name="ed-fi",
    title="Ed-Fi OneRoster service",
    versions=("1.2",),
    page_size=500,
    fixes={"permission": "Grant the client's education organizations in the Ed-Fi admin tool"},
    notes=(
        "Pages are cut to 500 rows without a word; there is no total and no Link.",
        "A token without education organizations gets empty lists with status 200.",
        "One person is one user per school; agents are never sent.",
        "Nested lists and filters on roles do not exist.",
        "Removed records are never marked; only a whole pull shows that they are gone.",
    ),
)

INFINITE_CAMPUS = Server(
    name="infinite-campus",
    title="Infinite Campus",
    fixes={
        "parents": "User Management: give guardians portal access, then import again",
        "emails": "Census > People > Demographics: enter the e-mail, then import again",
    },
    notes=(
        "In 1.1 a person without a username is missing and has one record per role.",
        "Ids differ between 1.1 and 1.2; metadata ic.legacysourceId bridges them.",
        "Only the active school year is sent.",
    ),
)

POWERSCHOOL = Server(
    name="powerschool",
    title="PowerSchool SIS",
    notes=("Permanent student ids may begin with zeros.",),
)

AERIES = Server(
    name="aeries",
    title="Aeries",
    versions=("1.1",),
    notes=(
        "The address includes the sub-directory, as in https://host/aeries.",
        "Students without a current attendance or enrollment record are absent.",
        "Each school year is a new database.",
    ),
)

SKYWARD = Server(name="skyward", title="Skyward")

SERVERS: Mapping[str, Server] = {
    server.name: server
    for server in (GENERIC, CLASSLINK, ED_FI, INFINITE_CAMPUS, POWERSCHOOL, AERIES, SKYWARD)
}

"""What opens a running sandbox: what a client or a form needs, and the line that pulls it."""

import shlex
from collections.abc import Callable, Mapping

from edlink.sandbox import Sandbox
from edlink.sandbox.doors import find_door

Facts = Mapping[str, str]

#: The option of ``edlink pull`` that takes a fact; the other facts are for other clients.
_OPTIONS = {
    "Version": "--version",
    "Server address": "--url",
    "Token address": "--token-url",
    "Client id": "--client-id",
    "Client secret": "--client-secret",
    "Scope": "--scope",
    "Consumer key": "--key",
    "Consumer secret": "--secret",
    "Bearer token": "--token",
}


def facts_of(district: Sandbox, provider: str, version: str | None, auth: str | None) -> Facts:
    """Return what a client of this door needs, by the name that a form gives it."""
    usual = find_door(provider)
    facts = _FACTS[provider](district, auth or usual.auth)
    return {"Version": version or usual.version, **facts}


def pull_line(provider: str, facts: Facts) -> str | None:
    """Return the command that pulls the district, or None where ``edlink pull`` cannot."""
    if provider not in ("oneroster", "classlink"):
        return None
    words = ["edlink", "pull", "--server", provider]
    for name, value in facts.items():
        option = _OPTIONS.get(name)
        if option is not None:
            words += [word for part in value.split() for word in (option, part)]
    return shlex.join(words)


def _oneroster(district: Sandbox, auth: str) -> Facts:
    if auth == "oauth2":
        signing = {
            "Token address": district.token_url or "",
            "Client id": district.client_id,
            "Client secret": district.client_secret,
            "Scope": district.details["scopes"],
        }
    elif auth == "oauth1":
        signing = {"Consumer key": district.key, "Consumer secret": district.secret}
    else:
        signing = {"Bearer token": district.api_key}
    return {"Server address": district.base_url, **signing}


def _classlink(district: Sandbox, auth: str) -> Facts:
    partner = {
        "Tenant id": district.details["tenant_id"],
        "Partner API key": district.api_key,
        "Address of the data": district.url,
    }
    if auth == "oauth1":
        return {**partner, **_oneroster(district, auth)}
    bearer = district.details["bearer"]
    return {**partner, "Server address": district.base_url, "Bearer token": bearer}


def _clever(district: Sandbox, _: str) -> Facts:
    return {
        "District id": district.details["district_id"],
        "District token": district.api_key,
        "Address of the data": district.base_url,
    }


def _veracross(district: Sandbox, _: str) -> Facts:
    return {
        "School route": district.details["school_route"],
        "Client id": district.client_id,
        "Client secret": district.client_secret,
        "Scope": district.details["scopes"],
        "Address of the data": district.base_url,
        "Address of tokens": district.details["accounts_url"],
    }


def _entra(district: Sandbox, _: str) -> Facts:
    return {
        "Directory (tenant) id": district.details["tenant_id"],
        "Application (client) id": district.client_id,
        "Client secret": district.client_secret,
        "Address of the data": district.base_url,
        "Address of sign-in": district.details["authority"],
    }


def _entra_directory(district: Sandbox, auth: str) -> Facts:
    details = district.details
    return {
        **_entra(district, auth),
        "Groups of students": details["students_group"],
        "Groups of teachers": details["teachers_group"],
        "Department of other staff": details["office_department"],
        "Classes are groups whose nickname begins with": details["class_prefix"],
    }


_FACTS: Mapping[str, Callable[[Sandbox, str], Facts]] = {
    "oneroster": _oneroster,
    "classlink": _classlink,
    "clever": _clever,
    "veracross": _veracross,
    "entra": _entra,
    "entra-directory": _entra_directory,
}

"""Bodies other than records: errors of both versions, and 1.2's discovery document."""

from collections.abc import Sequence

from edlink.sandbox.exchange import Reply, json_reply
from edlink.sandbox.oneroster.endpoints import ENDPOINTS

_TEXTS = {
    "unsupported": "This method is not supported.",
    "unknownobject": "There is no such record or address.",
    "unauthorisedrequest": "The request carries no good credentials.",
    "forbidden": "The credentials do not cover this data.",
    "invalid_filter_field": "The filter cannot be read.",
    "invalid_selection_field": "A field asked for does not exist.",
    "invalid_blank_selection_field": "No field is asked for.",
    "invaliddata": "A parameter is out of range.",
    "server_busy": "The server is busy.",
    "internal_server_error": "The server failed.",
}


def failure(version: str, status: int, minor: str) -> Reply:
    """Return an error reply in a version's shape; ``minor`` is the standard's word for it."""
    text = _TEXTS[minor]
    major = "unsupported" if minor == "unsupported" else "failure"
    if version == "1.2":
        # ``unsupported`` is a major code only; the closest minor code is the general one.
        value = "invaliddata" if minor == "unsupported" else minor
        field = {
            "imsx_codeMinorFieldName": "TargetEndSystem",
            "imsx_codeMinorFieldValue": value,
        }
        body: object = {
            "imsx_codeMajor": major,
            "imsx_severity": "error",
            "imsx_description": text,
            "imsx_CodeMinor": {"imsx_codeMinorField": [field]},
        }
    else:
        info = {
            "imsx_codeMajor": major,
            "imsx_severity": "error",
            "imsx_operationRefIdentifier": "sandbox",
            "imsx_description": text,
            "imsx_codeMinor": minor,
        }
        body = {"statusInfoSet": [info]}
    return json_reply(body, status)


def discovery(base_url: str, token_url: str, scopes: Sequence[str]) -> Reply:
    """Return a short OpenAPI document of what is served (OneRoster 1.2 REST binding 2.5)."""
    flow = {"tokenUrl": token_url, "scopes": {scope: scope.rpartition("/")[2] for scope in scopes}}
    paths = {
        endpoint.template: {"get": {"responses": {"200": {"description": endpoint.envelope}}}}
        for endpoint in ENDPOINTS
    }
    document = {
        "openapi": "3.0.1",
        "info": {"title": "OneRoster Rostering Service", "version": "1.2"},
        "servers": [{"url": base_url}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "OAuth2CC": {"type": "oauth2", "flows": {"clientCredentials": flow}}
            }
        },
    }
    return json_reply(document)

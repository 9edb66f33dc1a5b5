"""Refusals that every provider's login shares, each with its one code."""

from edlink.errors import InvalidLoginError


def nobody() -> InvalidLoginError:
    """Return the error for an answer that names no usable person."""
    message = "the provider did not say who the person is"
    return InvalidLoginError("EDL-LOGIN-030", message, reason="refused")


def contradiction() -> InvalidLoginError:
    """Return the error for two answers that disagree on the person or tenant."""
    message = "the provider's answers are about different people"
    return InvalidLoginError("EDL-LOGIN-031", message, reason="refused")


def foreign_tenant() -> InvalidLoginError:
    """Return the error for a person of a tenant that is not on the list."""
    message = "the person's tenant is not on the list of those that may sign in"
    fix = "Add the district to the login's list once it has agreed to use the app."
    return InvalidLoginError("EDL-LOGIN-032", message, reason="not_allowed", fix=fix)

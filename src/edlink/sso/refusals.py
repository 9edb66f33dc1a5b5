"""Refusals that every provider's login shares, each with its one code."""

from edlink.errors import InvalidLoginError, LoginCancelledError, LoginError


def ended(fix: str = "") -> LoginCancelledError:
    """Return the error of a login that failed at the provider; its own words are free text."""
    message = "the provider ended the login with an error"
    return LoginCancelledError("EDL-LOGIN-008", message, reason="refused", fix=fix)


def bad_code(fix: str = "") -> InvalidLoginError:
    """Return the error for a code that the provider does not exchange."""
    message = "the provider refused the code: expired, used before, or another redirect address"
    return InvalidLoginError("EDL-LOGIN-015", message, reason="try_again", fix=fix)


def unknown_app(fix: str) -> LoginError:
    """Return the error for an app whose id and secret the provider refuses."""
    message = "the provider refused the app's own id and secret"
    return LoginError("EDL-LOGIN-016", message, reason="not_set_up", fix=fix)


def no_tokens() -> InvalidLoginError:
    """Return the error for an exchange that ends with something else than tokens."""
    message = "the answer to the token exchange is not a token answer"
    return InvalidLoginError("EDL-LOGIN-017", message, reason="refused")


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

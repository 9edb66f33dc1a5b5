"""The error tree: what each error carries, and that it survives a journey."""

import copy
import pickle

import pytest

from edlink import errors
from edlink.errors import (
    AuthError,
    ConfigError,
    EdlinkError,
    InvalidLoginError,
    LoginError,
    PermissionDeniedError,
    ProviderError,
    UnsafePlanError,
)

ERRORS = [
    ConfigError("EDL-CONF-001", "wrong", fix="Do this."),
    PermissionDeniedError(
        "EDL-HTTP-003",
        "withheld",
        provider="classlink",
        endpoint="GET /users",
        status=403,
        request_id="r1",
        provider_code="forbidden",
        retryable=True,
    ),
    InvalidLoginError("EDL-SSO-001", "refused", reason="expired"),
    UnsafePlanError("EDL-PLAN-001", "too much", counts={"removals": 7}),
]


def test_the_text_is_code_message_and_fix() -> None:
    """An error prints its code, what is wrong and what to do."""
    assert str(ERRORS[0]) == "[EDL-CONF-001] wrong Fix: Do this."


def test_a_provider_error_says_where() -> None:
    """A provider's error prints provider, endpoint and status after the message."""
    assert str(ERRORS[1]) == "[EDL-HTTP-003] withheld (classlink GET /users -> 403)"


def test_a_provider_error_without_an_answer_has_no_status() -> None:
    """Where no answer arrived there is no status to print."""
    error = ProviderError("EDL-HTTP-010", "no", provider="p", endpoint="GET /x")
    assert str(error) == "[EDL-HTTP-010] no (p GET /x)"


def test_a_config_error_is_a_value_error() -> None:
    """A host may catch a wrong setting as the built-in it is."""
    assert issubclass(ConfigError, ValueError)


def test_a_withheld_collection_is_a_refusal_of_credentials() -> None:
    """Who catches AuthError catches missing permissions too."""
    assert issubclass(PermissionDeniedError, AuthError)


def test_an_unsafe_plan_keeps_its_own_counts() -> None:
    """The counts are a copy, so that nobody changes them from outside."""
    counts = {"removals": 7}
    error = UnsafePlanError("EDL-PLAN-001", "too much", counts=counts)
    counts.clear()
    assert error.counts == {"removals": 7}


def test_every_error_is_in_the_tree() -> None:
    """Each class of the module descends from EdlinkError and is drawn in its docstring."""
    classes = [c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, Exception)]
    assert all(issubclass(c, EdlinkError) for c in classes)
    assert all(c.__name__ in str(errors.__doc__) for c in classes)
    assert LoginError in classes


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_an_error_survives_the_way_to_another_process(error: EdlinkError, protocol: int) -> None:
    """A task queue that pickles an error gets it back with its attributes."""
    again = pickle.loads(pickle.dumps(error, protocol))  # noqa: S301 - our own bytes
    assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))


def test_an_error_can_be_copied() -> None:
    """A copy of an error has the same text and attributes."""
    again = copy.copy(ERRORS[1])
    assert (str(again), vars(again)) == (str(ERRORS[1]), vars(ERRORS[1]))

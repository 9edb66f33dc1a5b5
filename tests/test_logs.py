"""The check of every log line finds what it is for, and nothing else."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

CONFTEST = """
import app
from tests.logs import LogCheck

def pytest_configure(config):
    check = LogCheck(ours=(app.__file__,))
    check.watch()
    config.pluginmanager.register(check, "log-check")
"""

#: What an app might do wrong.
APP = """
import http.client, logging, socket, threading

log = logging.getLogger("app.deep")
mute = logging.getLogger("mute")
mute.propagate = False
mute.setLevel(logging.ERROR)

def jwt(): log.debug("token %s", "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln")
def saml_xml(): log.debug("<saml2:Assertion ID='VALUE'>")
def saml_base64(): log.debug("field PHNhbWxwOlJlc3BvbnNlIHhtbG5z")
def bearer(): log.info({"Authorization": "Bearer VALUE-pear"})
def header(): log.debug("authorization: VALUE")
def signature(): log.debug('OAuth oauth_signature="VALUE"')
def opaque(): log.debug("state=VALUE1UOHxQfsO-eWb_Rc1UOHxQfsO-eWb9xyz")
def email(): log.warning("wrote to VALUE@example.org")
def name(): log.debug("met %s Fitzmaurice", "VALUE")
def encoded_name(): log.debug("GET /users?VALUE=familyName%3D%27Casta%C3%B1eda%27")
def peer_person(): log.debug("VALUE subject alice")
def sent_secret(): send("client_secret=VALUE+juice"); log.debug("used VALUE juice")
def sent_basic(): send("", "Basic YXBwOlZBTFVFLWFkZQ=="); log.debug("used VALUE-ade")
def mute_logger(): mute.debug("to VALUE@example.org")
def other_thread(): run(email)
def third_party(): logging.getLogger("urllib3").debug("to VALUE@example.org")
def odd_format(): log.debug("%d", "VALUE@example.org")

def traceback():
    try:
        raise ValueError("VALUE@example.org")
    except ValueError:
        log.exception("went wrong")

def fine():
    log.debug("GET /users/{id} -> 200 of a0f9d3a0b1c24d0e9f8a7b6c5d4e3f2a1b0c9d8e7, He Xu")
    try:
        log.debug("%d", "not a number")
    except TypeError:
        pass

def run(target):
    thread = threading.Thread(target=target)
    thread.start()
    thread.join()

def send(body, authorization="Basic *"):
    connection = http.client.HTTPConnection("127.0.0.1")
    connection.sock, other = socket.socketpair()
    connection.request("POST", "/", body, {"Authorization": authorization})
    connection.close()
    other.close()
"""

TESTS = """
import logging, app, pytest

@pytest.mark.parametrize("leak", LEAKS)
def test_leak(leak): getattr(app, leak)()

@pytest.fixture
def early(): app.email()

@pytest.fixture
def late():
    yield
    app.email()

def test_setup_leak(early): pass
def test_teardown_leak(late): pass
def test_access_log_leak(): logging.getLogger("werkzeug").info("to VALUE@example.org")
def test_fine(): app.fine()
def test_own(): logging.getLogger("urllib3").debug("to VALUE@example.org")
def test_later(): app.log.debug("used VALUE juice")
"""

LEAKS = re.findall(r"^def (\w+)\(\)", APP.partition("def fine")[0], re.MULTILINE)


def run(folder: Path, tests: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Return what a run over the app's tests came to."""
    for name, text in {
        "pytest.ini": "[pytest]\npythonpath = .",
        "conftest.py": CONFTEST,
        "app.py": APP,
        "test_app.py": tests,
    }.items():
        (folder / name).write_text(text)
    command = [sys.executable, "-m", "pytest", "-rfEp", "-p", "no:cacheprovider", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(  # noqa: S603 - pytest
        command, cwd=folder, env=environment, check=False, capture_output=True, text=True
    )


@pytest.fixture(scope="module", params=[(), ("-n", "2")], ids=["alone", "with workers"])
def printed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return what a run over leaking tests prints."""
    folder = tmp_path_factory.mktemp("leaks")
    done = run(folder, TESTS.replace("LEAKS", repr(LEAKS)), *request.param)
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stderr
    return done.stdout


def outcomes(printed: str, *words: str) -> set[str]:
    """Return the tests with one of these outcomes."""
    found = re.findall(rf"^(?:{'|'.join(words)}) test_app\.py::(\S+)", printed, re.MULTILINE)
    return set(found)


def test_every_kind_of_leak_fails_its_test(printed: str) -> None:
    """Each kind of secret or person in a line fails its test, in whatever phase, thread, logger."""
    wrong = outcomes(printed, "FAILED", "ERROR")
    assert wrong == {
        *(f"test_leak[{leak}]" for leak in LEAKS),
        "test_setup_leak",
        "test_teardown_leak",
        "test_access_log_leak",
    }
    assert printed.count("log lines leak: ") >= len(wrong)


def test_nothing_else_fails(printed: str) -> None:
    """Ids and short words pass, as does what a test itself sends, or an earlier test sent."""
    assert outcomes(printed, "PASSED") == {
        "test_fine",
        "test_own",
        "test_later",
        "test_teardown_leak",
    }
    assert "the tests' own, not edlink's: urllib3 1" in printed


@pytest.mark.parametrize("arguments", [(), ("-n", "1")], ids=["alone", "with workers"])
def test_a_leak_between_tests_fails_the_run(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """What leaks while tests are collected fails the run, and no test is blamed for it."""
    done = run(tmp_path, "import app\napp.email()\ndef test_fine(): app.fine()\n", *arguments)
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert outcomes(done.stdout, "PASSED") == {"test_fine"}
    told = r"between tests: app\.deep \(app:\d+\) holds an e-mail address"
    assert re.search(told, done.stdout)


def test_a_leak_is_named_and_not_shown(printed: str) -> None:
    """The failure names logger, place and kind, and nothing of what leaked is printed."""
    assert re.search(r"app\.deep \(app:\d+\) holds an e-mail address", printed)
    assert "VALUE" not in printed

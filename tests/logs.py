"""
Every log line of every test is looked at: none holds a secret, a token, an assertion or a person.

All loggers are at DEBUG, third parties' too, and each record is looked at as it is made, whatever
its logger does with it.  A test during which a line leaks fails and is told the logger, the place
and the kind; the value is never printed.

A line counts when edlink, or an app that embeds it, is at work in the thread that writes it.  What
a test does without edlink is the person's browser, a provider or a second opinion; such lines are
counted apart.
"""

import base64
import binascii
import logging
import re
import sys
from collections import Counter
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import unquote, unquote_plus

import attrs
import pytest

import edlink
from edlink.sandbox.names import CULTURES

#: Where a worker's findings are in what it hands over.
_FOUND = "edlink_log_lines"

#: Shorter values are words that occur by themselves.
_MIN_VALUE = 8

#: Family names of fewer letters are words that occur by themselves, such as "He".
_MIN_NAME = 4

#: People of the tests' own identity providers.
_PEER_PEOPLE = ("alice", "SENTINEL")

#: Servers of web apps write their access log when the app's own code has already returned.
_APP_SERVERS = frozenset({"werkzeug", "django.server", "uvicorn.access"})

#: Where apps that embed edlink are: its examples, and the login guide's recipes as they are run.
_APPS = (str(Path(__file__).parents[1] / "examples"), "login.md:")

_NAMES = sorted(
    {name for culture in CULTURES for name in culture.families if len(name) >= _MIN_NAME}
    | {*_PEER_PEOPLE}
)
_INITIALS = "".join(sorted({name[0] for name in _NAMES}))

RULES: Mapping[str, re.Pattern[str]] = {
    "a JSON web token": re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}"),
    "a SAML message": re.compile(
        r"<(?:\w+:)?(?:Response|Assertion|EncryptedAssertion|NameID|AttributeValue)\b"
        r"|SAMLResponse|\b(?:PHNhbW|PD94bW|PFJlc3BvbnNl|PEFzc2VydGlvb)"
    ),
    "a credential": re.compile(
        r"(?i)\b(?:bearer|basic)\s+[\w+/=.~-]{6,}|\bauthorization\b.{0,3}:|oauth_signature="
    ),
    # Random text of 24 bytes or more in base64: what providers and edlink make tokens of.
    "something like a token": re.compile(
        r"(?<![\w-])(?=[\w-]*[a-z])(?=[\w-]*[A-Z])(?=[\w-]*\d)[\w-]{32,}(?![\w-])"
    ),
    "an e-mail address": re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    "a person's name": re.compile(
        rf"(?<!\w)(?=[{_INITIALS}])(?:{'|'.join(map(re.escape, _NAMES))})(?!\w)"
    ),
}

_AUTHORIZATION = re.compile(rb"(?im)^authorization: *(\w+) +([^\r\n]+)")
_FIELD = re.compile(
    rb"(?:^|[?&\s])(?:client_secret|code|code_verifier|refresh_token|access_token|password"
    rb"|client_assertion|SAMLResponse)=([^&\s]+)"
)


def secrets_in(sent: bytes) -> Iterator[str]:
    """Yield the credentials and codes in what is sent over HTTP: header lines or a form."""
    for scheme, value in _AUTHORIZATION.findall(sent):
        yield value.decode("latin-1")
        if scheme.lower() == b"basic":
            try:
                yield base64.b64decode(value).decode("latin-1").partition(":")[2]
            except binascii.Error:
                continue
    for value in _FIELD.findall(sent):
        yield unquote_plus(value.decode("latin-1"))


@attrs.define(eq=False)
class LogCheck:
    """
    A pytest plugin that fails each test during which a log line leaks.

    Attributes:
        ours: Beginnings of the file names whose code is edlink's or an app's.
        lines: How many lines were looked at, by logger.
        outside: How many leaked where neither edlink nor an app was at work, by logger.
        between: What leaked while no test was under way, such as at an import.
    """

    ours: tuple[str, ...] = (str(Path(edlink.__file__).parent), *_APPS)
    lines: Counter[str] = attrs.field(factory=Counter)
    outside: Counter[str] = attrs.field(factory=Counter)
    between: list[str] = attrs.field(factory=list)
    _leaks: list[str] = attrs.field(factory=list)
    _given: set[str] = attrs.field(factory=set)

    def watch(self) -> None:
        """Look at every record from here on, and at what is sent over HTTP."""
        make = logging.getLogRecordFactory()

        def made(*args: Any, **more: Any) -> logging.LogRecord:  # noqa: ANN401 - logging's own
            record = make(*args, **more)
            self.look(record)
            return record

        def sent(event: str, args: tuple[Any, ...]) -> None:
            if event == "http.client.send" and isinstance(args[1], bytes):
                found = {value for value in secrets_in(args[1]) if len(value) >= _MIN_VALUE}
                self._given.update(found)

        logging.setLogRecordFactory(made)
        sys.addaudithook(sent)

    def look(self, record: logging.LogRecord) -> None:
        """Look at one record, as a formatter would write it."""
        self.lines[record.name] += 1
        kind = self._kind(_text(record))
        if kind is None:
            return
        if record.name in _APP_SERVERS or self._is_ours(sys._getframe(1)):
            self._leaks.append(f"{record.name} ({record.module}:{record.lineno}) holds {kind}")
        else:
            self.outside[record.name] += 1

    def _kind(self, text: str) -> str | None:
        """Return what a line holds that it must not hold."""
        plain = unquote(text) if "%" in text else text
        for kind, pattern in RULES.items():
            if pattern.search(plain):
                return kind
        found = any(value in plain for value in tuple(self._given))
        return "a secret that was sent" if found else None

    def _is_ours(self, frame: FrameType | None) -> bool:
        while frame is not None:
            if frame.f_code.co_filename.startswith(self.ours):
                return True
            frame = frame.f_back
        return False

    @contextmanager
    def phase(self) -> Iterator[None]:
        """Have all loggers at DEBUG, and fail when a line leaked meanwhile."""
        self._set_between_apart()
        for logger in (logging.root, *logging.root.manager.loggerDict.values()):
            if isinstance(logger, logging.Logger) and logger.level not in (0, logging.DEBUG):
                logger.setLevel(logging.DEBUG)
        try:
            yield
        finally:
            leaks, self._leaks = self._leaks, []
            if leaks:
                pytest.fail("log lines leak: " + "; ".join(sorted(set(leaks))), pytrace=False)

    def _set_between_apart(self) -> None:
        self.between += self._leaks
        self._leaks = []

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self) -> Iterator[None]:
        """Look at a test's setup; what was sent before is another test's."""
        self._given.clear()
        with self.phase():
            return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self) -> Iterator[None]:
        """Look at a test itself."""
        with self.phase():
            return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self) -> Iterator[None]:
        """Look at a test's teardown."""
        with self.phase():
            return (yield)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Hand a worker's findings to the controller; fail for what leaked between tests."""
        self._set_between_apart()
        worker: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
        if worker is not None:
            worker[_FOUND] = [dict(self.lines), dict(self.outside), self.between]
        elif self.between:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:  # noqa: ANN401 - xdist's own
        """Add the findings of a worker, unless it crashed."""
        lines, outside, between = getattr(node, "workeroutput", {}).get(_FOUND, ({}, {}, []))
        self.lines.update(lines)
        self.outside.update(outside)
        self.between += between

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say how many lines were looked at, and what leaked between tests."""
        outside = ", ".join(f"{name} {count}" for name, count in sorted(self.outside.items()))
        terminalreporter.write_line(
            f"log lines looked at: {self.lines.total()} of {len(self.lines)} loggers"
            + (f"; the tests' own, not edlink's: {outside}" if outside else "")
        )
        for leak in sorted(set(self.between)):
            terminalreporter.write_line(f"a log line leaks between tests: {leak}", red=True)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Leave the captured output out of a leaking test's report: the value is in it."""
        report = yield
        if report.failed and "log lines leak: " in str(report.longrepr):
            report.sections = []
        return report


def _text(record: logging.LogRecord) -> str:
    try:
        text = record.getMessage()
    except (TypeError, ValueError):  # the format and its arguments do not fit
        text = f"{record.msg} {record.args}"
    if record.exc_info and record.exc_info[0] is not None:
        text += "\n" + logging.Formatter().formatException(record.exc_info)
    return text

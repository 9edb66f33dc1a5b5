"""The file-based token store of docs/providers/veracross.md, between real processes."""

import re
import subprocess
import sys
from pathlib import Path

from tests.veracross.school import CLIENT, ROUTE, SECRET, School

PAGE = Path(__file__).parents[2] / "docs" / "providers" / "veracross.md"
RECIPE = re.compile(r"^```python\n(import fcntl.*?)^```", re.MULTILINE | re.DOTALL)

PULL = """
import sys
from edlink._http.transport import HttpSettings
from edlink.veracross import VeracrossClient
from edlink.veracross.endpoints import STUDENTS

directory, base_url, accounts_url = sys.argv[1:4]
with VeracrossClient(
    sys.argv[4], client_id=sys.argv[5], client_secret=sys.argv[6], base_url=base_url,
    accounts_url=accounts_url, token_store=FileTokenStore(Path(directory)),
    settings=HttpSettings(rate=0),
) as client:
    assert [row.id for row in client.rows(STUDENTS)] == ["1", "2", "3"]
"""

#: Seconds; a process that is done needs one.
TIMEOUT = 30


def test_processes_share_one_token(school: School, tmp_path: Path) -> None:
    """Three processes that use the documented store at once ask for one token between them."""
    processes = [_start(school, tmp_path) for _ in range(3)]
    assert [process.wait(TIMEOUT) for process in processes] == [0, 0, 0]
    assert school.issued == ["token-0"]


def test_a_revoked_token_is_replaced(school: School, tmp_path: Path) -> None:
    """A process that finds the stored token revoked ends it, asks for another and goes on."""
    assert _start(school, tmp_path).wait(TIMEOUT) == 0
    school.live.clear()
    with _start(school, tmp_path) as process:
        try:
            assert process.wait(TIMEOUT) == 0
        finally:
            process.kill()
    assert school.issued == ["token-0", "token-1"]


def _start(school: School, directory: Path) -> subprocess.Popen[bytes]:
    """Start a process that reads the school's students with a token of the documented store."""
    found = RECIPE.search(PAGE.read_text(encoding="utf-8"))
    assert found is not None
    script = directory / "pull.py"
    script.write_text(found[1] + PULL, encoding="utf-8")
    addresses = [str(directory / "tokens"), school.base_url, school.accounts_url]
    command = [sys.executable, str(script), *addresses, ROUTE, CLIENT, SECRET]
    return subprocess.Popen(command)  # noqa: S603 - our own script

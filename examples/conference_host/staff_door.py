"""The door of the school's staff: one long code, and a pause for whoever guesses at it."""

import time
from hmac import compare_digest

import attrs
from examples.conference_host.store import Store

#: The fewest characters of a staff code.
LEAST_CODE = 12

#: So many wrong codes from one network, within so many seconds, and it must wait.
FAILURES, WINDOW = 5, 900


@attrs.frozen(kw_only=True)
class StaffDoor:
    """
    Lets in whoever knows the code; counts for all processes of the host.

    Attributes:
        store: The host's file.
        code: The code.

    Raises:
        ValueError: The code is too short.
    """

    store: Store
    code: str = attrs.field(repr=False)

    def __attrs_post_init__(self) -> None:
        if len(self.code) < LEAST_CODE:
            message = f"a staff code has {LEAST_CODE} characters or more"
            raise ValueError(message)

    def knock(self, given: str, network: str) -> bool | None:
        """Return whether a code opens; None where its network must wait, right code or not."""
        now = time.time()
        with self.store.connect() as db:
            db.execute("DELETE FROM wrong_code WHERE at <= ?", (now - WINDOW,))
            (failures,) = db.execute(
                "SELECT COUNT(*) FROM wrong_code WHERE network = ?", (network,)
            ).fetchone()
            if failures >= FAILURES:
                return None
            if compare_digest(given.encode("utf-8", "replace"), self.code.encode()):
                return True
            db.execute("INSERT INTO wrong_code VALUES (?, ?)", (now, network))
        return False

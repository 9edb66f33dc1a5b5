"""A clear plan, for a host that insists on starting empty: who goes, who stays, export first."""

from collections.abc import Iterable

import attrs

from edlink.errors import ConfigError, UnsafePlanError


@attrs.frozen(kw_only=True)
class Account:
    """
    An account of the host.

    ``level`` is its access level, higher is more; None for a customer, who has none.
    """

    ref: str
    level: int | None = None


@attrs.frozen(kw_only=True)
class ClearPlan:
    """
    What clearing would do, sorted by ref.

    ``removed`` must all have been exported before; ``kept`` are those above the level and the one
    who runs it.
    """

    removed: tuple[str, ...]
    kept: tuple[str, ...]

    def require_export(self, exported: Iterable[str]) -> tuple[str, ...]:
        """
        Return who may be removed now that these were exported.

        Raises:
            UnsafePlanError: EDL-MATCH-012 when someone to be removed was not exported.
        """
        missing = set(self.removed).difference(exported)
        if missing:
            raise UnsafePlanError(
                "EDL-MATCH-012",
                "not everyone who would be removed has been exported",
                counts={"removed": len(self.removed), "not_exported": len(missing)},
                fix="Export them, keep the file, and ask again.",
            )
        return self.removed


def plan_clear(accounts: Iterable[Account], *, at_or_below: int, run_by: str) -> ClearPlan:
    """
    Return who goes: everyone at or below a level and all customers, never who runs it.

    Args:
        accounts: All accounts of the host.  Whoever has several stays if any is above the level.
        at_or_below: The highest access level that goes.
        run_by: The ref of the person who runs it.

    Raises:
        ConfigError: EDL-CONF-088 when nobody has that ref.
    """
    accounts = tuple(accounts)
    refs = {account.ref for account in accounts}
    if run_by not in refs:
        message = "the person who runs a clear plan must be among the accounts"
        raise ConfigError("EDL-CONF-088", message)
    kept = {a.ref for a in accounts if a.level is not None and a.level > at_or_below} | {run_by}
    return ClearPlan(removed=tuple(sorted(refs - kept)), kept=tuple(sorted(kept)))

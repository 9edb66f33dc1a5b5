"""That each record of one side has its own ref: of two with one, the last would hide the other."""

from collections.abc import Hashable, Iterable

from edlink.errors import ConfigError


def require_distinct(refs: Iterable[Hashable]) -> None:
    """
    Refuse records of one side of which two have one ref.

    Args:
        refs: What names each record.

    Raises:
        ConfigError: EDL-CONF-085 when two are the same.
    """
    given = list(refs)
    if len(set(given)) != len(given):
        message = "two records of one side have the same ref"
        raise ConfigError("EDL-CONF-085", message, fix="Give each record its own ref.")

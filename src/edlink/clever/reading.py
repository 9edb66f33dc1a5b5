"""One row being read: its values, and the names of those that could not be."""

from collections.abc import Callable, Mapping
from typing import TypeVar

import attrs

from edlink.clever.guardians import GuardianRule
from edlink.coverage import Issue
from edlink.readers import UnreadableError, is_too_deep
from edlink.vocabulary import Kind

T = TypeVar("T")


@attrs.frozen(kw_only=True)
class ConvertSettings:
    """
    How rows become records.

    Attributes:
        guardians: Which contacts are guardians.
        keep_metadata: Whether records keep Clever's further fields, ``ext`` above all.
    """

    guardians: GuardianRule = GuardianRule()
    keep_metadata: bool = False


@attrs.define
class Reading:
    """The settings for a row, and the names of its fields that were sent but not understood."""

    settings: ConvertSettings
    unreadable: list[str] = attrs.field(factory=list)

    def value(self, reader: Callable[[str | None], T], text: str | None, field: str) -> T | None:
        """Return what a reader makes of a text; where it cannot, note the field and return None."""
        if not text:
            return None
        try:
            return reader(text)
        except UnreadableError:
            self.unreadable.append(field)
            return None

    def metadata(self, **fields: object) -> dict[str, object] | None:
        """Return the fields that were sent, if the settings ask for any."""
        return self.kept(fields) or None if self.settings.keep_metadata else None

    def kept(self, fields: Mapping[str, object]) -> dict[str, object]:
        """Return the fields that were sent; those nested too deep are noted and left out."""
        deep = [name for name, value in fields.items() if is_too_deep(value)]
        self.unreadable += deep
        return {name: value for name, value in fields.items() if value and name not in deep}


def unreadable(kind: Kind, sourced_id: str, fields: tuple[str, ...]) -> Issue:
    """Return the issue of a record that was kept without some of its fields."""
    return Issue(
        kind=kind,
        reason="unreadable_field",
        sourced_id=sourced_id,
        fields=fields,
        set_aside=False,
    )

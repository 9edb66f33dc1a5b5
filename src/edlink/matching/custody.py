"""What a school's note about custody says of a contact; what is not understood is said to be so."""

import re
from collections.abc import Iterable
from enum import StrEnum

from edlink.matching.normalize import normal_form

_WORD = re.compile(r"[^\W_]+")

#: Before a phrase that bars, these say that it does not hold.
_DENIALS = ("no", "not", "without")


class Custody(StrEnum):
    """``clear``: it bars nobody.  ``barred``: it bars.  ``unclear``: a person must read it."""

    clear = "clear"
    barred = "barred"
    unclear = "unclear"


def read_custody(
    note: str | None, *, phrases: Iterable[str], statuses: Iterable[str], clear: Iterable[str]
) -> Custody:
    """
    Return what a note says, whatever its case, dashes and underscores.

    Args:
        note: The note as the school wrote it; a blank one is clear.
        phrases: What bars wherever it stands, but for after a "no".
        statuses: What bars as the whole note.
        clear: What bars nobody, as the whole note.
    """
    if not (note or "").strip():
        return Custody.clear
    said = _words(note)
    if said in map(_words, clear):
        return Custody.clear
    if said in map(_words, statuses) or any(_holds(said, _words(phrase)) for phrase in phrases):
        return Custody.barred
    return Custody.unclear


def _holds(said: str, phrase: str) -> bool:
    padded, wanted = f" {said} ", f" {phrase} "
    denied = any(f" {denial}{wanted}" in padded for denial in _DENIALS)
    return wanted in padded and not denied


def _words(text: str | None) -> str:
    """Return the words of a note, folded, with one space between them."""
    folded = normal_form("NFKC", text or "").casefold()
    return " ".join(_WORD.findall(folded))

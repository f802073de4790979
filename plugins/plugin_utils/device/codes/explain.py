# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the error codes of joining and enrolling mean, and what to do about them.

The knowledge is data (catalogue.py); find.py finds the codes in a text. An entry marked C(wrapper) only says that
something failed (or has not ended); another code beside it tells more, and where none does, the service's own sentence.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t

from ..pasted.encodings import text_of
from . import sentences
from .catalogue import code_said, entry, facility, is_wrapper
from .find import find_codes, whole_number

CODE_FIELDS = ("code", "name", "side", "cause", "fix", "transient", "certainty", "doc")
MAX_BITS = 128
"""Of a number that may be a code in some form; Python does not even write every number that is larger."""
#: The names of what is in no catalogue: a code, and a failure without one.
UNKNOWN_CODE_NAME, NO_CODE_NAME = "unknown_code", "no_code"
STS_LOOKUP = "https://login.microsoftonline.com/error?code="


def explain(code: int | str) -> dict:
    """Explain a code, or the most telling code of a text.

    Takes 0x801c001d in any spelling that find.py knows, AADSTS700082, or free text such as an event that holds several
    codes: an AADSTS code wins over an HRESULT, a code that names the fault over one that wraps it, the known over the
    unknown, and among equals the first. Where no code tells more than that something failed, a service's sentence
    does.

    Returns C({code, name, side, cause, fix, transient, certainty, doc}). C(side) is device, tenant, network or
    controller; C(transient) is True where the same try can succeed later without anybody's doing, False where it
    cannot, None where that depends; C(certainty) is documented, reported or unsure. What an unknown code does not tell
    is None, never a guess; C(name), C(cause) and C(fix) are always text.
    """
    text = text_of(code) if isinstance(code, str) else str(int(code)) if int(code).bit_length() <= MAX_BITS else ""
    number = whole_number(text)
    codes = [number] if number else find_codes(text)
    return explain_in(most_telling(codes), text)


def explain_in(code: str | None, text: str) -> dict:
    """As explain(): of a code in canonical form that was found in ``text``, None where none was."""
    if code is None or entry(code) is None or is_wrapper(code):
        if (told := code_said(text)) is not None:
            return _of_code(told)
        return _with_sentence(_of_code(code), sentences.sentence(text))
    return _of_code(code)


def most_telling(codes: t.Sequence[str]) -> str | None:
    """Of codes in canonical form the one that tells most, None of none."""
    return min(enumerate(codes), key=_order)[1] if codes else None


def codes_in(text: str) -> list[str]:
    """As find_codes(); where there are none, the code whose failure a service tells in its own words."""
    found = find_codes(text)
    told = None if found else code_said(text)
    return [told] if told else found


def _of_code(code: str | None) -> dict:
    if code is None:
        return _unknown(None, "There is no error code in the text.", "Look at the device's event logs of that time.")
    if known := entry(code):
        return {field: known[field] for field in CODE_FIELDS}
    if code.startswith("AADSTS"):
        fix = f"Look it up at {STS_LOOKUP}{code[6:]} and find the sign-in in the tenant's sign-in log."
        return _unknown(code, "The code is not in the catalogue of known codes; it is a sign-in code of Entra.", fix)
    cause = "The code is not in the catalogue of known codes."
    fix = "Look at the device's other events of that time, and look up the code in Microsoft's documentation."
    if where := facility(code) if code.startswith("0x") else None:
        cause = f"The code is not in the catalogue of known codes; it comes from {where[0]}."
        fix = f"{where[1]} Also look at the device's other events of that time."
    return _unknown(code, cause, fix)


def _order(found: tuple[int, str]) -> tuple[int, int]:
    """Sorts (position, code) by how much the code tells, the most telling first."""
    position, code = found
    if code.startswith("AADSTS"):
        return (0 if entry(code) else 1, position)
    if entry(code) is None:
        return (4, position)
    if is_wrapper(code):
        return (3, -position)  # a wrapper is printed before what it wraps: the last one is the innermost
    return (2, position)


def _with_sentence(explanation: dict, sentence: str | None) -> dict:
    if sentence is None:
        return explanation
    return explanation | {"cause": f"{explanation['cause']} The service says: {sentence}"}


def _unknown(code: str | None, cause: str, fix: str) -> dict:
    name = UNKNOWN_CODE_NAME if code else NO_CODE_NAME
    return dict.fromkeys(CODE_FIELDS) | {"code": code, "name": name, "cause": cause, "fix": fix}

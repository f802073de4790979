# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The phases of a deployment, as the Enrollment Status Page keeps them: one JSON text each, in one of two forms.

A step of a phase is an object ``{subcategoryState, subcategoryStatusText}``, or nothing but the text that the page
shows. States, hexadecimal codes and numbers in that text decide, and never its words, which are in the language of the
device. ``categorySucceeded`` may stay null after a failure and after the end. Sources: the page's own script (names of
the states); public scripts and agents that read both forms.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import re
import typing as t

from ...untrusted import in_one_line, load_json
from ..reading import Key

PREPARATION, DEVICE_SETUP, ACCOUNT_SETUP = "device_preparation", "device_setup", "account_setup"
#: By phase, in their order: what Windows calls it.
PHASES = {PREPARATION: "DevicePreparation", DEVICE_SETUP: "DeviceSetup", ACCOUNT_SETUP: "AccountSetup"}
PHASE_SETTINGS = r"SOFTWARE\Microsoft\Provisioning\AutopilotSettings"
NOT_STARTED, IN_PROGRESS, SUCCEEDED, FAILED = "not_started", "in_progress", "succeeded", "failed"
CANCELLED, RESTART_REQUIRED, NOT_REQUIRED = "cancelled", "restart_required", "not_required"
SKIPPED, NOT_WRITTEN = "skipped", "absent"
_STATES = {
    "notstarted": NOT_STARTED,
    "inprogress": IN_PROGRESS,
    "succeeded": SUCCEEDED,
    "failed": FAILED,
    "failedfrompreviouscategory": FAILED,
    "failedfromprevioussubcategory": FAILED,
    "cancelled": CANCELLED,
    "rebootrequiredandtryagain": RESTART_REQUIRED,
    "notrequired": NOT_REQUIRED,
}
_DONE = (SUCCEEDED, NOT_REQUIRED)
_CODE = re.compile(r"(?<![0-9A-Za-z])0[xX]([0-9a-fA-F]{8})(?![0-9A-Za-z])")
_NUMBER = re.compile(r"\d+")
#: What may stand around the JSON in a value of the registry.
_AROUND = "\0\ufeff \t\r\n"
_MOST_STEPS, _LONGEST_JSON, _LONGEST_TEXT = 50, 65_536, 300
Phase = dict[str, t.Any]


def value_name(phase: str) -> str:
    """The value in which Windows keeps a phase."""
    return f"{PHASES[phase]}Category.Status"


def phase_of(phase: str, settings: Key) -> Phase:
    """``{phase, state, code, text, said, steps: [{step, state, code, done, total, text}]}`` of the key that holds all
    three.

    ``state`` is one of those above, None where nobody can tell; ``said`` whether the phase says it of itself, and it is
    not only concluded from steps. Raises Unreadable; ValueError with a sentence for a text that is no JSON object.
    """
    told = (settings.text(value_name(phase)) or "").strip(_AROUND)
    if not told:
        return {"phase": phase, "state": NOT_WRITTEN, "code": None, "text": None, "said": True, "steps": []}
    return {"phase": phase, **read_phase(told, PHASES[phase])}


def read_phase(text: str, prefix: str = "") -> Phase:
    """The same without ``phase``, of one JSON text. ``prefix`` may stand before the names of steps."""
    if len(text) > _LONGEST_JSON:
        raise ValueError(f"it has more than {_LONGEST_JSON} letters")
    told = load_json(text)
    if not isinstance(told, dict):
        raise ValueError("it is not a JSON object")
    of_phase = {name.lower(): value for name, value in told.items() if name.lower().startswith("category")}
    steps = [
        _step(name, value, prefix)
        for name, value in told.items()
        if name.lower() not in of_phase and (value is None or isinstance(value, (str, dict)))
    ][:_MOST_STEPS]
    shown = _text(of_phase.get("categorystatustext")) or _text(of_phase.get("categorystatusmessage"))
    state = _state(of_phase.get("categorystate"))
    if state is None and isinstance(of_phase.get("categorysucceeded"), bool):
        state = SUCCEEDED if of_phase["categorysucceeded"] else FAILED
    said = state is not None
    code = next((step["code"] for step in steps if step["code"]), None) or _code(shown)
    state = _with_steps(state, [step["state"] for step in steps], code)
    if state == SUCCEEDED:
        for step in steps:
            step["state"] = step["state"] or SUCCEEDED
    return {"state": state, "code": None if state == SUCCEEDED else code, "text": shown, "said": said, "steps": steps}


def _with_steps(state: str | None, steps: list[str | None], code: str | None) -> str | None:
    """The state of a phase, where it does not say its own, or has not said that it ended."""
    if state in (None, IN_PROGRESS) and (FAILED in steps or (state is None and code)):
        return FAILED
    if state is not None or not steps:
        return state
    if all(step in _DONE for step in steps):
        return SUCCEEDED
    if any(step in (IN_PROGRESS, SUCCEEDED, RESTART_REQUIRED) for step in steps):
        return IN_PROGRESS
    return NOT_STARTED if all(step == NOT_STARTED for step in steps) else None


def _step(name: str, value: t.Any, prefix: str) -> dict[str, t.Any]:
    fields = {key.lower(): inner for key, inner in value.items()} if isinstance(value, dict) else {}
    text = _text(fields.get("subcategorystatustext") if isinstance(value, dict) else value)
    code, (done, total) = _code(text), _numbers(text)
    state = _state(fields.get("subcategorystate"))
    if state is None and code is not None:
        state = FAILED
    elif state is None and total:
        state = SUCCEEDED if done == total else IN_PROGRESS
    short = name[len(prefix) + 1 :] if prefix and name.lower().startswith(f"{prefix.lower()}.") else name
    failed = code if state not in _DONE else None
    return {
        "step": in_one_line(short, 100),
        "state": state,
        "code": failed,
        "done": done,
        "total": total,
        "text": text,
    }


def _state(word: t.Any) -> str | None:
    return _STATES.get(word.strip().lower()) if isinstance(word, str) else None


def _text(value: t.Any) -> str | None:
    return (in_one_line(value, _LONGEST_TEXT) or None) if isinstance(value, str) else None


def _code(text: str | None) -> str | None:
    """The first code in a text that is not zero."""
    found = (match[1].lower() for match in _CODE.finditer(text or ""))
    return next((f"0x{code}" for code in found if int(code, 16)), None)


def _numbers(text: str | None) -> tuple[int | None, int | None]:
    """(done, total): of two numbers in a text the smaller and the larger, in whichever order a language has them."""
    found = _NUMBER.findall(_CODE.sub("", text or ""))
    if len(found) != 2 or any(len(number) > 6 for number in found):
        return None, None
    low, high = sorted(map(int, found))
    return low, high

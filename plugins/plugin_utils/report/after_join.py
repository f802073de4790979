# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a record of a join says of the time after it: what was waited for in the tenant, whether Conditional Access lets
the device in, and what the device itself says that its user has to know.

Each answer has its time, and stays in the report until another run asks the same device again. It is small: a verdict,
the name of its reason, one sentence.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Mapping

from ..untrusted import in_one_line
from .run import moment
from .told import Told, has_failed, object_in, objects_in, taken

JOIN_WORK = "join"
#: What winops.entra.wait_for_management says of a device, each where it was expected.
AWAITED = ("intune", "compliant", "policies")
LETS_IN, ON_DEVICE = "let_in", "on_device"
AFTER_FIELDS = (*AWAITED, LETS_IN, ON_DEVICE)
MOST_SAID, MAX_REASON = 500, 100
"""Letters of a sentence of others, and of a name."""
MOST_ON_DEVICE = 8
"""Entries of a list of what the device says."""
#: The name of the account in a provisioning package.
_PACKAGE_NAME = re.compile(r"(?:[^\\@]{1,64}\\)?package_[0-9a-f-]{36}(?:@|$)", re.IGNORECASE)
#: Verdicts of winops.entra.directory_posture by which the user comes in, if need be after a second factor.
_IN, _OUT = ("allowed", "more_asked"), ("blocked", "device_refused")

Fields = dict[str, t.Any]


def completed(steps: Told) -> Fields:
    """The record of a join with what came after it. ``steps`` has what a playbook has put together of one device:

    ``record``         the record of the attempt
    ``expected``       which of AWAITED were waited for, ``{intune: true, ...}``
    ``row``            its row of winops.entra.wait_for_management
    ``waiting``        the result of that task, where it has failed as a whole
    ``access``         its row of winops.entra.directory_posture, which was asked about Conditional Access
    ``access_failed``  the result of that task, where it has failed as a whole
    ``asked_access``   whether Conditional Access was asked about
    ``posture``        the newest result of winops.entra.device_posture
    """
    record, now = dict(object_in(steps, "record")), moment()
    row, expected = object_in(steps, "row"), object_in(steps, "expected")
    failure = object_in(steps, "waiting")
    for name in AWAITED:
        if expected.get(name) is True:
            record[name] = {**_awaited(object_in(row, name), failure), "at": now}
    if steps.get("asked_access") is True:
        record[LETS_IN] = {**_let_in(object_in(steps, "access"), object_in(steps, "access_failed")), "at": now}
    said = object_in(taken(steps, "posture"), "posture")
    if said:
        record[ON_DEVICE] = {**_on_device(said), "at": now}
    return record


def with_known(record: Fields, before: Told) -> Fields:
    """A record completed by what the report knew of the same device."""
    own = record.get("device_id")
    if not own or own != before.get("device_id"):
        return record
    return {**record, **{name: before[name] for name in AFTER_FIELDS if before.get(name) and not record.get(name)}}


def is_met(said: t.Any) -> bool:
    """Whether an answer is a yes: neither a no nor unknown, nor no answer at all."""
    return isinstance(said, Mapping) and said.get("met") is True


# --- the tenant -------------------------------------------------------------------------------------------------------


def _awaited(told: Told, failure: Told) -> Fields:
    """``{met, reason, said, seconds}``, of one that a task without an answer was to wait for too."""
    if not told:
        return _unknown(failure)
    seconds = told.get("seconds")
    return {
        "met": _flag(told.get("met")),
        "reason": _line(told.get("reason"), MAX_REASON),
        "said": _line(told.get("said")) or "nobody has said why",
        "seconds": seconds if _is_number(seconds, 10**9) else None,
    }


def _let_in(row: Told, failure: Told) -> Fields:
    """``{met, reason, said, applications}``: the worst verdict of all applications counts."""
    rows = objects_in(row, "access")
    if not rows:
        return {**_unknown(failure, "Conditional Access gave no answer about the device"), "applications": []}
    verdicts = [_line(one.get("verdict"), MAX_REASON) for one in rows]
    known = [verdict if verdict in (*_OUT, *_IN) else "unknown" for verdict in verdicts]
    worst = next(name for name in (*_OUT, "unknown", *reversed(_IN)) if name in known)
    of_worst = next((one for one in rows if one.get("verdict") == worst), {})
    return {
        "met": True if set(verdicts) <= set(_IN) else False if worst in _OUT else None,
        "reason": worst,
        "said": _said_of_access(of_worst, worst),
        "applications": [
            {"application": _line(one.get("application"), MAX_REASON), "verdict": verdict}
            for one, verdict in zip(rows[:MOST_ON_DEVICE], verdicts)
        ],
    }


_EFFECTS = {"blocked": "blocks", "device_refused": "refuses_device", "more_asked": "asks", "unknown": "unknown"}
_WORDS = {
    "blocked": "Conditional Access blocks the user",
    "device_refused": "Conditional Access does not let the device in, because it demands another one",
    "more_asked": "Conditional Access lets the user in after one more step",
    "unknown": "it is not known whether Conditional Access lets the user in",
    "allowed": "Conditional Access lets the user in",
}


def _said_of_access(told: Told, verdict: str) -> str:
    policies = [one for one in objects_in(told, "policies") if not one.get("report_only")]
    deciding = [one for one in policies if one.get("effect") == _EFFECTS.get(verdict)][:3]
    because = [
        f"{_line(one.get('policy'), MAX_REASON)}" + (f" ({why})" if (why := _line(one.get("why"))) else "")
        for one in deciding
    ]
    why = _line(told.get("why")) or "; ".join(because)
    where = _line(told.get("application"), MAX_REASON)
    sentence = _WORDS[verdict] + (f" for {where}" if where else "") + (f": {why}" if why else "")
    return in_one_line(sentence, MOST_SAID)


def _unknown(failure: Told, otherwise: str = "the tenant gave no answer about the device") -> Fields:
    error = object_in(failure, "error") if has_failed(failure) else {}
    reason = _line(error.get("name"), MAX_REASON) or "no_answer"
    said = _line(failure.get("msg")) if has_failed(failure) else None
    return {"met": None, "reason": reason, "said": said or otherwise, "seconds": None}


# --- the device -------------------------------------------------------------------------------------------------------


def _on_device(posture: Told) -> Fields:
    """What a user or a technician has to know, of all that winops.entra.device_posture says."""
    encryption, sign_in, updates = (object_in(posture, name) for name in ("encryption", "sign_in", "updates"))
    system = next((one for one in objects_in(encryption, "volumes") if one.get("system") is True), {})
    percentage = system.get("percentage")
    restarts = [_flag(encryption.get("restart_needed")), _flag(updates.get("pending_restart"))]
    reasons = _lines(updates.get("pending_restart_reasons"))
    if restarts[0]:
        reasons = ["the encryption of the drive has ended after the last start", *reasons]
    users = sign_in.get("users")
    return {
        "restart_needed": restarts[0],
        "restart": True if True in restarts else None if None in restarts else False,
        "restart_reasons": reasons[:MOST_ON_DEVICE],
        "encryption": _line(system.get("state"), MAX_REASON),
        "percentage": int(percentage or 0) if _is_number(percentage, 100) else None,
        "other_user": _flag(sign_in.get("other_user")),
        "other_user_blockers": _blockers(sign_in),
        "looked_at": _lines(sign_in.get("looked_at")),
        "signed_in": None
        if not isinstance(users, (list, tuple))
        else list(filter(None, map(_person, objects_in(sign_in, "users"))))[:MOST_ON_DEVICE],
        "hello": _flag(object_in(posture, "hello").get("enabled")),
    }


def _person(told: Told) -> str | None:
    """Who has signed in. The account of a package is nobody's."""
    name = _line(told.get("name") or told.get("sid"), MAX_REASON)
    return None if name is None or _PACKAGE_NAME.match(name) else name


def _blockers(sign_in: Told) -> list[str]:
    said = [
        f"{one.get('setting')} = {one.get('value')} ({one.get('source')})"
        for one in objects_in(sign_in, "other_user_blockers")
    ]
    return _lines(said)


def _is_number(value: t.Any, most: int) -> bool:
    # NaN is not below anything.
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= most


def _flag(value: t.Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _lines(value: t.Any) -> list[str]:
    listed = value if isinstance(value, (list, tuple)) else []
    return [line for one in listed[:MOST_ON_DEVICE] if (line := _line(one, 200))]


def _line(value: t.Any, most: int = MOST_SAID) -> str | None:
    """A text of others in one bounded line, None where there is none."""
    return in_one_line(value, most) or None if isinstance(value, str) else None

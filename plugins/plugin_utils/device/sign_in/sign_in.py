# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of the module security_key_sign_in: one exchange to look, one to write and look again.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ...findings import require_known, summary, verdict
from ...result import Failure
from ...task import Task
from .. import operations as op
from .. import state
from ..answers import Answer
from ..codes.hresult import error_code
from ..join_facts import join_facts
from ..os_facts import CLIENT_INSTALLATION, build_text
from ..reading import FULL_TOKEN, STATE_UNREADABLE, known
from ..requirements import JoinRefusal, account_refusal
from ..session import ConnectionLost
from ..system_work import OUTCOME_UNKNOWN
from .key_findings import FINDING_IDS, FIRST_ENTRA_BUILD, KEY_OBSTACLES, Look, has_the_option, judge, number_of
from .option import FIDO_PLACE, FIDO_VALUE, VALUES, WRITERS, Option, Place, read_option

_SHARED = ("version",)


def observations() -> dict[str, dict]:
    """All that is read, for one exchange."""
    shared = {name: operation for name, (_subsets, operation) in state.OBSERVATIONS.items() if name in _SHARED}
    return state.observations(("join",)) | shared | VALUES | WRITERS | KEY_OBSTACLES


def look_at(answer: Answer, wanted: bool = True) -> Look:
    """What an answer to observations() says."""
    version = answer["version"].key
    kind = known(lambda: version().text("InstallationType"))
    return Look(
        answer,
        read_option(answer),
        known(lambda: join_facts(answer)["type"]),
        known(lambda: build_text(version())),
        None if kind is None else kind != CLIENT_INSTALLATION,
        wanted,
    )


def sign_in(task: Task) -> dict:
    """The work of the module. Raises Failure."""
    require_known(task.args["fail_on"], FINDING_IDS)
    wanted = task.args["state"]
    look = look_at(task.session.run(observations()), wanted != "absent")
    task.learned = told(look)
    if wanted and is_due(look.option, wanted):
        refuse(look, wanted)
        look = _changed(task, look)
        task.learned = told(look)
    failure = verdict(
        judge(look), task.args["fail_on"], "the sign-in with a security key is not as it should be", "security_key"
    )
    if failure:
        raise failure
    return {}


def told(look: Look) -> dict[str, t.Any]:
    """The part of a result that says how the device is."""
    findings = judge(look)
    return {
        "enabled": look.option.enabled,
        "by": look.option.by,
        "ways": [way.as_dict() for way in look.option.ways],
        "build_ok": has_the_option(look),
        "join_type": look.join_type,
        "findings": [finding.as_dict() for finding in findings],
        "summary": summary(findings),
    }


def is_due(option: Option, wanted: str) -> bool:
    """Whether the device is not yet as it is wanted, or nobody can say so."""
    if wanted == "present":
        return option.enabled is not True
    return option.enabled is not False


def refuse(look: Look, wanted: str) -> None:
    """Raise Failure where this module cannot bring about what is wanted; nothing has changed by then."""
    found, on = look.option, wanted == "present"
    number = number_of(look.build)
    unread = next((place for place in (found.csp, found.policy) if place.there is None), None)
    others = found.csp.there and found.csp.value is not on
    refusal = account_refusal(look.answer.device)
    if unread is not None:
        refusal = JoinRefusal(STATE_UNREADABLE, f"the device's state cannot be read: {unread.reason}", FULL_TOKEN)
    elif others:
        refusal = _set_elsewhere(found, wanted)
    elif on and (look.server or number is not None and number < FIRST_ENTRA_BUILD):
        shown = "Windows Server" if look.server else f"Windows build {number}"
        refusal = JoinRefusal(
            "no_security_key_sign_in",
            f"{shown} does not read {FIDO_VALUE}: clients do, from build {FIRST_ENTRA_BUILD} on",
            "update Windows, or leave the device out",
        )
    if refusal:
        raise refusal.failure("refused before anything changed")


def _set_elsewhere(found: Option, wanted: str) -> JoinRefusal:
    who = " and ".join(found.set_by_others) or "another way"
    word = "unknown" if found.csp.value is None else "on" if found.csp.value else "off"
    return JoinRefusal(
        "set_by_another_way",
        f"{who} has set the option to {word} ({found.csp.reason or 'UseSecurityKeyForSignin'}), and nobody knows that "
        f"{FIDO_VALUE} would win against it (state is {wanted})",
        "change it where it was set: in the MDM's policy, or by removing the package, or by one with the other value",
    )


def _changed(task: Task, look: Look) -> Look:
    """The device as it is after the change, or as it would be."""
    on = look.wanted
    before, after = _shown(look.answer), 1 if on else None
    if task.check_mode:
        task.changes.add(FIDO_PLACE, before, after)
        return dataclasses.replace(look, option=look.option.with_policy(on))
    with task.changes.attempt([(FIDO_PLACE, before, after)]):
        try:
            answer = task.session.run({"fido_logon_policy": op.fido_logon_policy(on)} | observations())
        except ConnectionLost:
            task.changes.add(FIDO_PLACE, before, OUTCOME_UNKNOWN)
            raise
    now = look_at(answer, on)
    error = answer["fido_logon_policy"].error
    if error is not None:
        task.learned = told(now)
        raise Failure(
            f"{FIDO_VALUE} could not be written: {error['message']}",
            side="device",
            name="policy_not_written",
            code=error_code(error),
            cause="the connecting account may not write it, or the registry key is protected",
            fix=FULL_TOKEN,
            evidence=[{"place": FIDO_PLACE, **error}],
        )
    task.changes.add(FIDO_PLACE, before, after)
    if not _is_kept(now.option.policy, on):
        task.changes.correct(FIDO_PLACE, before, _shown(answer))
        task.learned = told(now)
        raise Failure(
            f"{FIDO_VALUE} was written, and the device shows another value right after it: something sets it again",
            side="device",
            name="policy_set_again",
            cause="a group policy, MDM or another program sets the value again",
            fix="change it there",
            evidence=[{"place": FIDO_PLACE, "value": _shown(answer), "reason": now.option.policy.reason}],
        )
    return now


def _is_kept(place: Place, on: bool) -> bool:
    """Whether the value is as it was written. One that cannot be read is none of anybody else's."""
    return place.value is True if on else place.there is False


def _shown(answer: Answer) -> t.Any:
    """The value as it stands there, whatever it is."""
    return known(lambda: answer["security_key_policy"].key().values.get(FIDO_VALUE))

# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the sign-ins of a device to clues: which policy demanded what, and what else the service objected to.

A refusal that a sign-in with the same correlation id got over is none; neither is one before a later success of the
same device for the same purpose. Sources: Microsoft Entra, "Authentication and authorization error codes",
"Troubleshoot sign-in problems with Conditional Access"; Microsoft Intune, "Bulk enrollment for Windows devices".

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import collections
import dataclasses
import datetime
import typing as t

from ..devices.directory_device import instant
from .clues import IS_WARNING, Evidence, TenantClue, evidence, weigh
from .device_side import DeviceSaid
from .findings import ABOUT_ACCESS, ABOUT_SIGN_IN
from .ids import id_in
from .logs import PACKAGE_PREFIX
from .matching import BY_REQUEST, BY_USER, Matched, attempt_of
from .sign_ins import (
    ASKS_FOR_DEVICE,
    ASKS_FOR_MFA,
    DEVICE_CONTROLS,
    TO_ENROLL,
    TO_JOIN,
    TO_SIGN_IN,
    demands,
    failed,
    may_be_by_policy,
    number_of,
    purpose_of,
    sign_in_view,
    stopped_by,
    went_well,
)

Row = dict[str, t.Any]
#: Codes of Windows that come of a refusal at the token service.
_FROM_THE_SERVICE = ("0xcaa20003", "0xcaa2000c", "0x801c0024", "0x801c0002")
#: By code: what it means at a join or enrollment, what to do, and which settings can be behind it.
_MEANINGS: dict[int, tuple[str, str, tuple[str, ...]]] = {
    50034: (
        "the tenant has no such user",
        "make a new provisioning package, because a bulk token stops working with its user; or correct the user",
        ("user",),
    ),
    50057: ("the user is disabled", "enable the user, or make a new provisioning package", ("user",)),
    50053: ("the account is locked", "wait, or unlock it; look at who tries its password", ()),
    50126: ("the password is wrong", "sign in with the right one", ()),
    50173: (
        "the token was revoked: the password was changed, or somebody ended the user's sessions",
        "make a new provisioning package, or sign in again",
        (),
    ),
    700082: ("the token has expired, because nobody used it for 90 days", "make a new provisioning package", ()),
    700003: (
        "the device's object is gone from the tenant",
        "let the device leave and join again, or restore the object",
        (),
    ),
    135011: ("the device's object is disabled", "enable it (directory_device), if it was not disabled on purpose", ()),
    50105: ("the application is for assigned users, and the user is not one", "assign the user or a group", ()),
}
#: What a person can do, who needs no package.
_OF_PERSONS = {
    50034: "correct the user, or restore it if it was deleted",
    50057: "enable the user, if it was not disabled on purpose",
    50173: "have the user sign in again",
    700082: "have the user sign in again",
}
_MFA = "MFA was demanded"
_CARRY_IT = (
    "sign in with the work account where single sign-on works (not in a private window or another browser); look at "
    "the user's primary refresh token on the device"
)
_NO_POLICY = (
    "and no Conditional Access policy did: the registration policy, security defaults or a setting of the user do"
)
_WHERE_MFA = "look at mfa_required of the registration policy, at security defaults, and at the user's own MFA setting"
_BY_SETTING = ("mfa_at_join", "security_defaults")


def sign_in_clues(found: Matched, over: t.Collection[str], said: DeviceSaid) -> list[TenantClue]:
    """Clues of a device's sign-ins, those of one refusal together. ``over``: what the device has done since (TO_JOIN,
    TO_ENROLL); ``said``: what the device itself says has failed.

    A person's sign-in without the device may be from anywhere, and one of a package from any of its devices: where the
    device itself has not seen it, or has seen another, it is a warning.
    """
    passed = _Passed(found)
    groups: dict[tuple[t.Any, ...], list[tuple[str, Row, dict[str, t.Any]]]] = collections.defaultdict(list)
    for how, row in found.sign_ins:
        if not failed(row):
            continue
        view = sign_in_view(row, how)
        names = tuple(one["policy"] for one in stopped_by(view["policies"]))
        got_over = passed.got_over(how, row)
        groups[purpose_of(row), number_of(row), names, how == BY_USER, got_over].append((how, row, view))
    clues = []
    for (what, number, _names, weak, got_over), members in groups.items():
        clue = _clue(what, number, members)
        if got_over or what in over:
            clue = clue.over()
        elif _may_be_anywhere(what, clue, said) if weak else _is_mild(clue, said):
            clue = dataclasses.replace(clue, weight=IS_WARNING)
        clues.append(clue)
    return clues


def _is_mild(clue: TenantClue, said: DeviceSaid) -> bool:
    """Whether the device knows the sign-in, and says that it did not fail."""
    mild = said.mild()
    return clue.matched_by == BY_REQUEST and bool(mild) and all(mild & _ids_of(one) for one in clue.evidence)


def _ids_of(one: Evidence) -> set[str]:
    return {identity for name in ("request_id", "correlation_id") if (identity := id_in(one[name]))}


def _may_be_anywhere(what: str, clue: TenantClue, said: DeviceSaid) -> bool:
    failing = [one for one in said.findings if one.failed and one.subject == what]
    # A device that knows the ids or the code of its own failure says that it is not this one.
    ids = {identity for one in failing for identity in one.ids}
    if ids and not any(ids & _ids_of(one) for one in clue.evidence):
        return True
    codes = {code for one in failing for code in one.codes if code.startswith("aadsts")}
    if codes and str(clue.code).lower() not in codes:
        return True
    if failing:
        return False
    return what == TO_SIGN_IN or clue.of_package


class _Passed:
    """The sign-ins that went well: ``attempts`` of anybody, and the last one of the device for each purpose."""

    def __init__(self, found: Matched) -> None:
        self._attempts = found.passed
        self._last: dict[str, datetime.datetime] = {}
        for how, row in found.sign_ins:
            moment = instant(row.get("createdDateTime"))
            if moment is not None and how != BY_USER and went_well(row):
                what = purpose_of(row)
                self._last[what] = max(self._last.get(what, moment), moment)

    def got_over(self, how: str, row: Row) -> bool:
        """Whether the same attempt went well, or a later one of the same device."""
        moment, attempt = instant(row.get("createdDateTime")), attempt_of(row)
        if moment is None:
            return False
        if attempt is not None and attempt in self._attempts and self._attempts[attempt] >= moment:
            return True
        last = self._last.get(purpose_of(row))
        return how != BY_USER and last is not None and last > moment


def _clue(what: str, number: int, members: list[tuple[str, Row, dict[str, t.Any]]]) -> TenantClue:
    how, row, view = members[0]
    code = view["code"]
    # A code that policies do not give says more than a policy that was not met as well.
    stopping = [] if number in _MEANINGS else stopped_by(view["policies"])
    package = str(view["user"]).lower().startswith(PACKAGE_PREFIX)
    hidden = bool(view["policies_unknown"]) and number not in _MEANINGS and may_be_by_policy(row)
    kin: tuple[str, ...] = ()
    if stopping:
        cause, fix = _of_policies(what, number, view, stopping, package)
    elif number in ASKS_FOR_MFA | ASKS_FOR_DEVICE or hidden:
        cause, fix = _without_policy(number, view, package)
        kin = _BY_SETTING if number in ASKS_FOR_MFA and what == TO_JOIN else ()
    else:
        said, fix, kin = _MEANINGS.get(
            number, (view["says"] or f"the service refused it with {code}", "look the code up, and at the sign-in", ())
        )
        cause = said
        if not package:
            fix = _OF_PERSONS.get(number) or fix
    known = bool(stopping) or number in _MEANINGS
    whose = f"one of the sign-ins of {view['user']}, which may be of another device: " if how == BY_USER else ""
    return TenantClue(
        what,
        ABOUT_ACCESS if stopping or hidden else ABOUT_SIGN_IN,
        weigh(how, known),
        f"{code} at the sign-in of {view['user']} to {view['resource'] or view['app'] or 'an application'}",
        whose + cause,
        fix,
        how,
        tuple(_seen(one) for _how, _row, one in members),
        code,
        frozenset((code.lower(), *_FROM_THE_SERVICE)),
        kin,
        user=str(view["user"]).lower(),
    )


def _of_policies(
    what: str, number: int, view: dict[str, t.Any], stopping: list[dict[str, t.Any]], package: bool
) -> tuple[str, str]:
    cause = " and ".join(f"the Conditional Access policy {one['policy']!r} {demands(one)}" for one in stopping)
    controls = {control.lower() for one in stopping for control in one["demanded"]}
    names = " and ".join(repr(one["policy"]) for one in stopping)
    policy = f"the policy {names}" if len(stopping) == 1 else f"the policies {names}"
    if package:
        alone = "" if "block" in controls else ", and nobody is there to do that"
        return cause + alone, f"exclude the package users' group from {policy}"
    if "block" in controls:
        return cause, f"exclude the user or the place from {policy}"
    if what == TO_ENROLL:
        return cause, f"exclude the application Microsoft Intune Enrollment from {policy}"
    if number in ASKS_FOR_DEVICE or controls & DEVICE_CONTROLS:
        if what == TO_JOIN:
            said = f"{cause}; a new device cannot be compliant or joined before it has joined"
            return said, f"exclude joins (Device Registration Service) from {policy}"
        return _of_device(cause, view)
    return cause, f"have the user set up MFA and answer it, or exclude the user from {policy}"


def _of_device(cause: str, view: dict[str, t.Any]) -> tuple[str, str]:
    if view["device_id"] is None:
        said = f"{cause}, and the sign-in did not carry the device, which does not say that the device is not compliant"
        return said, _CARRY_IT
    state = {True: "compliant", False: "not compliant"}.get(view["device_compliant"], "of unknown compliance")
    return f"{cause}; the device in the sign-in was {state}", "look at its compliance (directory_posture)"


def _without_policy(number: int, view: dict[str, t.Any], package: bool) -> tuple[str, str]:
    """Refused as policies refuse, and no policy is known."""
    if number in ASKS_FOR_MFA:
        said = _MFA + (", and nobody is there to confirm it" if package else "")
    elif number in ASKS_FOR_DEVICE:
        said = "a device was demanded"
        if view["device_id"] is None:
            said += ", and the sign-in carried none, which does not say that the device is not compliant"
    else:
        said = view["says"] or "the sign-in was blocked"
    look = f"look at the sign-in {view['request_id']} in the Microsoft Entra admin center"
    if view["policies_unknown"]:
        why = f"which policy demands it is unknown, because {view['policies_unknown']}"
        return f"{said}; {why}", f"grant Policy.Read.ConditionalAccess and run it again, or {look}"
    if number in ASKS_FOR_MFA:
        return f"{said}, {_NO_POLICY}", _WHERE_MFA
    return said, look


def _seen(view: dict[str, t.Any]) -> dict[str, t.Any]:
    policies = [
        f"policy {one['policy']}: {one['result']}, {', '.join(one['demanded']) or 'no control'}"
        for one in view["policies"] or ()
    ]
    carried = f"device {view['device_id']}" if view["device_id"] else "the sign-in carried no device"
    return evidence(
        "auditLogs/signIns",
        view["utc"],
        [view["says"], f"user {view['user']}", f"app {view['app']}", carried, *policies, view["policies_unknown"]],
        view["matched_by"],
        view["code"],
        view["request_id"],
        view["correlation_id"],
    )

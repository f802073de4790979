# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows Hello for Business: what a policy wants, what Windows last found of its prerequisites, who has it, PIN reset.

Sources: PassportForWork CSP and the group policy of the same name; events 358 (will be set up), 360 and 362 (will not)
of User Device Registration, whose fields come in a fixed order while their labels changed over the years. The check is
made for the person at the console: dsregcmd's own, asked by another account or over the network, says nothing of that
person. Who has a PIN: the credential provider's key by SID, as public inventories read it.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterator

from ...findings import Finding
from ...untrusted import in_one_line
from .. import operations as op
from ..first_sync import Told
from ..reading import Key
from ..state import parse_utc
from .points import GROUP_POLICY, MDM, Section, Seen, passed, told_of, unknown, utc, warned

_LOG = "Microsoft-Windows-User Device Registration/Admin"
_LAUNCHED, _NOT_LAUNCHED, _NOT_LAUNCHED_CERTIFICATE = 358, 360, 362
_PIN_PROVIDER = "{D6886603-9D2F-4EB2-B667-1971041FA96B}"
OBSERVATIONS = {
    "hello_mdm": op.registry_read(r"SOFTWARE\Microsoft\Policies\PassportForWork", depth=3),
    "hello_group_policy": op.registry_read(r"SOFTWARE\Policies\Microsoft\PassportForWork"),
    "hello_pins": op.registry_read(
        rf"SOFTWARE\Microsoft\Windows\CurrentVersion\Authentication\Credential Providers\{_PIN_PROVIDER}",
        depth=1,
        names=("LogonCredsAvailable",),
    ),
    "hello_check": op.events(_LOG, (_LAUNCHED, _NOT_LAUNCHED, _NOT_LAUNCHED_CERTIFICATE), None, limit=6),
}
#: The first fields of those events, in their order.
_POINTS = ("device_joined", "entra_sign_in", "policy_enabled", "post_logon", "hardware", "local_session")
_SAID = {"yes": True, "no": False}
#: Points that stand in the way where they are not met, and what to do.
_NEEDED = {
    "device_joined": "look at the join (winops.entra.diagnose)",
    "entra_sign_in": "let the person sign in with the Entra account, on line",
    "policy_enabled": "assign a policy for Windows Hello to the device or the person",
    "post_logon": "take the policy away that turns the set-up after the sign-in off (DisablePostLogonProvisioning)",
    "hardware": "mend the TPM, or do not require one",
}
_NOTIFICATIONS = "DisableLockScreenAppNotifications"
DOC = "https://learn.microsoft.com/windows/security/identity-protection/hello-for-business/"


def hello(seen: Seen) -> Section:
    """``{enabled, source, tpm_required, checked_at, prerequisites, provisioned, pin_reset, pin_reset_blockers,
    refused}``."""
    told = Told()
    policies = {source: told.of(lambda s=source: list(_policies(seen, s))) for source in (GROUP_POLICY, MDM)}
    check = told.of(lambda: _check(seen))
    enabled, source = _said(policies, ("Enabled", "UsePassportForWork"), told)
    return {
        "enabled": enabled,
        "source": source,
        "tpm_required": _said(policies, ("RequireSecurityDevice",), told)[0],
        "checked_at": check and utc(parse_utc(check["utc"])),
        "prerequisites": check and _points(check),
        "provisioned": told.of(lambda: sorted(_provisioned(seen))),
        "pin_reset": _said(policies, ("EnablePinRecovery",), told)[0],
        "pin_reset_blockers": told.of(lambda: list(_pin_blockers(seen))),
        "refused": told_of(told),
    }


def _policies(seen: Seen, source: str) -> Iterator[Key]:
    """The keys with policies, the first that has a value decides: group policy has one, an MDM one by tenant."""
    if source == GROUP_POLICY:
        yield seen.key("hello_group_policy")
        return
    for _tenant, key in seen.key("hello_mdm").children():
        yield key.child("Device", "Policies")
        yield key.child("Device")


def _said(policies: dict[str, list[Key] | None], names: tuple[str, ...], told: Told) -> tuple[bool | None, str | None]:
    """What the first policy that has one of these values says, and whose it is. Group policy goes before an MDM; where
    it could not be read nobody knows."""
    for source, keys in policies.items():
        if keys is None:
            return None, None
        for key in keys:
            for name in names:
                before = len(told.refused)
                number = told.of(key.number, name)
                if number is not None:
                    return number != 0, source
                if len(told.refused) > before:
                    return None, None
    return None, None


def _check(seen: Seen) -> dict | None:
    """The newest check that was not made in a remote session, which says nothing of the person at the console."""
    return next((event for event in seen.events("hello_check") if _points(event)["local_session"] is not False), None)


def _points(event: dict) -> dict[str, t.Any]:
    said = [_SAID.get(field.strip().lower()) for field in event["data"]]
    return dict(zip(_POINTS, [*said, *[None] * len(_POINTS)]))


def _provisioned(seen: Seen) -> Iterator[str]:
    for sid, key in seen.key("hello_pins").children():
        if key.number("LogonCredsAvailable"):
            yield in_one_line(sid, 200)


def _pin_blockers(seen: Seen) -> Iterator[str]:
    """What keeps the reset away from the lock screen, which is an app there."""
    if seen.key("lock_screen").number(_NOTIFICATIONS):
        yield _NOTIFICATIONS
    if seen.policy("AboveLock").number("AllowToasts") == 0:
        yield "AboveLock/AllowToasts"


def judge(section: Section, seen: Seen) -> Iterator[Finding]:
    yield _hello(section, seen)
    yield _pin_reset(section)


def _hello(section: Section, seen: Seen) -> Finding:
    enabled, provisioned = section["enabled"], section["provisioned"]
    evidence = [{name: section[name] for name in ("enabled", "source", "checked_at", "prerequisites", "provisioned")}]
    if enabled is None and section["refused"]:
        return unknown("hello", section)
    if enabled is None:
        return passed("hello", "no policy turns it on or off")
    if not enabled:
        return warned(
            "hello",
            f"turned off by {section['source']}",
            f"a policy ({section['source']}) turns Windows Hello off: people sign in with their passwords",
            "turn it on where it is wanted, if nobody has turned it off on purpose",
            doc=DOC,
            evidence=evidence,
        )
    if provisioned:
        return passed("hello", f"on, {len(provisioned)} have set it up")
    if provisioned is None or _closed(seen, "hello_check"):
        return unknown("hello", section)
    points = section["prerequisites"]
    lacks = [name for name in _NEEDED if points and points[name] is False]
    if lacks:
        return warned(
            "hello",
            f"on, and nobody has set it up: {', '.join(lacks)}",
            f"Windows does not let the person set it up: {', '.join(lacks)} was not met on {section['checked_at']}",
            _NEEDED[lacks[0]],
            doc=DOC,
            evidence=evidence,
        )
    if points is None:
        return passed("hello", "on, and nobody has been asked to set it up yet")
    return passed("hello", f"on, nobody has set it up; nothing stood in the way on {section['checked_at']}")


def _closed(seen: Seen, name: str) -> bool:
    return seen.answer[name].error is not None


def _pin_reset(section: Section) -> Finding:
    blockers = section["pin_reset_blockers"]
    if section["pin_reset"] is not True:
        if section["refused"] and section["pin_reset"] is None:
            return unknown("pin_reset", section)
        return passed("pin_reset", "no policy turns it on")
    if blockers is None:
        return unknown("pin_reset", section)
    if blockers:
        return warned(
            "pin_reset",
            f"on, and blocked by {', '.join(blockers)}",
            f"a forgotten PIN cannot be replaced at the sign-in screen: {blockers[0]} keeps the page away",
            "take that setting away, or replace PINs in Settings",
            doc=f"{DOC}pin-reset",
            evidence=[{"pin_reset": True, "blockers": blockers}],
        )
    return passed("pin_reset", "on, no blocker was found")

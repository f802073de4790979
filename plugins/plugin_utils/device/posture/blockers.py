# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings that keep something away from the sign-in screen, each with its place: for password reset, "Other user".

Sources: Microsoft, "Enable self-service password reset at the Windows sign-in screen" (its limits); Microsoft,
"Interactive logon" policies; Policy CSP (UserRights, CredentialProviders); what users report.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Callable

from ...untrusted import in_one_line
from .. import operations as op
from ..first_sync import Told
from ..reading import Refused
from .points import Section, Seen

_SYSTEM = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System"
_SCREEN = r"SOFTWARE\Policies\Microsoft\Windows\System"
_PERSONALIZATION = r"SOFTWARE\Policies\Microsoft\Windows\Personalization"
_APPX = r"SOFTWARE\Policies\Microsoft\Windows\Appx"
_WINLOGON = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon"
_SYSTEM_VALUES = ("HideFastUserSwitching", "scforceoption", "DelayedDesktopSwitchTimeout")
_SCREEN_VALUES = ("DisableLockScreenAppNotifications", "ExcludedCredentialProviders")
OBSERVATIONS = {
    "sign_in_policy": op.registry_read(_SYSTEM, names=_SYSTEM_VALUES),
    "lock_screen": op.registry_read(_SCREEN, names=_SCREEN_VALUES),
    "personalization": op.registry_read(_PERSONALIZATION, names=("NoLockScreen",)),
    "excluded_providers": op.registry_read(_SYSTEM, names=("ExcludedCredentialProviders",)),
    "winlogon": op.registry_read(_WINLOGON, names=("AutoAdminLogon", "ForceAutoLogon", "DefaultUserName")),
    "installer": op.registry_read(_APPX, names=("BlockNonAdminUserInstall",)),
}
_USERS, _EVERYONE, _AUTHENTICATED = "S-1-5-32-545", "S-1-1-0", "S-1-5-11"
_SID = re.compile(r"S-1-[0-9]{1,15}(?:-[0-9]{1,10}){1,15}", re.IGNORECASE)
_OF_ENTRA = "s-1-12-1-"
#: The credential provider of passwords, which has the link to the reset, and "Other user".
_PASSWORD_PROVIDER = "60b78e88-ead8-445c-9cfd-0b87f74ea6cd"
_RIGHT = "AllowLocalLogOn"
ASKED_POLICIES = {
    "UserRights": (_RIGHT,),
    "ApplicationManagement": ("BlockNonAdminUserInstall",),
    "WindowsLogon": ("HideFastUserSwitching", "DisableLockScreenAppNotifications"),
    "CredentialProviders": ("ExcludedCredentialProviders",),
    "AboveLock": ("AllowToasts",),
}
Blocker = dict[str, str]
#: (name, place, read of what is there as text, None where it does not block)
Look = tuple[str, str, Callable[[Seen], "str | None"]]


def _on(name: str, value: str) -> Callable[[Seen], str | None]:
    """Blocks where the number is neither absent nor 0."""

    def read(seen: Seen) -> str | None:
        number = seen.key(name).number(value)
        return str(number) if number else None

    return read


def _mdm_on(area: str, value: str) -> Callable[[Seen], str | None]:
    def read(seen: Seen) -> str | None:
        number = seen.policy(area).number(value)
        return str(number) if number else None

    return read


def _mdm_enabled(area: str, value: str) -> Callable[[Seen], str | None]:
    """Blocks where the text of an ADMX policy turns it on."""

    def read(seen: Seen) -> str | None:
        told = seen.policy(area).values.get(value)
        on = "<enabled" in told.lower() if isinstance(told, str) else bool(told)
        return "enabled" if on else None

    return read


def _may_sign_in(seen: Seen, of_entra_too: bool) -> str | None:
    """The right to sign in at the screen, where an MDM gives it, without the group of all users.

    A name is the group's in the language of whoever wrote the policy, and a group of Entra may have everybody: where
    one of them stands there, nobody knows (Refused). The reset's own account is in no group of Entra.
    """
    told = seen.policy("UserRights").text(_RIGHT)
    if told is None:
        return None
    given = [in_one_line(one, 200).strip().lstrip("*") for one in told.replace("\uf000", "\n").splitlines()]
    members = [one for one in given if one]
    if {one.lower() for one in members} & {_USERS.lower(), _EVERYONE.lower(), _AUTHENTICATED.lower(), "users"}:
        return None
    unclear = [
        one for one in members if not _SID.fullmatch(one) or (of_entra_too and one.lower().startswith(_OF_ENTRA))
    ]
    if unclear:
        message = f"whether {unclear[0]} has everybody who is to sign in is not known"
        raise Refused(f"UserRights/{_RIGHT}", {"type": "Unclear", "message": message, "hresult": None})
    return ", ".join(members)[:300] or "nobody"


def _reset_may_not_sign_in(seen: Seen) -> str | None:
    return _may_sign_in(seen, False)


def _nobody_may_sign_in(seen: Seen) -> str | None:
    return _may_sign_in(seen, True)


def _password_excluded(seen: Seen) -> str | None:
    for key in ("excluded_providers", "lock_screen"):
        told = seen.key(key).text("ExcludedCredentialProviders") or ""
        if _PASSWORD_PROVIDER in told.lower():
            return in_one_line(told, 300)
    told = seen.policy("CredentialProviders").text("ExcludedCredentialProviders") or ""
    return in_one_line(told, 300) if _PASSWORD_PROVIDER in told.lower() else None


def _automatic(seen: Seen) -> str | None:
    """Somebody signs in by itself at each start, and again after each sign-out."""
    key = seen.key("winlogon")
    if key.values.get("AutoAdminLogon") in ("1", 1) and key.values.get("ForceAutoLogon") in ("1", 1):
        return in_one_line(key.text("DefaultUserName") or "an account", 100)
    return None


_SMART_CARD: Look = ("scforceoption", _SYSTEM, _on("sign_in_policy", "scforceoption"))
_FAST: Look = ("HideFastUserSwitching", _SYSTEM, _on("sign_in_policy", "HideFastUserSwitching"))
_FAST_MDM: Look = ("HideFastUserSwitching", "WindowsLogon (MDM)", _mdm_on("WindowsLogon", "HideFastUserSwitching"))
_PROVIDER: Look = ("ExcludedCredentialProviders", "credential providers", _password_excluded)
OF_PASSWORD_RESET: tuple[Look, ...] = (
    ("NoLockScreen", _PERSONALIZATION, _on("personalization", "NoLockScreen")),
    ("BlockNonAdminUserInstall", _APPX, _on("installer", "BlockNonAdminUserInstall")),
    (
        "BlockNonAdminUserInstall",
        "ApplicationManagement (MDM)",
        _mdm_on("ApplicationManagement", "BlockNonAdminUserInstall"),
    ),
    _FAST,
    _FAST_MDM,
    (
        "DisableLockScreenAppNotifications",
        _SCREEN,
        _on("lock_screen", "DisableLockScreenAppNotifications"),
    ),
    (
        "DisableLockScreenAppNotifications",
        "WindowsLogon (MDM)",
        _mdm_enabled("WindowsLogon", "DisableLockScreenAppNotifications"),
    ),
    _SMART_CARD,
    ("DelayedDesktopSwitchTimeout", _SYSTEM, _on("sign_in_policy", "DelayedDesktopSwitchTimeout")),
    (_RIGHT, "UserRights (MDM)", _reset_may_not_sign_in),
    _PROVIDER,
)
OF_OTHER_USER: tuple[Look, ...] = (
    _FAST,
    _FAST_MDM,
    _SMART_CARD,
    (_RIGHT, "UserRights (MDM)", _nobody_may_sign_in),
    _PROVIDER,
    ("AutoAdminLogon", _WINLOGON, _automatic),
)


def found(looks: tuple[Look, ...], seen: Seen, told: Told) -> tuple[list[Blocker], list[str], int]:
    """(what blocks, what was looked at, how many looks were refused); ``told`` has their sentences."""
    blockers, looked_at, refused = [], [], 0
    for setting, place, read in looks:
        before = len(told.refused)
        value: t.Any = told.of(read, seen)  # type: ignore[arg-type]
        if len(told.refused) > before:
            refused += 1
            continue
        looked_at.append(f"{setting}, {place}")
        if value is not None:
            blockers.append({"setting": setting, "source": place, "value": value})
    return blockers, looked_at, refused


def said(blockers: list[Blocker]) -> str:
    """The blockers in one sentence."""
    return ", ".join(f"{one['setting']} = {one['value']} ({one['source']})" for one in blockers[:4])


def places(section: Section) -> str:
    return f"{len(section['looked_at'])} settings were looked at"

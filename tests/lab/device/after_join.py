# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A device some time after its join: who has signed in, what has synchronized, how far it is encrypted, what fails.

Places and values as ``docs/lab.md`` lists them with their sources. What ``after_join`` does not name is as on a healthy
device: synchronized, encrypted, its recovery password stored, one user with a PIN, the newest cumulative update.
"""

from __future__ import annotations

import datetime
import json
import typing as t

from . import bitlocker, furnish, laps, mdm
from .accounts import entra_sid
from .deployment_registry import first_sync, write_profile
from .errors import signed
from .events import BITLOCKER, LAPS, MDM, REGISTRATION, SETUP, SYNC, SYSTEM
from .registry import Registry

PIN_PROVIDER = (
    r"SOFTWARE\Microsoft\Windows\CurrentVersion\Authentication\Credential Providers"
    r"\{D6886603-9D2F-4EB2-B667-1971041FA96B}"
)
IDENTITIES = r"SOFTWARE\Microsoft\IdentityStore\Cache"
LOGON_UI = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Authentication\LogonUI"
HELLO = {
    "mdm": r"SOFTWARE\Microsoft\Policies\PassportForWork",
    "group_policy": r"SOFTWARE\Policies\Microsoft\PassportForWork",
}
EXTENSION = r"SOFTWARE\Microsoft\IntuneManagementExtension\Win32Apps"
SERVICES = r"SYSTEM\CurrentControlSet\Services"
POLICIES_SYSTEM = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System"
WSUS = r"SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate"
UPDATE_SETTINGS = r"SOFTWARE\Microsoft\WindowsUpdate\UX\StateVariables"
WINLOGON = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon"
NOBODY = "00000000-0000-0000-0000-000000000000"
POINTS = ("device_joined", "entra_sign_in", "policy_enabled", "post_logon", "hardware", "local_session")
#: By the name of the setting: its key and what stands there.
SETTINGS: dict[str, tuple[str, dict[str, t.Any]]] = {
    "NoLockScreen": (r"SOFTWARE\Policies\Microsoft\Windows\Personalization", {"NoLockScreen": 1}),
    "BlockNonAdminUserInstall": (r"SOFTWARE\Policies\Microsoft\Windows\Appx", {"BlockNonAdminUserInstall": 1}),
    "HideFastUserSwitching": (POLICIES_SYSTEM, {"HideFastUserSwitching": 1}),
    "DisableLockScreenAppNotifications": (
        r"SOFTWARE\Policies\Microsoft\Windows\System",
        {"DisableLockScreenAppNotifications": 1},
    ),
    "scforceoption": (POLICIES_SYSTEM, {"scforceoption": 1}),
    "DelayedDesktopSwitchTimeout": (POLICIES_SYSTEM, {"DelayedDesktopSwitchTimeout": 5}),
    "AllowLocalLogOn": (
        rf"{mdm.CURRENT_POLICIES}\UserRights",
        {"AllowLocalLogOn": "*S-1-5-32-544\uf000*S-1-5-32-551"},
    ),
    "ExcludedCredentialProviders": (
        POLICIES_SYSTEM,
        {"ExcludedCredentialProviders": "{60b78e88-ead8-445c-9cfd-0b87f74ea6cd}"},
    ),
    "AutoAdminLogon": (WINLOGON, {"AutoAdminLogon": "1", "ForceAutoLogon": "1", "DefaultUserName": "kiosk"}),
}
_BODIES = {
    "tenant_disabled": ("badRequest", "Local admin password solution is not enabled for this tenant.", None),
    "device_missing": ("invalid_request", "The device object was not found.", "error_missing_device"),
    "other": ("invalid_request", "The request is malformed.", None),
}
HTTP_400 = 0x80190190


def furnish_after_join(device, options: dict[str, t.Any], tenant) -> None:
    """Everything of the option ``after_join``, with what a healthy device has where nothing is said."""
    now = device.utc()
    enrolled = mdm.enrollments(device)
    names = _names(options, tenant)
    users = [tenant.user(name) or tenant.add_user(name, name.partition("@")[0].title()) for name in names]
    sids = [entra_sid(user["id"]) for user in users]
    for user, sid in zip(users, sids):
        sign_in(device, user, sid, now - datetime.timedelta(hours=3))
    if enrolled:
        _synchronize(device, enrolled[0], options.get("sync", {}), sids)
    _encrypt(device, options.get("encryption", {}))
    _set_up_hello(device, options.get("hello", {}), tenant, sids)
    if options.get("password_reset") == "mdm":
        set_policy(device, "Authentication", {"AllowAadPasswordReset": 1})
    elif "password_reset" in options:
        device.registry.set(r"SOFTWARE\Policies\Microsoft\AzureADAccount", {"AllowPasswordReset": 1})
    for name in options.get("settings", []):
        device.registry.set(*SETTINGS[name])
    device.password_rules |= options.get("rules", {})
    if "asked_rules" in options:
        set_policy(device, "DeviceLock", {"DevicePasswordEnabled": 0, **options["asked_rules"]})
    if "laps_result" in options:
        _process_laps(device, options["laps_result"])
    _update(device, options.get("updates", {}))
    _install_apps(device, options, users)
    if "configuration_manager" in options:
        _manage(device, options["configuration_manager"])
    if options.get("autopilot"):
        write_profile(device, tenant)
    device.closed_keys |= set(options.get("closed", []))


def _names(options: dict[str, t.Any], tenant) -> list[str]:
    return [name if "@" in name else f"{name}@{tenant.domains[0]}" for name in options.get("signed_in", ["ada"])]


def set_policy(device, area: str, values: dict[str, t.Any]) -> None:
    """What Intune sets in an area: its own value, and the value that holds, with who has won."""
    enrolled = mdm.enrollments(device)
    provider = enrolled[0] if enrolled else device.new_id("gone provider").upper()
    device.registry.set(rf"SOFTWARE\Microsoft\PolicyManager\Providers\{provider}\default\Device\{area}", values)
    beside = {f"{name}_ProviderSet": 1 for name in values} | {f"{name}_WinningProvider": provider for name in values}
    device.registry.set(rf"{mdm.CURRENT_POLICIES}\{area}", values | beside)


def _filetime(time: datetime.datetime) -> tuple[int, int]:
    ticks = round((time - laps.FILETIME_EPOCH).total_seconds()) * 10**7
    return ticks >> 32, ticks & 0xFFFFFFFF


def sign_in(device, user: dict, sid: str, at: datetime.datetime) -> None:
    """What the sign-in of a user of the tenant leaves."""
    upn = user["userPrincipalName"]
    high, low = _filetime(at)
    values = {"LocalProfileLoadTimeHigh": high, "LocalProfileLoadTimeLow": low}
    path = rf"C:\Users\{upn.partition('@')[0]}"
    device.registry.set(rf"{furnish.PROFILES}\{sid}", {"ProfileImagePath": path, **values})
    device.registry.set(rf"{IDENTITIES}\{sid}\IdentityCache\{sid}", {"UserName": upn})
    device.registry.set(LOGON_UI, {"LastLoggedOnUserSID": sid, "LastLoggedOnUser": rf"AzureAD\{user['displayName']}"})
    device.users.setdefault(sid, Registry())
    device.console_user = upn


def _synchronize(device, enrollment_id: str, options: dict[str, t.Any], sids: list[str]) -> None:
    """``hours`` ago the last session ended with ``code``; ``noted`` hours ago the last one that went well was noted.
    ``failed_before``: the result of the one before; ``declared``: one of the declared configuration runs beside it."""
    log = {"Admin": MDM, "Sync": SYNC}[options.get("channel", "Sync" if device.image.build >= 26100 else "Admin")]
    first, code = options.get("first", True), options.get("code", 0)
    end = device.utc() - datetime.timedelta(hours=options.get("hours", 2))
    if "failed_before" in options:
        _session(device, log, enrollment_id, end - datetime.timedelta(hours=8), options["failed_before"])
    if first or code:
        if options.get("declared"):
            other = device.new_id("declared configuration").upper()
            _session(device, log, other, end - datetime.timedelta(minutes=30), 0x80072EE7)
        _session(device, log, enrollment_id, end, code)
    path = rf"{mdm.ACCOUNTS}\{enrollment_id}\Protected\ConnInfo"
    noted = device.utc() - datetime.timedelta(hours=options.get("noted", options.get("hours", 2)))
    if first and (not code or "noted" in options):
        stamp = noted.strftime("%Y%m%dT%H%M%SZ")
        device.registry.set(path, {"ServerLastAccessTime": stamp, "ServerLastSuccessTime": stamp})
    else:
        device.registry.delete(path)
    device.registry.set(first_sync(enrollment_id), {"IsSyncDone": int(first)})
    for sid in sids if first else []:
        device.registry.set(first_sync(enrollment_id, sid), {"IsSyncDone": 1})


def _session(device, log: str, enrollment_id: str, end: datetime.datetime, code: int) -> None:
    server = "https://r.manage.microsoft.com/devicegatewayproxy/cimhandler.ashx"
    begin = end - datetime.timedelta(seconds=40)
    device.events.write(log, 208, begin, [f"{{{enrollment_id}}}", server, "4.0", "1.2", 0, 0, 0, 0, "1f", 2])
    device.events.write(log, 209, end, [signed(code)])


def _encrypt(device, options: dict[str, t.Any]) -> None:
    if not device.volumes:
        return
    conversion = options.get("conversion", "encrypted")
    done = conversion == "encrypted"
    protected = options.get("protected", done and not options.get("suspended"))
    kinds = (["Tpm"] if options.get("tpm", True) else []) + ["RecoveryPassword"]
    volume = bitlocker.volume(device, bitlocker.SYSTEM_DRIVE, [] if conversion == "decrypted" else kinds, protected)
    volume.conversion, volume.suspended = conversion, options.get("suspended", 0)
    volume.percentage = options.get("percentage", 100 if done else 0 if conversion == "decrypted" else 50)
    if "seconds" in options:
        volume.goes_on = bitlocker.GoesOn(device.clock.elapsed(), volume.percentage, options["seconds"])
    device.volumes = [volume, *(one for one in device.volumes if not one.system)]
    write, now = device.events.write, device.utc()
    if "silent_failure" in options:
        write(BITLOCKER, 851, now - datetime.timedelta(hours=5), [signed(options["silent_failure"])])
    elif conversion != "decrypted":
        ended = now - datetime.timedelta(hours=options.get("hours", 24 * 50))
        write(BITLOCKER, 768, ended - datetime.timedelta(hours=1), ["C:", "XTS-AES 256"])
        if done:
            write(SYSTEM, 24579, ended, ["2", "C:"], bitlocker.DRIVER)
    if not protected and done and not options.get("suspended"):
        write(BITLOCKER, 778, now - datetime.timedelta(hours=4), ["C:"])
    for protector in volume.protectors:
        if protector.type == "RecoveryPassword":
            escrow = options.get("escrow", "stored")
            if escrow in ("failed", "late"):
                write(BITLOCKER, 846, now - datetime.timedelta(days=2), ["C:", protector.id, signed(0x80072F9A)])
            if escrow in ("stored", "late"):
                write(BITLOCKER, 845, now - datetime.timedelta(days=1), ["C:", protector.id])


def _set_up_hello(device, options: dict[str, t.Any], tenant, sids: list[str]) -> None:
    if "source" in options:
        enabled, reset = int(options.get("enabled", True)), int(options.get("pin_reset", False))
        values = {"RequireSecurityDevice": 1, "EnablePinRecovery": reset}
        if options["source"] == "mdm":
            path = rf"{HELLO['mdm']}\{tenant.id}\Device\Policies"
            device.registry.set(path, {"UsePassportForWork": enabled, **values})
        else:
            device.registry.set(HELLO["group_policy"], {"Enabled": enabled, **values})
    for sid in sids if options.get("pins", True) else []:
        device.registry.set(rf"{PIN_PROVIDER}\{sid}", {"LogonCredsAvailable": 1})
    lacks = options.get("lacks")
    if lacks is not None:
        said = ["No" if point in lacks else "Yes" for point in POINTS]
        event = 360 if lacks else 358
        device.events.write(REGISTRATION, event, device.utc() - datetime.timedelta(hours=3), [*said, "No", "none"])


def _process_laps(device, options: dict[str, t.Any]) -> None:
    at = device.utc() - datetime.timedelta(hours=1)
    write, body = device.events.write, options.get("body", "none")
    write(LAPS, 10003, at)
    if options.get("ok", True):
        write(LAPS, 10029, at)
        write(LAPS, 10004, at)
        return
    if body != "none":
        code, message, subcode = _BODIES[body]
        error: dict[str, t.Any] = {"code": code, "message": message}
        if subcode:
            error["innererror"] = {"subcode": subcode}
        write(LAPS, 10059, at, ["400", json.dumps({"error": error})])
    write(LAPS, 10005, at, [f"{HTTP_400:08X}"])


def _update(device, options: dict[str, t.Any]) -> None:
    installed = device.utc() - datetime.timedelta(days=options.get("days", 12))
    device.events.write(
        SETUP, 2, installed, ["KB5068861", "5112", "Installed", "0x0", "UpdateAgentLCU"], "Microsoft-Windows-Servicing"
    )
    device.events.write(
        SETUP, 2, device.utc(), ["KB5066128", "5112", "Installed", "0x0", "CbsTask"], "Microsoft-Windows-Servicing"
    )
    if options.get("wsus"):
        scan = (
            {"SetPolicyDrivenUpdateSourceForQualityUpdates": options["scan_source"]} if "scan_source" in options else {}
        )
        device.registry.set(WSUS, {"WUServer": "http://wsus.contoso.example:8530", **scan})
        device.registry.set(rf"{WSUS}\AU", {"UseWUServer": 1})
    if options.get("off"):
        device.registry.set(rf"{WSUS}\AU", {"NoAutoUpdate": 1})
    if options.get("ring"):
        set_policy(device, "Update", {"DeferQualityUpdatesPeriodInDays": 7, "AllowAutoUpdate": 1})
        set_policy(device, "ControlPolicyConflict", {"MDMWinsOverGP": 1})
    if options.get("settings_restart"):
        device.registry.set(UPDATE_SETTINGS, {"RebootRequired": 1})


def _install_apps(device, options: dict[str, t.Any], users: list[dict]) -> None:
    apps = options.get("apps", [])
    if options.get("extension", bool(apps)):
        device.registry.set(rf"{SERVICES}\IntuneManagementExtension", {"Start": 2})
    for number, app in enumerate(apps):
        scope = users[0]["id"] if app.get("user") and users else NOBODY
        path = rf"{EXTENSION}\{scope}\{device.new_id(f'win32 app {number}')}"
        state, code = app["state"], app.get("code", 0)
        if state == "reinstalled":
            _write_app(device, f"{path}_1", "failed", 0x80070643)
            state = "installed"
        _write_app(device, f"{path}_2", state, code)


def _write_app(device, path: str, state: str, code: int) -> None:
    """The two messages of an app; 0x87d1fde8, "remediation failed", is a code, too, beside an app that is there."""
    there = {"installed": 1, "not_required": 2}.get(state, 2)
    compliance = {
        "ComplianceState": there,
        "DesiredState": 0 if state == "not_required" else 2,
        "ErrorCode": signed(code),
    }
    enforcement = {"installed": 1000, "in_progress": 2000, "failed": 5000, "not_required": 1000}[state]
    enforced = {"EnforcementState": enforcement, "ErrorCode": signed(code)}
    device.registry.set(rf"{path}\ComplianceStateMessage", {"ComplianceStateMessage": json.dumps(compliance)})
    device.registry.set(rf"{path}\EnforcementStateMessage", {"EnforcementStateMessage": json.dumps(enforced)})


def _manage(device, options: dict[str, t.Any]) -> None:
    device.registry.set(rf"{SERVICES}\CcmExec", {"Start": 2})
    values = {
        "AssignedSiteCode": options.get("site", "P01"),
        "ProductVersion": options.get("version", "5.00.9132.1000"),
    }
    device.registry.set(r"SOFTWARE\Microsoft\SMS\Mobile Client", values)

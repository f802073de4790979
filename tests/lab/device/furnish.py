# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ``build`` puts into a device beside its join: accounts, disks, network, WinRM, other MDMs."""

from __future__ import annotations

import typing as t

from . import autojoin, bitlocker, device_link, enrollment, icd, laps, mdm, network, recovery, security_key, winrm
from .accounts import Account, Member, entra_sid
from .images import CURRENT_VERSION
from .leaving import Leave
from .registry import Registry
from .wipe import Wipe

LOGIN = "ansible"
#: Long, because newer versions of ansible-core mask a secret wherever its text occurs.
PASSWORD = "Lab-only.Password-of-every-simulated-device.0451"
#: The agent of Azure Arc; public scripts read from its key whether there is one, and how it is connected.
ARC_AGENT = r"SOFTWARE\Microsoft\Azure Connected Machine Agent"
#: The client of Configuration Manager; current ones write 8193 where they are co-managed and no workload has moved.
CONFIGURATION_MANAGER = r"SOFTWARE\Microsoft\CCM"
#: What Windows Update is told by an MDM, hotpatches among it.
UPDATE_POLICY = r"SOFTWARE\Microsoft\PolicyManager\current\device\Update"
ENVIRONMENT = r"SYSTEM\CurrentControlSet\Control\Session Manager\Environment"
PROFILES = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList"
#: A domain that does not exist any more: nobody resolves its SIDs.
GONE_DOMAIN = "S-1-5-21-1004336348-1177238915-682003330"
DOMAIN = "S-1-5-21-2127521184-1604012920-1887927527"


def accounts(device, options: dict[str, t.Any], tenant) -> None:
    """``account``: what the inventory uses; ``local_administrators``: further ones; ``unresolvable``: members."""
    login = {"kind": "local", "administrator": True, "name": LOGIN, **options.get("account", {})}
    own = Account(login["name"], 1001, PASSWORD, administrator=login["administrator"])
    if login["kind"] != "local":
        own.kind, own.rid = login["kind"], 0
        own.foreign = entra_sid(tenant.object_id(f"user/{own.name}")) if own.kind == "entra" else f"{DOMAIN}-1105"
    device.login = own.name
    device.wow64_shell = options.get("wow64_shell", False)
    device.local_accounts = [
        Account("Administrator", 500, PASSWORD, enabled=False),
        own,
        Account("lab.user", 1002, PASSWORD, administrator=False),
    ]
    for number, given in enumerate(options.get("local_administrators", [])):
        device.local_accounts.append(Account(password=PASSWORD, rid=1003 + number, **given))
    for account in device.local_accounts[1:]:
        hive = Registry()
        hive.set(r"Control Panel\International", {"LocaleName": device.image.language})
        device.users[account.sid(device.machine_sid)] = hive
    for kind in options.get("unresolvable", []):
        device.members.append(
            Member(
                {
                    "entra": entra_sid(device.new_id("orphan")),
                    "domain": f"{GONE_DOMAIN}-512",
                    "local": f"{device.machine_sid}-1999",
                }[kind]
            )
        )
    if device.domain is not None:
        device.members.append(Member(f"{DOMAIN}-512", f"{device.domain.split('.')[0].upper()}\\Domain Admins"))
    if own.kind == "entra":
        device.registry.set(rf"{PROFILES}\{own.foreign}", {"ProfileImagePath": rf"C:\Users\{own.name}"})


def policy_account(device) -> None:
    """The account of the inventory on a device that has none, as a local administrator; see ``out_of_box``."""
    device.local_accounts = [
        Account("Administrator", 500, PASSWORD, enabled=False),
        Account(device.login, 1001, PASSWORD, administrator=True),
    ]
    for account in device.local_accounts[1:]:
        hive = Registry()
        hive.set(r"Control Panel\International", {"LocaleName": device.image.language})
        device.users[account.sid(device.machine_sid)] = hive


def hardware(device, options: dict[str, t.Any]) -> None:
    if options.get("arc"):
        device.registry.set(ARC_AGENT)
        device.registry.set(rf"{ARC_AGENT}\Config", {"Status": options["arc"]})
    if options.get("windows", {}).get("core"):
        device.registry.set(CURRENT_VERSION, {"InstallationType": "Server Core"})
    if "hotpatch" in options:
        device.registry.set(UPDATE_POLICY, {"AllowRebootlessUpdates": int(options["hotpatch"])})
    device.hardware.serial = options.get("serial", device.hardware.serial)
    device.hardware.manufacturer = options.get("manufacturer", device.hardware.manufacturer)
    device.hardware.model = options.get("model", device.hardware.model)
    device_link.furnish(device, options.get("device_link", "no_tool"), options.get("association_hints", []))
    icd.furnish(device, options.get("icd"), not options.get("windows", {}).get("core", False))
    if "architecture" in options:
        device.registry.set(ENVIRONMENT, {"PROCESSOR_ARCHITECTURE": options["architecture"]})
    device.hardware.hash = options.get("hardware_hash", device.hardware.hash)
    device.hardware.vbs = options.get("vbs", not device.image.server and device.image.build >= 22000)
    device.hardware.tpm = options.get("tpm", True)
    device.hardware.tpm_version = options.get("tpm_version", "2.0")
    device.hardware.tpm_ready = options.get("tpm_ready", True)
    device.hardware.tpm_fips = options.get("tpm_fips", False)
    device.hardware.power = options.get("power", device.hardware.power)
    recovery.furnish(device, options.get("recovery", "enabled"))
    device.wipe = Wipe(**options.get("wipe", {}))
    if "free_gb" in options:
        device.hardware.free_bytes = round(options["free_gb"] * 2**30)
    for given in options.get("bitlocker", [] if device.image.server else [{"protected": False}]):
        device.volumes.append(
            bitlocker.volume(
                device,
                given.get("mount_point", bitlocker.SYSTEM_DRIVE),
                given.get("protectors", []),
                given.get("protected", True),
            )
        )


def surroundings(device, options: dict[str, t.Any]) -> None:
    """Network, proxy, TLS, WinRM."""
    net = device.network
    for name in ("blocked", "blocked_for_system", "blocked_for_user", "unresolved", "inspected"):
        setattr(net, name, set(options.get(name, [])))
    if "proxy" in options:
        given = options["proxy"]
        net.set_proxy(network.Proxy(given["server"], tuple(given.get("bypass", [])), given.get("answers", True)))
    if "users_proxy" in options:
        net.set_users_proxy(options["users_proxy"])
    net.direct = options.get("direct", True)
    if not options.get("tls12", True):
        device.registry.set(network.SCHANNEL, {"Enabled": 0, "DisabledByDefault": 1})
    ways = options.get("winrm", {})
    net.category = winrm.CATEGORIES[ways.get("network", "domain" if device.domain else "private")]
    device.secure = ways.get("https")
    winrm.listen(device, ways.get("certificate", "valid"), ways.get("tls13", True))
    if "client_certificate" in ways:
        winrm.map_certificate(device, ways["client_certificate"])
    if "rules" in ways or "firewall_off" in ways:
        winrm.restrict(device, ways.get("rules", "all"), ways.get("firewall_off", []))


def management(device, options: dict[str, t.Any], tenants: dict) -> None:
    """Other enrollments and what stops any, how a leave goes, whether the hybrid auto-join was stopped before."""
    for given in options.get("enrollments", []):
        enrollment.add(
            device,
            given["provider"],
            given.get("state", 1),
            given.get("parts", list(enrollment.ALL_PARTS)),
            tenants[given["tenant"]].id if "tenant" in given else None,
            given.get("expired", False),
        )
    if "enrollment_values" in options:
        device.registry.set(mdm.ENROLLMENTS, options["enrollment_values"])
    if "co_management" in options:
        device.registry.set(CONFIGURATION_MANAGER, {"CoManagementFlags": options["co_management"]})
    device.mdm.baseline = tuple(options.get("baseline", []))
    device.mdm.record_user = options.get("record_user", "nobody")
    device.leave = Leave(**options.get("leave", {}))
    security_key.furnish(device, options.get("security_key", {}))
    if "laps" in options:
        laps.manage(device, options["laps"])
    if options.get("autojoin_stopped"):
        autojoin.stop(device)

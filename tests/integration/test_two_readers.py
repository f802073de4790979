# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One description of a Windows, two readers: the lab's Python and the collection's PowerShell give the same answers.

A difference is a fault of one of them.
"""

from __future__ import annotations

import asyncio
import typing as t
from pathlib import Path

import pytest

from tests.integration.two_readers import Pair, Worlds, differences
from tests.lab import ppkg
from tests.lab.commands.runner import vocabulary
from tests.lab.device.icd import FOLDERS
from tests.lab.powershell import real

pytestmark = pytest.mark.skipif(real.program() is None, reason="there is no PowerShell (pwsh) on PATH")

NOBODY = "00000000-0000-0000-0000-000000000000"
JOB = "0b7e5a52-1f2c-4f3a-9b57-2f1f3f1c9d10"
OWN = r"%ProgramData%\winops.entra"
BUILD = {
    "folder": rf"{OWN}\builds\x",
    "tool": r"C:\Nobody\ICD.exe",
    "stores": [],
    "customizations": "",
    "encrypted": False,
    "timeout": 60,
}
CLOUD = r"SYSTEM\CurrentControlSet\Control\CloudDomainJoin"
ENROLLMENTS = r"SOFTWARE\Microsoft\Enrollments"
BITLOCKER = r"root\cimv2\Security\MicrosoftVolumeEncryption"
HOSTS = ("login.microsoftonline.com", "enrollment.manage.microsoft.com", "nobody.invalid", "graph.microsoft.com")

ODD = {
    "local_administrators": [
        {"name": "locked", "locked": True},
        {"name": "stale", "password_expired": True},
        {"name": "ended", "expired": True},
        {"name": "off", "enabled": False},
    ],
    "unresolvable": ["entra", "domain", "local"],
    "bitlocker": [{"protectors": ["Tpm", "RecoveryPassword"]}, {"mount_point": "D:", "protected": False}],
    "proxy": {"server": "proxy.contoso.example:8080", "bypass": ["*.microsoft.com", "<local>"]},
    "policies": {"AllowAddProvisioningPackage": 0},
    "recovery": "disabled",
    "power": "battery",
    "icd": {"from": ["adk", "store"], "store": False},
    "pending_reboot": ["servicing", "update", "file_renames", "rename"],
}
CROWDED = {
    "domain": "corp.contoso.example",
    "join": {"type": "hybrid"},
    "mdm": "enrolled",
    "enrollments": [{"provider": "AirWatchMDM"}, {"provider": "Fleet", "state": 0, "parts": ["traces"]}],
    "windows": {"edition": "Enterprise", "language": "de-DE"},
    "recovery": "no_settings",
    "power": "none",
}
LOOKED_AT = [
    {"kind": "joined"},
    {"kind": "unjoined_pro", "name": "odd", "device": ODD},
    {"kind": "unjoined_pro", "name": "crowded", "device": CROWDED},
    {"kind": "registered"},
    {"kind": "already_installed"},
    {"kind": "azure_vm"},
    {"kind": "endpoint_blocked"},
    {"kind": "filtered_token"},
    {"kind": "packages_forbidden", "name": "failed-before", "device": {"earlier_failures": True, "tpm": False}},
]
CHANGED = [
    {"kind": "unjoined_pro", "name": "own-files"},
    {"kind": "unjoined_pro", "name": "builds", "device": {"icd": {}}},
    {"kind": "joined", "name": "leaves"},
    {"kind": "joined_stale_certificate", "name": "leaves-all"},
    {"kind": "unjoined_pro", "name": "crowded", "device": CROWDED},
    {"kind": "joined", "name": "is-reset", "device": {"wipe": {"ignored": True}}},
    {"kind": "joined", "name": "keeps-winre-off", "device": {"recovery": "disabled"}},
    {"kind": "unjoined_pro", "name": "joins"},
    {"kind": "expired_token", "name": "fails"},
    {"kind": "azure_vm"},
    {"kind": "unjoined_pro", "name": "works"},
]


def observing() -> list[dict[str, t.Any]]:
    """Questions to any device; what is not there, refused or wrong is among them."""
    return [
        *[
            {"op": "registry_read", "path": path, "depth": depth}
            for path, depth in (
                (r"SOFTWARE\Microsoft\Windows NT\CurrentVersion", 0),
                (r"software\MICROSOFT\enrollments", 2),
                (CLOUD, 3),
                (r"SYSTEM\CurrentControlSet", 9),
                (r"SOFTWARE\Policies", 9),
                (r"SOFTWARE\Microsoft\Provisioning", 9),
                (r"SOFTWARE\Nobody", 1),
                ("SECURITY", 0),
                (r"SAM\SAM\Domains", 0),
            )
        ],
        {"op": "registry_read", "path": r"SOFTWARE\Microsoft\Enrollments", "depth": 2, "having": "providerid"},
        {
            "op": "registry_read",
            "path": r"SOFTWARE\Microsoft\Windows NT\CurrentVersion",
            "depth": 1,
            "names": ["ubr", "EditionID", "Nobody"],
        },
        {
            "op": "registry_users_read",
            "path": r"SOFTWARE\Microsoft\Windows NT\CurrentVersion\WorkplaceJoin",
            "depth": 3,
        },
        {"op": "registry_users_read", "path": r"SOFTWARE\Nobody"},
        {"op": "certificates", "store": "my", "issuers": []},
        {"op": "certificates", "store": "My", "issuers": ["ms-organization-access", "intune"]},
        {"op": "certificates", "store": "Nobody", "issuers": []},
        {"op": "device_key_proof", "device_id": NOBODY, "nonce": "00"},
        {"op": "dsregcmd_status"},
        *[
            {"op": "cim_query", "class": name, "properties": properties, **more}
            for name, properties, more in (
                ("Win32_OperatingSystem", ["Caption", "buildnumber", "LastBootUpTime", "ProductType"], {}),
                ("Win32_ComputerSystem", ["Name", "Domain", "PartOfDomain", "UserName", "TotalPhysicalMemory"], {}),
                ("Win32_UserAccount", ["SID", "Disabled"], {"filter": "LocalAccount=TRUE and Disabled=TRUE"}),
                ("Win32_LogicalDisk", ["DeviceID", "FreeSpace"], {"filter": "DeviceID='c:'"}),
                ("win32_systemenclosure", ["ChassisTypes"], {}),
                (
                    "MDM_DevDetail_Ext01",
                    ["DeviceHardwareData", "ParentID"],
                    {"namespace": "root/cimv2/mdm/dmmap", "filter": "InstanceID='Ext' AND ParentID='./DevDetail'"},
                ),
                ("Win32_BIOS", ["Nobody"], {}),
                ("Win32_Nobody", ["Name"], {}),
                ("Win32_BIOS", ["SerialNumber"], {"namespace": "root/nobody"}),
                ("Win32_Tpm", ["SpecVersion"], {"namespace": "root/cimv2/Security/MicrosoftTpm"}),
                ("Win32_Battery", ["BatteryStatus"], {}),
                ("MSFT_Partition", ["Offset", "GptType"], {"namespace": "root/Microsoft/Windows/Storage"}),
                ("MDM_RemoteWipe", ["InstanceID"], {"namespace": "root/cimv2/mdm/dmmap"}),
                ("Win32_EncryptableVolume", ["DriveLetter", "ProtectionStatus"], {"namespace": BITLOCKER}),
            )
        ],
        *[
            {"op": "events", "log": log, "ids": ids, "limit": limit, **more}
            for log, ids, limit, more in (
                ("System", [], 5, {}),
                ("microsoft-windows-provisioning-diagnostics-provider/admin", [12, 20, 22], 2, {}),
                ("Microsoft-Windows-User Device Registration/Admin", [], 20, {"since": "2020-01-01T00:00:00.000Z"}),
                ("Microsoft-Windows-User Device Registration/Admin", [305], 20, {"since": "2099-01-01T00:00:00.000Z"}),
                ("Microsoft-Windows-User Device Registration/Admin", [105], 20, {"levels": [2, 3]}),
                ("Microsoft-Windows-Provisioning-Diagnostics-Provider/Admin", [], 20, {"levels": [2], "each": 1}),
                ("Microsoft-Windows-User Device Registration/Admin", [], 20, {"after": 1}),
                ("Microsoft-Windows-User Device Registration/Admin", [], 20, {"after": 5000000000}),
                ("Nobody/Admin", [1], 1, {}),
            )
        ],
        *[
            {"op": "scheduled_tasks", "folder": folder}
            for folder in (
                "\\",
                r"\Microsoft\Windows",
                r"\microsoft\windows\Workplace Join",
                r"\Microsoft\Windows\EnterpriseMgmt",
                r"\Microsoft\Windows\Management\Provisioning",
                r"\Nobody",
            )
        ],
        {"op": "icd_find"},
        {"op": "icd_find", "path": r"C:\Nobody\ICD.exe"},
        {"op": "icd_find", "path": "ICD.exe"},
        {"op": "provisioning_packages"},
        *[
            {"op": "path_info", "path": path, "hash": True}
            for path in (
                r"%windir%\System32\dsregcmd.exe",
                r"C:/windows/SYSTEM32\shutdown.exe",
                r"%windir%\System32\..\Temp",
                r"%ProgramData%\Microsoft\Provisioning\fleet.ppkg",
                r"C:\Nobody\file",
                r"%NOBODY%\file",
                "relative.txt",
            )
        ],
        {"op": "processes", "names": ["lsass.exe", "EXPLORER.EXE", "nobody.exe"]},
        {"op": "processes", "names": []},
        {"op": "job_status", "job": JOB},
        {"op": "job_status", "job": "no guid"},
        {"op": "local_administrators"},
        {"op": "bitlocker"},
        {"op": "volume_encryption"},
        {"op": "account_policy"},
        {"op": "recovery_environment"},
        {"op": "endpoints", "timeout": 30, "targets": endpoints()},
        {"op": "nobody_knows_this"},
    ]


def endpoints() -> list[dict[str, t.Any]]:
    targets = [{"name": host, "url": f"https://{host}/common/oauth2", "headers": {}} for host in HOSTS]
    discovery = "https://enterpriseregistration.windows.net/{}/discover?api-version=1.2"
    targets += [
        {"name": name, "url": discovery.format(name), "headers": {"Accept": "application/json"}}
        for name in ("contoso.example", "nobody.example")
    ]
    metadata = "http://169.254.169.254/metadata/identity/info?api-version=2018-02-01"
    return [*targets, {"name": "metadata", "url": metadata, "headers": {"Metadata": "true"}}]


def as_system() -> list[dict[str, t.Any]]:
    """What SYSTEM alone sees, or sees otherwise."""
    return [
        {"op": "registry_read", "path": "SECURITY"},
        {"op": "dsregcmd_status"},
        {"op": "bitlocker"},
        {"op": "volume_encryption"},
        {"op": "account_policy"},
        {"op": "endpoints", "timeout": 30, "targets": endpoints()},
    ]


def own_files() -> list[dict[str, t.Any]]:
    package = "https://packages.lab.example/fleet.ppkg"
    return [
        {"op": "directory_create", "path": rf"{OWN}\packages"},
        {"op": "directory_create", "path": r"c:\PROGRAMDATA\Winops.Entra\PACKAGES"},
        {"op": "directory_create", "path": OWN},
        {"op": "directory_create", "path": rf"{OWN}\packages\..\..\x"},
        {"op": "directory_create", "path": r"%windir%\Temp\x"},
        {"op": "download", "url": package, "path": rf"{OWN}\fetched\a.ppkg", "sha256": "0" * 64, "timeout": 60},
        {"op": "download", "url": "http://x/", "path": rf"{OWN}\fetched\a", "sha256": "0" * 64, "timeout": 60},
        {"op": "path_info", "path": rf"{OWN}\fetched\a.ppkg"},
        {"op": "path_remove", "path": rf"{OWN}\packages"},
        {"op": "path_remove", "path": rf"{OWN}\packages"},
        {"op": "path_remove", "path": r"%windir%\System32"},
        *[
            {"op": "file_part", "path": path, "offset": offset, "length": length}
            for path, offset, length in (
                (rf"{OWN}\nobody", 0, 1),
                (rf"{OWN}\nobody", -1, 1),
                (rf"{OWN}\nobody", 0, 720897),
                (r"%windir%\System32\dsregcmd.exe", 0, 1),
            )
        ],
        {"op": "icd_build", **BUILD},
        {"op": "hybrid_autojoin_stop"},
        {"op": "hybrid_autojoin_stop"},
        *[{"op": "fido_logon_policy", "enabled": enabled} for enabled in (False, True, True, False, False)],
        {"op": "mdm_auto_enroll", "credential": "user"},
        {"op": "dsregcmd_leave"},
        {"op": "enrollment_remove", "id": JOB, "provider": "MS DM Server", "unregister": False},
        {"op": "system_probe", "timeout": 60, "ops": [{"op": "restart"}]},
        {"op": "job_start", "job": "no guid", "ops": [], "time_limit": 60},
        {"op": "remote_wipe", "method": "doWipeMethod", "serial_number": "", "uuid": ""},
        {"op": "restart", "delay": 100000, "comment": 'two "readers"'},
        {"op": "restart", "delay": 100000, "comment": "again"},
    ]


def builds() -> list[dict[str, t.Any]]:
    """What is refused, and what cannot be run. ICD.exe itself runs nowhere here."""
    kit = FOLDERS["adk"]
    return [
        {"op": "icd_build", **BUILD},
        {"op": "icd_build", **BUILD, "tool": r"%windir%\System32\dsregcmd.exe"},
        {"op": "icd_build", **BUILD, "folder": r"%windir%\Temp\x"},
        {"op": "icd_build", **BUILD, "tool": rf"{kit}\ICD.exe", "stores": [r"C:\Nobody\x.dat"]},
        {"op": "icd_build", **BUILD, "tool": rf"{kit}\ICD.exe", "customizations": "?"},
        {"op": "file_part", "path": rf"{OWN}\builds\x", "offset": 0, "length": 9},
        {"op": "path_remove", "path": rf"{OWN}\builds\x"},
    ]


def jobs() -> list[dict[str, t.Any]]:
    look = {"op": "registry_read", "path": ENROLLMENTS}
    return [
        {"op": "system_probe", "timeout": 6000, "ops": [look, {"op": "path_info", "path": "relative"}]},
        {"op": "job_remove", "job": JOB},
        {"op": "job_status", "job": JOB},
        {"op": "device_link", "timeout": 30},
    ]


COMPARED = {
    *(asked["op"] for asked in observing()),
    *(asked["op"] for asked in [*as_system(), *own_files(), *jobs()]),
    *("package_install", "package_remove", "package_forget", "dsregcmd_azure_vm_join"),
}


def test_every_operation_of_the_vocabulary_is_compared() -> None:
    assert COMPARED - {"nobody_knows_this"} == set(vocabulary()["operations"])


def test_the_answers_are_the_same(tmp_path: Path) -> None:
    async def compare(worlds: Worlds) -> list[str]:
        found = []
        for pair in worlds.pairs():
            found += told(pair, await pair.answers(*observing(), *proofs(pair)))
            found += told(pair, await pair.answers(*as_system(), system=True))
        return found

    assert run(LOOKED_AT, tmp_path, compare) == []


def test_what_is_changed_is_the_same(tmp_path: Path) -> None:
    async def compare(worlds: Worlds) -> list[str]:
        pairs = {pair.python.name: pair for pair in worlds.pairs()}
        found = await change(pairs["own-files"], own_files())
        found += await change(pairs["builds"], builds(), system=True)
        found += await change(pairs["leaves"], [{"op": "dsregcmd_leave"}, {"op": "dsregcmd_status"}], system=True)
        found += await change(pairs["leaves-all"], leaves_with_all(pairs["leaves-all"]), system=True)
        found += await change(pairs["crowded"], removals(pairs["crowded"]), system=True)
        for name in ("is-reset", "keeps-winre-off"):
            found += await change(pairs[name], resets(pairs[name]), system=True)
        for name in ("joins", "fails"):
            found += await change(pairs[name], installs(pairs[name]), system=True)
        found += await change(pairs["azure-vm-01"], [{"op": "dsregcmd_azure_vm_join"}] * 2, system=True)
        return found + await change(pairs["works"], jobs())

    assert run(CHANGED, tmp_path, compare) == []


def proofs(pair: Pair) -> list[dict[str, t.Any]]:
    """Each device certificate's key signs, with its id in either case."""
    ids = [one.subject.removeprefix("CN=") for one in pair.python.certificates if one.key]
    return [
        {"op": "device_key_proof", "device_id": device_id, "nonce": "00ff"}
        for own in ids
        for device_id in (own, own.upper())
    ]


def leaves_with_all(pair: Pair) -> list[dict[str, t.Any]]:
    """A leave that takes all joins of a device along, and one that is told what is no join."""
    names = [name for place in ("JoinInfo", "TenantInfo") for name in pair.python.registry.subkeys(rf"{CLOUD}\{place}")]
    assert len(names) == 4
    return [
        {"op": "dsregcmd_leave", "stale": [*names, names[0][:39]]},
        {"op": "dsregcmd_leave", "stale": [name.lower() for name in names]},
        {"op": "dsregcmd_leave", "stale": names},
    ]


def removals(pair: Pair) -> list[dict[str, t.Any]]:
    """Every enrollment of a device, with and without what Windows says of it, then a new one."""
    providers = {
        name: pair.python.registry.get(rf"{ENROLLMENTS}\{name}", "ProviderID", "")
        for name in pair.python.registry.subkeys(ENROLLMENTS)
    }
    known = [(name, provider) for name, provider in sorted(providers.items()) if provider]
    return [
        {"op": "enrollment_remove", "id": known[0][0], "provider": "Nobody", "unregister": True},
        *[
            {"op": "enrollment_remove", "id": name.lower(), "provider": provider, "unregister": bool(number % 2)}
            for number, (name, provider) in enumerate(known)
        ],
        {"op": "mdm_auto_enroll", "credential": "device"},
        {"op": "mdm_auto_enroll", "credential": "nobody"},
        {"op": "hybrid_autojoin_stop"},
    ]


def resets(pair: Pair) -> list[dict[str, t.Any]]:
    """A reset of another device, one that Windows does not know, one that it refuses or accepts."""
    own = {"serial_number": pair.python.hardware.serial, "uuid": pair.python.hardware_uuid}
    return [
        {"op": "remote_wipe", "method": method, **own, **other}
        for method, other in (
            ("doWipeMethod", {"serial_number": own["serial_number"].lower()}),
            ("doWipeMethod", {"uuid": own["uuid"].lower()}),
            ("doWipeCloudMethod", {}),
            ("doWipePersistUserDataMethod", {}),
        )
    ]


def installs(pair: Pair) -> list[dict[str, t.Any]]:
    """A package that lies on the device, twice, and its removal."""
    label = Path(pair.python.variables["join_src"]).stem
    path = rf"C:\ProgramData\{label}.ppkg"
    data = pair.python.directory.web[f"https://packages.lab.example/{label}.ppkg"]
    package_id = "11111111-2222-3333-4444-555555555555"
    own = ppkg.inspect(data)["package_id"].strip("{}")
    for device in (pair.python, pair.powershell):
        device.files.write(path, data)
    return [
        {"op": "package_install", "path": r"C:\ProgramData\nobody.ppkg", "force": False},
        {"op": "package_install", "path": path, "force": False},
        {"op": "package_install", "path": path, "force": False},
        {"op": "provisioning_packages"},
        {"op": "package_remove", "id": package_id},
        {"op": "package_remove", "id": "no guid"},
        *[{"op": "package_forget", "id": forgotten} for forgotten in (package_id, own.upper(), own, own, "no guid")],
    ]


async def change(pair: Pair, operations: list[dict[str, t.Any]], system: bool = False) -> list[str]:
    """What is other in the answers, and in what has become of the two devices."""
    found = told(pair, await pair.answers(*operations, system=system))
    return found + [f"{pair.python.name} afterwards{text}" for text in differences(*pair.states())]


def told(pair: Pair, answers: list[tuple[dict, t.Any, t.Any]]) -> list[str]:
    return [f"{pair.python.name} {asked}{text}" for asked, one, two in answers for text in differences(one, two)]


def run(devices: list[dict], directory: Path, compare: t.Callable[[Worlds], t.Awaitable[list[str]]]) -> list[str]:
    async def main() -> list[str]:
        async with Worlds({"devices": devices}, directory) as worlds:
            return await compare(worlds)

    return asyncio.run(main())

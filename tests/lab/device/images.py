# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows as installed: what every device of one edition, build and language has in common, built once and shared."""

from __future__ import annotations

import dataclasses
import functools
import hashlib

from . import events, network, own_keys, recovery, security_key, winrm
from .files import Entry
from .provisioning import own_packages
from .provisioning.package import InstalledPackage
from .registry import Key, Registry


@dataclasses.dataclass(frozen=True)
class Edition:
    """One edition: the numbers are Win32_OperatingSystem.OperatingSystemSKU and ProductType."""

    id: str
    title: str
    sku: int
    server: bool = False
    home: bool = False
    multi_session: bool = False


EDITIONS = {
    edition.id: edition
    for edition in (
        Edition("Professional", "Pro", 48),
        Edition("ProfessionalWorkstation", "Pro for Workstations", 161),
        Edition("Enterprise", "Enterprise", 4),
        Edition("EnterpriseS", "Enterprise LTSC", 125),
        Edition("Education", "Education", 121),
        Edition("Core", "Home", 101, home=True),
        Edition("CoreSingleLanguage", "Home Single Language", 100, home=True),
        # Azure Virtual Desktop's: a client that many sign in to, whose ProductType says server.
        Edition("ServerRdsh", "Enterprise multi-session", 175, multi_session=True),
        Edition("ServerStandard", "Standard", 7, server=True),
        Edition("ServerDatacenter", "Datacenter", 8, server=True),
    )
}
CLIENT_VERSIONS = {
    14393: "1607",
    15063: "1703",
    16299: "1709",
    17134: "1803",
    17763: "1809",
    18362: "1903",
    18363: "1909",
    19041: "2004",
    19042: "20H2",
    19043: "21H1",
    19044: "21H2",
    19045: "22H2",
    22000: "21H2",
    22621: "22H2",
    22631: "23H2",
    26100: "24H2",
    26200: "25H2",
}
SERVER_VERSIONS = {14393: ("2016", "1607"), 17763: ("2019", "1809"), 20348: ("2022", "21H2"), 26100: ("2025", "24H2")}
LANGUAGES = {"en-US": 0x409, "it-IT": 0x410, "de-DE": 0x407, "fr-FR": 0x40C}
#: The OEM code page of each language: English ones are the United States'.
OEM_CODE_PAGES = {"en-US": "437", "it-IT": "850", "de-DE": "850", "fr-FR": "850"}

CURRENT_VERSION = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"
COMPUTER_NAME = r"SYSTEM\CurrentControlSet\Control\ComputerName"
TCPIP = r"SYSTEM\CurrentControlSet\Services\Tcpip\Parameters"
#: Subkeys of Enrollments that every Windows has and that are not enrollments.
ENROLLMENT_FOLDERS = ("Context", "Ownership", "Status", "ValidNodePaths")
#: Keys that every Windows has and under which enrollments leave keys of their own.
ENROLLMENT_PARENTS = (
    r"SOFTWARE\Microsoft\EnterpriseResourceManager\Tracked",
    r"SOFTWARE\Microsoft\PolicyManager\AdmxInstalled",
    r"SOFTWARE\Microsoft\PolicyManager\Providers",
    r"SOFTWARE\Microsoft\Provisioning\OMADM\Accounts",
    r"SOFTWARE\Microsoft\Provisioning\OMADM\Logger",
    r"SOFTWARE\Microsoft\Provisioning\OMADM\Sessions",
)
#: Keys that even an administrator cannot open; SYSTEM can.
SYSTEM_ONLY = ("SECURITY", r"SAM\SAM")
#: Tasks of every Windows in the folder Workplace Join, with their state.
WORKPLACE_TASKS = (("Automatic-Device-Join", "Ready"), ("Device-Sync", "Disabled"), ("Recovery-Check", "Disabled"))
#: Those of the provisioning engine, which enables the two that are off when it needs them.
PROVISIONING_TASKS = (("Cellular", "Ready"), ("Logon", "Ready"), ("Retry", "Disabled"), ("RunOnReboot", "Disabled"))
PROVISIONING_FOLDER = r"\Microsoft\Windows\Management\Provisioning"
SYSTEM32 = r"C:\Windows\System32"


@dataclasses.dataclass(frozen=True)
class Image:
    """A Windows installation that devices share. ``revision`` is the UBR, the number behind the build."""

    edition: Edition
    build: int
    revision: int
    language: str
    registry: Key
    files: dict[str, Entry]
    logs: tuple[str, ...]
    task_folders: frozenset[str]
    tasks: tuple[tuple[str, str, str], ...]
    packages: tuple[InstalledPackage, ...] = ()

    @property
    def server(self) -> bool:
        return self.edition.server

    @property
    def display_version(self) -> str:
        return SERVER_VERSIONS[self.build][1] if self.server else CLIENT_VERSIONS[self.build]

    @property
    def caption(self) -> str:
        """Win32_OperatingSystem.Caption."""
        if self.server:
            return f"Microsoft Windows Server {SERVER_VERSIONS[self.build][0]} {self.edition.title}"
        return f"Microsoft Windows {11 if self.build >= 22000 else 10} {self.edition.title}"


@functools.cache
def image(edition: str, build: str, language: str) -> Image:
    """The image of an edition id, a build like ``22631.4317`` and a language; KeyError, ValueError for unknown ones."""
    kind = EDITIONS[edition]
    number, _dot, revision = build.partition(".")
    known = SERVER_VERSIONS if kind.server else CLIENT_VERSIONS
    if int(number) not in known:
        raise ValueError(f"no {'server' if kind.server else 'client'} Windows has build {number}")
    LANGUAGES[language]
    folders = {r"\Microsoft\Windows\Workplace Join"}
    if not kind.server:
        folders |= {PROVISIONING_FOLDER, r"\Microsoft\Windows\EnterpriseMgmt"}
    packages = () if kind.server else own_packages.of_build(int(number))
    made = Image(
        kind,
        int(number),
        int(revision or 1),
        language,
        Registry().root,
        _files(kind, int(number)),
        _logs(int(number)),
        frozenset(folders),
        tuple((r"\Microsoft\Windows\Workplace Join", *task) for task in WORKPLACE_TASKS)
        + (() if kind.server else tuple((PROVISIONING_FOLDER, *task) for task in PROVISIONING_TASKS)),
        packages,
    )
    return dataclasses.replace(made, registry=_registry(made))


def _logs(build: int) -> tuple[str, ...]:
    """The channels: that of an MDM's sessions came with Windows 11 24H2, LAPS with the updates of April 2023."""
    core = (events.PROVISIONING, events.REGISTRATION, events.MDM, events.AAD, events.SYSTEM)
    return (*core, events.BITLOCKER, events.LAPS, events.SETUP, *((events.SYNC,) if build >= 26100 else ()))


def _product_key(edition: str, size: int) -> bytes:
    """What stands in the place of a product key: as long as Windows' own, the same on each device of an edition."""
    return hashlib.shake_128(f"product key of {edition}".encode()).digest(size)


def _registry(made: Image) -> Key:
    hive = Registry()
    version = {
        "ProductName": f"Windows Server {SERVER_VERSIONS[made.build][0]} {made.edition.title}"
        if made.server
        else f"Windows 10 {made.edition.title}",  # Windows 11 still says 10 here
        "EditionID": made.edition.id,
        "InstallationType": "Server" if made.server else "Client",
        "CurrentBuild": str(made.build),
        "CurrentBuildNumber": str(made.build),
        "UBR": made.revision,
        "BuildLabEx": f"{made.build}.1.amd64fre.lab_release.240331-1435",
        "CurrentVersion": "6.3",
        "CurrentMajorVersionNumber": 10,
        "CurrentMinorVersionNumber": 0,
        "ReleaseId": made.display_version if made.build < 19042 else "2009",
        "DigitalProductId": _product_key(made.edition.id, 164),
        "DigitalProductId4": _product_key(made.edition.id, 1272),
        "ProductId": "00330-80000-00000-AA123",
        "RegisteredOwner": "Lab",
        "RegisteredOrganization": "",
    }
    if made.build >= 19042:
        version["DisplayVersion"] = made.display_version
    hive.set(CURRENT_VERSION, version)
    hive.set(r"SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing", {"Version": "10.0"})
    hive.set(r"SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update")
    hive.set(
        r"SYSTEM\CurrentControlSet\Control\Session Manager",
        {"ProtectionMode": 1, "SETUPEXECUTE": [], "BootExecute": ["autocheck autochk *"]},
    )
    hive.set(
        r"SYSTEM\CurrentControlSet\Control\Session Manager\Environment",
        {"ComSpec": r"%SystemRoot%\system32\cmd.exe", "PROCESSOR_ARCHITECTURE": "AMD64", "OS": "Windows_NT"},
    )
    hive.set(r"SYSTEM\CurrentControlSet\Control\Nls\CodePage", {"ACP": "1252", "OEMCP": OEM_CODE_PAGES[made.language]})
    language = f"{LANGUAGES[made.language]:04x}"
    hive.set(r"SYSTEM\CurrentControlSet\Control\Nls\Language", {"Default": language, "InstallLanguage": language})
    hive.set(r"SYSTEM\CurrentControlSet\Control\CloudDomainJoin")
    hive.set(r"SYSTEM\CurrentControlSet\Services\Netlogon")
    hive.set(r"SOFTWARE\Microsoft\Provisioning\Results")
    for parent in (*ENROLLMENT_PARENTS, *SYSTEM_ONLY):
        hive.set(parent)
    hive.set(r"SOFTWARE\Microsoft\Provisioning\PackageInfo")
    # Windows' own packages have their checksums there, which the lab leaves out.
    hive.set(r"SOFTWARE\Microsoft\Multivariant\Status\CachedCRCs\RunTime")
    hive.set(r"SOFTWARE\Microsoft\Multivariant\UICC")
    hive.set(r"SOFTWARE\Microsoft\PolicyManager\current\device\Security", {"AllowAddProvisioningPackage": 1})
    hive.set(
        r"SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System",
        {"EnableLUA": 1, "LocalAccountTokenFilterPolicy": 1},
    )
    for folder in ENROLLMENT_FOLDERS:
        hive.set(rf"SOFTWARE\Microsoft\Enrollments\{folder}")
    own_keys.furnish(hive, made.build)
    own_packages.furnish(hive, made)
    if not made.server:
        security_key.in_image(hive, made.build)
    hive.set(network.WINHTTP, {"WinHttpSettings": network.direct_settings()})
    for path, values in winrm.image_values().items():
        hive.set(path, values)
    return hive.root


@functools.cache
def _files(edition: Edition, build: int) -> dict[str, Entry]:
    directories = [
        "C:\\",
        r"C:\Windows",
        SYSTEM32,
        r"C:\Windows\Temp",
        SYSTEM32 + r"\WindowsPowerShell",
        SYSTEM32 + r"\WindowsPowerShell\v1.0",
        r"C:\Program Files",
        r"C:\Program Files (x86)",
        r"C:\ProgramData",
        r"C:\ProgramData\Microsoft",
        r"C:\Users",
        r"C:\Users\Public",
    ]
    programs = [
        "cmd.exe",
        "dsregcmd.exe",
        "hostname.exe",
        "kernel32.dll",
        "shutdown.exe",
        "whoami.exe",
        r"WindowsPowerShell\v1.0\powershell.exe",
    ]
    if not edition.server:
        directories.append(r"C:\ProgramData\Microsoft\Provisioning")
        directories += [r"C:\Windows\Provisioning", own_packages.IN_IMAGE, recovery.FOLDER]
        programs += ["provtool.exe", "deviceenroller.exe"]
    entries = [Entry(path, None) for path in directories]
    entries += [Entry(rf"{SYSTEM32}\{name}", f"MZ {name} {build}".encode("ascii")) for name in programs]
    if not edition.server:
        entries.append(Entry(recovery.SETTINGS, recovery.settings_text(True, build).encode("utf-8")))
        entries += [Entry(package.path, b"MSWIM\0\0\0") for package in own_packages.of_build(build)]
    return {entry.path.lower(): entry for entry in entries}

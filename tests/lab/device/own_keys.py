# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys below Enrollments that no MDM has made: Windows' own on every PC, and one for each provisioning package.

A dump of a joined Windows 11 has 33 of them beside the enrollment; a Windows 10 has fewer. Ids of which a public text
speaks are those; the others, and most types, are ours. State 1 is what all are seen with.
"""

from __future__ import annotations

import uuid

from .registry import Registry

ENROLLMENTS = r"SOFTWARE\Microsoft\Enrollments"
POLICY_PROVIDERS = r"SOFTWARE\Microsoft\PolicyManager\Providers"
#: Values by package id: the id of the enrollment by which Windows knows whose a setting is.
OF_PACKAGES = r"SOFTWARE\Microsoft\Provisioning\Enrollments"
WINDOWS_11 = 22000
_NAMESPACE = uuid.UUID("5b0f7f3e-0f8e-4b52-9a53-77c1a4a1f0d2")
#: (id, EnrollmentType) on every PC.
_KNOWN = (
    ("1E05DD5D-A022-46C5-963C-B20DE341170F", 7),
    ("5281DB7A-989E-4CB9-A16F-6194722E17A8", 2),
    ("8D196D7F-3EEF-48AD-8BEA-BE749F12D3AD", 9),
    ("8FB7D64E-70FC-4F9D-89EE-D486817534DF", 10),
    ("99B095D8-5959-4820-BEA7-7448C8427B4E", 11),
    ("9AEC5BDA-1E87-46B3-BB96-1A01C606555E", 14),
    ("B0B9123D-7D7F-4C6B-9973-CECED46F2A09", 15),
    ("C5DC3753-B6C8-4057-B396-BF13D769311C", 16),
    ("EE4AAC98-C174-4941-82B1-D121E493E4FB", 17),
    ("18DCFFD4-37D6-4BC6-87E0-4266FDBB8E49", 19),
)
#: And on Windows 11.
_NEWER = (
    ("132979AB-E4E8-4B45-A24B-8813CB398907", 20),
    ("2648BF76-DA4B-409A-BFFA-6AF111C298A5", 21),
    ("84741AD0-B358-49A9-83F8-F7E20AE12B3A", 18),
    ("B04F44A4-B696-4B56-934A-C11667E944E4", 32),
)
#: ProviderIDs, with EnrollmentType, of no MDM: none of them stops an enrollment.
PROVIDERS = {
    "WMI_Bridge_Server": 12,
    "WMI_Bridge_SCCM_Server": 12,
    "Local_Management": 22,
    "Local Authority": 28,
    "Cloud Authority": 31,
    "Deploy Authority": 30,
    "SC Authority": 29,
    "MS Work Account": 23,
}
_ONLY_NEWER = ("Local Authority", "Cloud Authority", "Deploy Authority", "SC Authority", "MS Work Account")
#: Those that set policies, too.
_WITH_POLICIES = 4
#: How many there are on a Windows 11, without those of packages.
_ALL = 33


def of_windows(build: int) -> dict[str, dict]:
    """Windows' own keys: values by the key's name."""
    newer = build >= WINDOWS_11
    found: dict[str, dict] = {
        name: {"EnrollmentState": 1, "EnrollmentType": kind} for name, kind in _KNOWN + (_NEWER if newer else ())
    }
    for provider, kind in PROVIDERS.items():
        if newer or provider not in _ONLY_NEWER:
            found[_made(provider)] = {"EnrollmentState": 1, "EnrollmentType": kind, "ProviderID": provider}
    while newer and len(found) < _ALL:
        found[_made(f"number {len(found)}")] = {"EnrollmentState": 1, "EnrollmentType": 40 + len(found)}
    return found


def furnish(registry: Registry, build: int) -> None:
    """Put Windows' own keys into a hive."""
    for number, (name, values) in enumerate(of_windows(build).items()):
        registry.set(rf"{ENROLLMENTS}\{name}", values)
        if number < _WITH_POLICIES:
            registry.set(rf"{POLICY_PROVIDERS}\{name}")


def enroll_package(registry: Registry, package_id: str, with_provider: bool) -> None:
    """What the engine makes before it applies a package. ``with_provider``: whether its key has a ProviderID is not
    known."""
    name = _made(package_id)
    registry.set(OF_PACKAGES, {package_id: name})
    registry.set(rf"{ENROLLMENTS}\{name}", {"EnrollmentState": 1, "EnrollmentType": 8})
    if with_provider:
        registry.set(rf"{ENROLLMENTS}\{name}", {"ProviderID": package_id})


def unenroll_package(registry: Registry, package_id: str) -> None:
    name = registry.get(OF_PACKAGES, package_id)
    if isinstance(name, str):
        registry.delete(rf"{ENROLLMENTS}\{name}")
        registry.delete_value(OF_PACKAGES, package_id)


def names(device) -> set[str]:
    """The names of all these keys on one device."""
    packages = device.registry.tree(OF_PACKAGES, 0)
    return {*of_windows(device.image.build), *(packages["values"].values() if packages else ())}


def _made(what: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, what)).upper()

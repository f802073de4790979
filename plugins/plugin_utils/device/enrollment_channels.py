# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Through what a key below Enrollments is managed: Intune, another MDM, or nothing but Windows itself.

A PC that never saw an MDM has about thirty such keys, several with a provider and EnrollmentState 1 (public dumps), and
one more for each provisioning package, by which the engine knows whose a setting is
(``Provisioning\\Enrollments`` names them: package id, enrollment id; public analysis of provops.dll).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import urllib.parse

from . import windows_own
from .reading import Key, Names, plain_id

# The ProviderID that Intune enrolls with, and the one of the channel beside it (MMP-C, declared configuration), which
# Windows holds as the child of Intune's. Alone it manages nothing that an administrator sees, and stops the next
# enrollment.
INTUNE_PROVIDER = "MS DM Server"
MMPC_PROVIDER = "Microsoft Device Management"
MMPC_HOSTS = ("dm.microsoft.com", "dm-beta.microsoft.com")
INTUNE, MMPC, CONFIGURATION_MANAGER, LOCAL, OTHER = "intune", "mmpc", "configuration_manager", "local", "other"
OF_PACKAGE = "package"
DISCOVERY_URL = "DiscoveryServiceFullURL"
# What an MDM leaves in the key of its enrollment, at least one of them: Windows' own keys have none.
MARKS = (DISCOVERY_URL, "AADTenantID", "DMPCertThumbPrint", "UPN")


def channel(provider: str, discovery_url: str | None) -> str:
    """Through what an enrollment is managed, by its ProviderID first: ``intune``, ``mmpc``, ``configuration_manager``,
    ``local`` (Windows itself), or ``other``, another MDM."""
    name = provider.strip().lower()
    if name == INTUNE_PROVIDER.lower():
        return INTUNE
    if name == MMPC_PROVIDER.lower() or _is_of(discovery_url, MMPC_HOSTS):
        return MMPC
    return windows_own.enrollment_channel(name) or OTHER


def channel_of(enrollment_id: str, values: Names, discovery_url: str | None, packages: set[str] | None) -> str | None:
    """The channel of one key: as channel(), or ``package`` for that of a provisioning package.

    ``packages`` are the ids of the packages' own enrollments, None where they were refused: then None for a key that
    may be one of them.
    """
    found = channel(str(values["ProviderID"]), discovery_url)
    if found != OTHER:
        return found
    if packages and enrollment_id in packages:
        return OF_PACKAGE
    if enrollment_id in windows_own.ENROLLMENT_IDS or not any(name in values for name in MARKS):
        return LOCAL
    return None if packages is None and not any(name in values for name in MARKS[:2]) else OTHER


def enrollments_of_packages(root: Key) -> set[str]:
    """The ids of the packages' own enrollments, by the key Provisioning\\Enrollments. Raises Refused."""
    return {plain_id(value) for value in root.values.values() if isinstance(value, str)}


def _is_of(url: str | None, domains: tuple[str, ...]) -> bool:
    host = host_of(url)
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


def host_of(url: str | None) -> str:
    """The host that an address names, the empty text where it names none."""
    try:
        return (urllib.parse.urlsplit(url or "").hostname or "").lower()
    except ValueError:
        return ""

# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host has to build packages with: ICD.exe of the ADK or of the Store app, and the settings that it knows.

Sources: Microsoft, "Windows Configuration Designer command-line interface" (switches, settings stores) and "Install
Windows Configuration Designer" (systems: x86 and amd64).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import ntpath
import re
import typing as t

from ...result import Failure
from .. import operations as op
from ..answers import Answer
from ..reading import FULL_TOKEN, STATE_UNREADABLE, Unreadable, known
from .build_order import BuildOrder

COMMAND_LINE_DOC = "https://learn.microsoft.com/windows/configuration/provisioning-packages/provisioning-command-line"
INSTALL_DOC = "https://learn.microsoft.com/windows/configuration/provisioning-packages/provisioning-install-icd"
ENVIRONMENT_KEY = r"SYSTEM\CurrentControlSet\Control\Session Manager\Environment"
BUILT_FOR = ("amd64", "x86")
#: Windows 10 version 1703: the first that is called Windows Configuration Designer. Older ones made other packages.
LEAST_BUILD = 15063
DESKTOP_STORE = "Microsoft-Desktop-Provisioning.dat"
INSTALL = (
    "install Windows Configuration Designer on the host: with the Windows ADK (adksetup.exe /quiet /features "
    "OptionId.ImagingAndConfigurationDesigner) or from the Microsoft Store"
)
_BUILD = re.compile(r"10\.0\.([0-9]{1,6})\.[0-9]{1,6}")


@dataclasses.dataclass(frozen=True)
class Icd:
    """An ICD.exe: ``source`` is adk, store (the app of the Microsoft Store) or path (given by the task)."""

    source: str
    path: str
    stores: tuple[str, ...]
    version: str | None

    def told(self) -> dict[str, t.Any]:
        """As results have it."""
        return {"version": self.version, "path": self.path, "origin": self.source}


def observations(order: BuildOrder) -> dict[str, dict]:
    """What must be known of a host before it builds."""
    stores = {f"store {number}": op.path_info(path) for number, path in enumerate(order.store_file or ())}
    environment = op.registry_read(ENVIRONMENT_KEY, names=("PROCESSOR_ARCHITECTURE",))
    return {"icd": op.icd_find(order.icd_path), "environment": environment, **stores}


def chosen(look: Answer, order: BuildOrder) -> Icd:
    """The ICD.exe that builds. Raises Failure where the host cannot."""
    architecture = known(lambda: look["environment"].key().text("PROCESSOR_ARCHITECTURE"))
    if architecture and architecture.lower() not in BUILT_FOR:
        raise _unfit(
            "build_host_unsupported",
            f"the host's processor is {architecture}, and Windows Configuration Designer is for amd64 and x86",
            "build on a host with Windows for amd64",
        )
    try:
        tools, apps = look["icd"]["tools"], look["icd"]["apps"]
    except Unreadable as exc:
        raise _unfit(STATE_UNREADABLE, f"nobody can tell where ICD.exe is: {exc}", FULL_TOKEN) from exc
    if not tools and order.icd_path:
        raise _unfit("icd_not_found", f"there is no {order.icd_path} on the host", "correct icd_path, or leave it out")
    if not tools:
        also = "" if apps else " (it does not say which Store apps it has)"
        raise _unfit("icd_not_found", f"the host has no Windows Configuration Designer, ICD.exe{also}", INSTALL)
    young = [tool for tool in tools if not _is_old(tool["version"])]
    if not young:
        said = ", ".join(f"{tool['path']} is {tool['version']}" for tool in tools)
        fix = f"{INSTALL}, in a version of 10.0.{LEAST_BUILD} or later"
        raise _unfit("icd_too_old", f"Windows Configuration Designer on the host is too old: {said}", fix)
    if order.store_file:
        tool, stores = young[0], _given_stores(look, order.store_file)
    else:
        tool = next((tool for tool in young if tool["store"]), None)
        if tool is None:
            raise _unfit(
                "icd_store_missing",
                f"{DESKTOP_STORE} is not beside {young[0]['path']}: without it ICD.exe knows only the settings that "
                "all Windows have in common",
                "repair Windows Configuration Designer, or name the file in store_file",
            )
        stores = (tool["store"],)
    return Icd(tool["source"], tool["path"], stores, tool["version"])


def _given_stores(look: Answer, paths: t.Sequence[str]) -> tuple[str, ...]:
    for number, path in enumerate(paths):
        try:
            found = look[f"store {number}"]["exists"] and not look[f"store {number}"]["directory"]
        except Unreadable as exc:
            raise _unfit(STATE_UNREADABLE, f"nobody can tell of {ntpath.basename(path)}: {exc}", FULL_TOKEN) from exc
        if not found:
            raise _unfit("icd_store_missing", f"there is no settings store {path} on the host", "correct store_file")
    return tuple(paths)


def _is_old(version: str | None) -> bool:
    match = _BUILD.fullmatch(version or "")
    return match is not None and int(match[1]) < LEAST_BUILD


def _unfit(name: str, cause: str, fix: str) -> Failure:
    return Failure(
        f"the host cannot build the package: {cause}; {fix}",
        side="device",
        name=name,
        cause=cause,
        fix=fix,
        doc=INSTALL_DOC,
    )

# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of enrollment_remove: whose a certificate is before it is deleted, and parts that are not there."""

from __future__ import annotations

import typing as t
from pathlib import Path

import stand_ins

from .base import Case, variant
from .names import BORROWED, ENROLLED, ENROLLMENTS, FOREIGN, STUCK, TASK_FOLDER
from .windows import Document, certificate

INTUNE, OTHER, JOIN = "CN=Microsoft Intune MDM Device CA", "CN=Another CA", "CN=MS-Organization-Access"
MINE = "Cert:\\LocalMachine\\My\\"


def remove(id: str, provider: str, holds: t.Callable[[t.Any], bool] = lambda value: True, **more: t.Any) -> Case:
    return Case("enrollment_remove", {"id": id, "provider": provider, "unregister": False}, holds, **more)


def certificates(scratch: Path) -> set[str]:
    """What is in the store in the end, by the first two characters of the thumbprint."""
    return {one["thumbprint"][:2] for one in stand_ins.read(scratch)["certificates"]["My"]["certificates"]}


def whose(_scratch: Path) -> list[Case]:
    """Three enrollments, and a certificate for each."""
    return [
        remove(ENROLLED, "MS DM Server", lambda v: MINE + "AB" * 20 in v["removed"]),
        remove(BORROWED, "MS DM Server", lambda v: not any("Cert:" in name for name in v["removed"])),
        remove(FOREIGN, "Another MDM", lambda v: MINE + "CD" * 20 in v["removed"]),
        Case(
            "certificates",
            {"store": "My", "issuers": []},
            # BB is Intune's, too, and no enrollment names it; EE is named by one of Intune's, and of another authority.
            lambda v: {one["thumbprint"][:2] for one in v["certificates"]} == {"AA", "BB", "EE"},
        ),
    ]


def only_the_join(_scratch: Path) -> list[Case]:
    """Another provider's enrollment that names the certificate of the join."""
    return [remove(FOREIGN, "Another MDM", lambda v: not any("Cert:" in name for name in v["removed"]))]


def shared(_scratch: Path) -> list[Case]:
    """Two enrollments name the same certificate: neither takes it from the other."""
    return [
        remove(
            ENROLLED,
            "MS DM Server",
            lambda v: len(v["removed"]) == 5 and not any("Cert:" in name for name in v["removed"]),
        )
    ]


def of_three(document: Document) -> None:
    document["certificates"]["My"]["certificates"] = [
        certificate("AA" * 20, "CN=device", JOIN),
        certificate("BB" * 20, "CN=older", INTUNE),
        certificate("AB" * 20, "CN=mdm", INTUNE),
        certificate("CD" * 20, "CN=other", OTHER),
        certificate("EE" * 20, "CN=borrowed", OTHER),
    ]


def name_certificate(document: Document, id: str, thumbprint: str) -> None:
    keys = document["registry"]["HKLM"]["keys"]["SOFTWARE"]["keys"]["Microsoft"]["keys"]["Enrollments"]["keys"]
    keys[id]["values"]["DMPCertThumbPrint"] = ["REG_SZ", thumbprint]


def of_the_join(document: Document) -> None:
    document["certificates"]["My"]["certificates"] = [certificate("CD" * 20, "CN=device", JOIN)]


def named_twice(document: Document) -> None:
    name_certificate(document, STUCK, "AB" * 20)


def none_left(keep: set[str]) -> t.Callable[[Path], str]:
    """What is wrong with the store in the end."""
    return lambda scratch: "" if certificates(scratch) == keep else f"there is {certificates(scratch)}"


def nothing_there(_scratch: Path) -> list[Case]:
    """No enrollments at all."""
    return [remove(ENROLLED, "MS DM Server", lambda v: v == {"removed": [], "unregistered": None})]


def no_tasks(_scratch: Path) -> list[Case]:
    """The enrollment has no tasks, and Windows no folder for them."""
    return [
        remove(
            ENROLLED,
            "MS DM Server",
            lambda v: len(v["removed"]) == 5 and not any(TASK_FOLDER in name for name in v["removed"]),
        )
    ]


def denied(_scratch: Path) -> list[Case]:
    """Tasks that nobody may see are not absent: nothing is removed."""
    return [
        remove(ENROLLED, "MS DM Server", error="UnauthorizedAccessException"),
        Case("registry_read", {"path": f"{ENROLLMENTS}\\{ENROLLED}"}, lambda v: v["exists"]),
    ]


def gone_already(_scratch: Path) -> list[Case]:
    """With the tasks Windows takes a key away that was to be removed next."""
    return [remove(ENROLLED, "MS DM Server", lambda v: "error" not in v and len(v["removed"]) == 6)]


def without_enrollments(document: Document) -> None:
    del document["registry"]["HKLM"]["keys"]["SOFTWARE"]["keys"]["Microsoft"]["keys"]["Enrollments"]


def without_tasks(document: Document) -> None:
    document["tasks"] = {path: one for path, one in document["tasks"].items() if not path.startswith(TASK_FOLDER)}


def closed_tasks(document: Document) -> None:
    document["tasks"][TASK_FOLDER]["closed"] = "all"


def taken_along(document: Document) -> None:
    document["tasks"][f"{TASK_FOLDER}\\{ENROLLED}"]["removes"] = [f"HKLM\\{ENROLLMENTS}\\Status\\{ENROLLED}"]


def unregistered(holds: t.Callable[[t.Any], bool]) -> Case:
    ask = {"id": ENROLLED, "provider": "MS DM Server", "unregister": True}
    return Case("enrollment_remove", ask, lambda v: v["unregistered"] is False and len(v["removed"]) == 6 and holds(v))


def compiled(_scratch: Path) -> list[Case]:
    """A process of its own compiles the call of Windows' own function, and ends where there is no such library."""
    return [unregistered(lambda v: v["error"]["type"].endswith("COMException") and v["error"]["hresult"] is None)]


def compiling(document: Document) -> None:
    document["programs"].insert(0, {"program": "powershell.exe", "arguments": ""})


def late(_scratch: Path) -> list[Case]:
    """An unregistration that does not come back is ended, and the rest is removed."""
    return [
        unregistered(
            lambda v: v["error"]["type"].endswith("TimeoutException") and v["error"]["message"].endswith("(120 s)")
        )
    ]


def hanging(document: Document) -> None:
    error = {"type": "TimeoutException", "message": "It hangs"}
    rule = {"program": "UnregisterDeviceWithManagement", "arguments": "*", "error": error}
    document["programs"].insert(0, rule)


def with_code(_scratch: Path) -> list[Case]:
    """It may return a code although it worked."""
    return [unregistered(lambda v: v["error"]["hresult"] == -2147467259)]


def returning(document: Document) -> None:
    error = {"type": "COMException", "message": "Failed", "hresult": -2147467259}
    removes = [f"HKLM\\{ENROLLMENTS}\\{ENROLLED}"]
    rule = {"program": "UnregisterDeviceWithManagement", "arguments": "*", "error": error, "removes": removes}
    document["programs"].insert(0, rule)


SCENES = [
    variant("whose certificate", whose, change=of_three, after=none_left({"AA", "BB", "EE"})),
    variant("certificate of the join", only_the_join, change=of_the_join, after=none_left({"CD"})),
    variant("certificate of two", shared, change=named_twice, after=none_left({"AA", "AB", "CD", "EE"})),
    variant("no enrollments", nothing_there, change=without_enrollments),
    variant("enrollment, no tasks", no_tasks, change=without_tasks),
    variant("enrollment, denied", denied, change=closed_tasks),
    variant("enrollment, gone already", gone_already, change=taken_along),
    variant("enrollment, compiled", compiled, change=compiling),
    variant("enrollment, hangs", late, change=hanging),
    variant("enrollment, returns a code", with_code, change=returning),
]

# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of the build of a package by ICD.exe: where it is found, what it is given, what stays of it; and file_part."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import threading
from pathlib import Path

with contextlib.suppress(ImportError):
    import fcntl

from . import windows
from .base import Case, Scene, own_paths, variant

STORE = "Microsoft-Desktop-Provisioning.dat"
XML = b"\xef\xbb\xbf<WindowsCustomizations/>"
KIT = ("Kits", "Assessment and Deployment Kit", "Imaging and Configuration Designer", "x86")
DOCUMENTS = ("SysWOW64", "config", "systemprofile", "Documents")
WICD = "Windows Imaging and Configuration Designer (WICD)"
LARGEST = 720896
HELD: list = []
"""Files that are held open while a scene is played."""
FAILED_CODE = 7
LONG, SHOWN = 30000, 20000
"""Characters that a failing run prints, and those of which are kept."""
# What ICD.exe is given stands in its output; what it leaves behind is as it leaves it.
ICD = f"""
echo "$@"
xml="${{2#/CustomizationXML:}}"; out="${{3#/PackagePath:}}"; dat="${{4#/StoreFile:}}"
[ "$WINOPS_PROOF_ODD" = hangs ] && exec sleep 100
grep -q WindowsCustomizations "$xml" && grep -q settings "${{dat%%,*}}" && grep -q more "${{dat##*,}}" || exit 9
[ -d "$TEMP" ] && [ "$TMP" = "$TEMP" ] && [ "$(dirname "$TEMP")" = "$(dirname "$xml")" ] || exit 8
echo secret > "$TEMP/left"; echo secret > "${{dat%%,*}}.LOG1"
logs="$WINOPS_PROOF/{"/".join(DOCUMENTS)}/{WICD}/Common"
mkdir -p "$logs/deep"; echo secret > "$logs/deep/new.log"
[ "$WINOPS_PROOF_ODD" = fails ] && {{ printf 'x%.0s' $(seq {LONG}); echo "ICD.exe : ERROR: no"; exit {FAILED_CODE}; }}
printf package > "$out"; printf cat > "${{out%.ppkg}}.cat"
[ "$6" = +Encrypted ] && echo "Password: 1234"
exit 0
"""


def lay_out(scratch: Path, store: bool = True) -> None:
    """Both ICD.exe, a log of an earlier run, and what an interrupted build has left."""
    for folder in (scratch.joinpath(*KIT), scratch / "app" / "icd", scratch / "older" / "icd"):
        folder.mkdir(parents=True)
        (folder / "ICD.exe").write_text("MZ ICD.exe 10.0.26100.1", encoding="ascii")
        if store:
            (folder / STORE).write_text("settings", encoding="ascii")
            (folder / STORE).chmod(0o444)
            (folder / "More.dat").write_text("more", encoding="ascii")
    program = scratch / "native" / "ICD.exe"
    program.write_text(f"#!/bin/sh\n{ICD}", encoding="ascii")
    program.chmod(0o755)
    logs = scratch.joinpath(*DOCUMENTS, WICD, "Common")
    logs.mkdir(parents=True)
    (logs / "old.log").write_text("earlier", encoding="ascii")
    build = scratch / "ProgramData" / "winops.entra" / "builds"
    for folder in (build, build / "b", build / "b" / "files", build / "b" / "files" / "0"):
        folder.mkdir(mode=0o700)
    (build / "b" / "files" / "0" / "setup.cmd").write_bytes(b"secret")
    (build.parent / "icd.turn").write_bytes(b"left")


def kit(document: windows.Document) -> None:
    """The registry's and the Store's word for where they are."""
    scratch = document["environment"]["winops_proof"]
    machine, key = document["registry"]["HKLM"], r"Microsoft\Windows Kits\Installed Roots"
    windows.put(machine, rf"SOFTWARE\WOW6432Node\{key}", {"KitsRoot81": ["REG_SZ", f"{scratch}/8.1/"]})
    windows.put(machine, rf"SOFTWARE\{key}", {"KitsRoot10": ["REG_SZ", f"{scratch}/Kits/"]})
    document["apps"] = [
        {"name": "Microsoft.WindowsConfigurationDesigner", "version": "9.9.0.0", "place": f"{scratch}/older"},
        {"name": "Microsoft.WindowsConfigurationDesigner", "version": "10.5.0.0", "place": None},
        {"name": "Microsoft.WindowsConfigurationDesigner", "version": "10.4.0.0", "place": f"{scratch}/gone"},
        {"name": "Microsoft.WindowsConfigurationDesigner", "version": "10.3.0.0", "place": f"{scratch}/app"},
        {"name": "Microsoft.Another", "version": "99.0.0.0", "place": f"{scratch}/app"},
    ]


def without_apps(document: windows.Document) -> None:
    """A server without Store apps and without an ADK."""
    document["apps"] = None


def find(scratch: Path) -> list[Case]:
    places = {"adk": scratch.joinpath(*KIT), "store": scratch / "app" / "icd"}
    found = [
        {"source": source, "path": str(place / "ICD.exe"), "store": str(place / STORE), "version": "10.0.26100.1"}
        for source, place in places.items()
    ]
    given = {**found[1], "source": "path"}
    return [
        Case("icd_find", {}, lambda v: v == {"tools": found, "apps": True}),
        Case("icd_find", {"path": found[1]["path"]}, lambda v: v == {"tools": [given], "apps": True}),
        Case("icd_find", {"path": str(scratch / "ICD.exe")}, lambda v: v == {"tools": [], "apps": True}),
    ]


def find_none(_scratch: Path) -> list[Case]:
    return [Case("icd_find", {}, lambda v: v == {"tools": [], "apps": False})]


def asked(scratch: Path, **more) -> dict:
    place = scratch.joinpath(*KIT)
    build = {"folder": own_paths(scratch)("builds", "b"), "tool": str(place / "ICD.exe"), "timeout": 60}
    build |= {"stores": [str(place / STORE), str(place / "More.dat")], "encrypted": False}
    return {**build, "customizations": base64.b64encode(XML).decode(), **more}


def files(*names: str) -> list[dict]:
    contents = {".ppkg": b"package", ".cat": b"cat"}
    return [
        {"name": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in ((name, contents[name[name.index(".") :]]) for name in names)
    ]


def ran(folder: str, name: str) -> str:
    """What the program prints of its command line; a shell has taken the quotes away."""
    parts = (("CustomizationXML", "customizations.xml"), ("PackagePath", f"{name}.ppkg"), ("StoreFile", "store0.dat"))
    given = " ".join(f"/{switch}:{Path(folder, file)}" for switch, file in parts)
    given += f",{Path(folder, 'store1.dat')}"
    return f"/Build-ProvisioningPackage {given} +Overwrite"


def built(value: dict, scratch: Path, *names: str) -> bool:
    """What every build that went well says."""
    folder = asked(scratch)["folder"]
    expected = [f"{name}.{kind}" for name in names for kind in ("cat", "ppkg")]
    return (
        [run["exit_code"] for run in value["runs"]] == [0] * len(names)
        and all(run["text"].startswith(ran(folder, name)) for run, name in zip(value["runs"], names, strict=True))
        and sorted(value["files"], key=lambda one: one["name"]) == sorted(files(*expected), key=lambda one: one["name"])
        and (value["left"], value["error"]["type"]) == ([], None)
    )


def build(scratch: Path) -> list[Case]:
    package = own_paths(scratch)("builds", "b", "package.ppkg")
    turn = {"size": 4, "content": base64.b64encode(b"ef").decode()}
    return [
        # What it has read it lets go of: the build needs that file for itself.
        Case("file_part", {"path": own_paths(scratch)("icd.turn"), "offset": 1, "length": 2}, lambda v: v == turn),
        Case("icd_build", asked(scratch), lambda v: built(v, scratch, "package")),
        Case("icd_build", asked(scratch, encrypted=True), lambda v: built(v, scratch, "package", "encrypted")),
        Case(
            "icd_build",
            asked(scratch, tool=str(scratch / "ICD.exe")),
            lambda v: v["error"]["type"].endswith("FileNotFoundException") and v["runs"] == [],
        ),
        Case(
            "icd_build",
            asked(scratch, stores=[str(scratch / "nobody.dat")]),
            lambda v: v["error"]["type"].endswith("FileNotFoundException") and v["runs"] == [],
        ),
        Case("icd_build", asked(scratch, tool=str(scratch / "cmd.exe")), error="UnauthorizedAccessException"),
        Case(
            "icd_build",
            asked(scratch, folder=own_paths(scratch)("builds", "new")),
            lambda v: len(v["files"]) == 2 and v["error"]["type"] is None,
        ),
        Case("path_remove", {"path": own_paths(scratch)("builds", "new")}, lambda v: v["removed"]),
        Case("icd_build", asked(scratch, folder=str(scratch / "x")), error="UnauthorizedAccessException"),
        Case("icd_build", asked(scratch, customizations="?"), lambda v: v["error"]["type"].endswith("FormatException")),
        Case("file_part", {"path": package, "offset": 0, "length": 4}, lambda v: v == part(b"pack")),
        Case("file_part", {"path": package, "offset": 4, "length": LARGEST}, lambda v: v == part(b"age")),
        Case("file_part", {"path": package, "offset": 7, "length": 4}, lambda v: v == part(b"")),
        Case("file_part", {"path": package, "offset": 9, "length": 4}, lambda v: v == part(b"")),
        *[
            Case("file_part", {"path": package, "offset": offset, "length": length}, error="ArgumentException")
            for offset, length in ((-1, 4), (0, 0), (0, LARGEST + 1))
        ],
        Case("file_part", {"path": f"{package}x", "offset": 0, "length": 4}, error="FileNotFoundException"),
        Case(
            "file_part",
            {"path": str(scratch / "outside.txt"), "offset": 0, "length": 4},
            error="UnauthorizedAccessException",
        ),
    ]


def part(content: bytes) -> dict:
    return {"size": len(b"package"), "content": base64.b64encode(content).decode()}


def failing(scratch: Path) -> list[Case]:
    return [
        Case(
            "icd_build",
            asked(scratch),
            lambda v: (
                (v["runs"][0]["exit_code"], len(v["runs"][0]["text"])) == (FAILED_CODE, SHOWN)
                and v["runs"][0]["text"].strip().endswith("ERROR: no")
                and (v["files"], v["left"]) == ([], [])
            ),
        )
    ]


def hanging(scratch: Path) -> list[Case]:
    """A run that does not end is ended, and nothing of it stays."""
    return [
        Case(
            "icd_build",
            asked(scratch, timeout=1),
            lambda v: v["error"]["type"].endswith("TimeoutException") and (v["runs"], v["left"]) == ([], []),
        )
    ]


def in_turn(scratch: Path) -> list[Case]:
    """While another build goes on, this one waits; not for ever."""
    return [Case("icd_build", asked(scratch, timeout=1), error="TimeoutException")]


def after_another(scratch: Path) -> list[Case]:
    """The other build ends in time."""
    return [Case("icd_build", asked(scratch), lambda v: built(v, scratch, "package"))]


def hold_turn_for_a_while(scratch: Path) -> None:
    hold_turn(scratch)
    threading.Timer(1.5, lambda held: held.close(), [HELD.pop()]).start()


def close_turn(scratch: Path) -> None:
    """Another may hold it in a way that is told as a refusal, as a file that is being deleted is."""
    lay_out(scratch)
    turn = scratch / "ProgramData" / "winops.entra" / "icd.turn"
    turn.unlink()
    turn.mkdir()


def hold_turn(scratch: Path) -> None:
    """What .NET does on Linux about a file that nobody else may open."""
    lay_out(scratch)
    HELD.append(open(scratch / "ProgramData" / "winops.entra" / "icd.turn", "wb"))
    fcntl.flock(HELD[-1], fcntl.LOCK_EX | fcntl.LOCK_NB)


def let_go(scratch: Path) -> str:
    HELD.pop().close()
    (scratch / "ProgramData" / "winops.entra" / "icd.turn").unlink()
    return ""


def without_store(scratch: Path) -> list[Case]:
    return [
        Case("icd_find", {}, lambda v: [tool["store"] for tool in v["tools"]] == [None, None]),
    ]


def for_others(scratch: Path) -> list[Case]:
    return [Case("icd_build", asked(scratch), error="UnauthorizedAccessException")]


def clean(scratch: Path) -> str:
    """What is wrong with what stays: only what was built, and the log of the earlier run."""
    logs = scratch.joinpath(*DOCUMENTS)
    left = sorted(path.name for path in logs.rglob("*") if path.is_file())
    if left != ["old.log"] or (logs / WICD / "Common" / "deep").exists():
        return f"of logs there is {left}"
    folder = scratch / "ProgramData" / "winops.entra" / "builds" / "b"
    stays = [path.name for path in folder.rglob("*") if not path.name.startswith(("package.", "encrypted."))]
    return f"in the folder stays {stays}" if stays else ""


# On Windows the programs of the proof are a text.
WITH_TOOLS = [
    Scene("icd_build", build, before=lay_out, change=kit, after=clean),
    variant("icd_build, it fails", failing, {"WINOPS_PROOF_ODD": "fails"}, before=lay_out, change=kit, after=clean),
    variant("icd_build, another", in_turn, before=hold_turn, change=kit, after=let_go),
    variant("icd_build, after another", after_another, before=hold_turn_for_a_while, change=kit),
    variant("icd_build, refused", in_turn, before=close_turn, change=kit),
    variant("icd_build, it hangs", hanging, {"WINOPS_PROOF_ODD": "hangs"}, before=lay_out, change=kit, after=clean),
]
SCENES = [
    Scene("icd", find, before=lay_out, change=kit),
    variant("icd, none", find_none, change=without_apps),
    variant("icd, no store", without_store, before=lambda scratch: lay_out(scratch, False), change=kit),
    variant("icd_build, others", for_others, {"WINOPS_PROOF_CALLER": "1"}, before=lay_out, change=kit),
    *([] if os.name == "nt" else WITH_TOOLS),
]

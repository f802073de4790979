# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds a package from a template, and kills itself at a step: for test_package_build_killed.

    python -m tests.integration.killed_builder FOLDER

prints one JSON list: for each step, which call it was, and what it has left. Each step has a process of its own, and a
folder with an older package. A second build follows in it, which nobody kills: of the new package and, where
the first one has not come so far, of the older one.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import typing as t
from pathlib import Path

from tests.collection import make_importable
from tests.lab import ppkg

make_importable()

from ansible_collections.winops.entra.plugins.plugin_utils.package.composing import package_id  # noqa: E402
from ansible_collections.winops.entra.plugins.plugin_utils.package_tasks import build as package_build  # noqa: E402
from ansible_collections.winops.entra.plugins.plugin_utils.task import Task  # noqa: E402

SECRET, OLDER = "FAKE-token-of-a-killed-build-5555", "FAKE-token-of-the-older-package-7777"
OLD = "FAKE-token-of-the-template-6666"
BUILT = "built"
TEMPLATE = ppkg.build("Template", "11111111-2222-4333-8444-555555555555", token=OLD, computer_name="OLD-%SERIAL%")
CALLS = ("open", "fdopen", "fsync", "link", "replace", "unlink")
MOST_STEPS = 60


def build(folder: Path, token: str) -> None:
    """The work of the module, with the description in its options."""
    folder.mkdir(exist_ok=True)
    (folder / "template").write_bytes(TEMPLATE)
    args: dict[str, t.Any] = {
        "description": {"name": "Contoso", "bulk_token": token, "computer_name": "NEW-%SERIAL%"},
        **dict.fromkeys(("description_file", "password_dest", "icd_path", "store_file")),
        "method": "template",
        "template": str(folder / "template"),
        "dest": str(folder / BUILT / "a.ppkg"),
        **dict.fromkeys(("encrypt", "sign"), False),
        "timeout": 900,
    }
    task = Task(args, False, find_file=str, content=lambda path, most: Path(path).read_bytes())
    package_build.build(task)


def killed_at(step: int, folder: Path) -> str | None:
    """Build in a process that kills itself before its call number ``step``; its name, None where it has not come so
    far."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        count = 0

        def counted(name: str, real: t.Callable) -> t.Callable:
            def call(*args: t.Any, **options: t.Any) -> t.Any:
                nonlocal count
                count += 1
                if count == step:
                    os.write(writing, name.encode())
                    os.kill(os.getpid(), signal.SIGKILL)
                return real(*args, **options)

            return call

        for name in CALLS:
            setattr(os, name, counted(name, getattr(os, name)))
        try:
            build(folder, SECRET)
        finally:
            os._exit(0)
    os.close(writing)
    _pid, status = os.waitpid(child, 0)
    with os.fdopen(reading) as said:
        name = said.read()
    return name if os.WIFSIGNALED(status) else None


def main(folder: Path) -> None:
    """All steps until one build comes to its end."""
    package_id._COST = 2  # type: ignore[attr-defined]  # Nobody guesses these secrets.
    files: dict[str, dict[str, bytes]] = {}
    for name, token in (("old", OLDER), ("new", SECRET)):
        build(folder / name, token)
        files[name] = _files(folder / name)
    found = []
    for step in range(1, MOST_STEPS):
        place = folder / str(step)
        shutil.copytree(folder / "old", place)
        call = killed_at(step, place)
        left = {path.name: path.stat().st_mode & 0o777 for path in (place / BUILT).iterdir()}
        kinds = {name: _kind(name, content, files) for name, content in _files(place).items()}
        token = OLDER if kinds["a.ppkg"] == "old" and step % 2 else SECRET
        build(place, token)
        whole = _files(place) == files["old" if token == OLDER else "new"]
        found.append({"call": call, "kinds": kinds, "modes": left, "whole_then": whole})
        if call is None:
            break
    print(json.dumps(found))


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / BUILT).iterdir()}


def _kind(name: str, content: bytes, files: dict[str, dict[str, bytes]]) -> str:
    """What a file is: empty, old, new, whole (one of these under another name) or other."""
    same = [kind for kind, known in files.items() if known.get(name) == content]
    whole = any(content in known.values() for known in files.values())
    return "empty" if not content else same[0] if same else "whole" if whole else "other"


if __name__ == "__main__":
    main(Path(sys.argv[1]))

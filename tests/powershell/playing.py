# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays a scene and judges the answers. Standard library only."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import json
import os
import subprocess
import tempfile
import time
import typing as t
from pathlib import Path

import misbehaving
from driver import Driver
from rows import base, windows
from rows.names import JOB, NO_CODE
from shell import VOCABULARY, WAIT, Shell, shapes, wire, with_stand_ins

Askable = Driver | Shell
POLL = 0.1
"""Seconds between two looks at a job."""
UNEXPECTED = OSError, LookupError, TypeError, AttributeError, ValueError
"""What a look at an answer or at files raises where they are not at all what is expected."""


@dataclasses.dataclass
class Row:
    """One line of the table; ``result`` is passed, failed or skipped."""

    what: str
    how: str
    result: str
    why: str = ""


def row(what: str, how: str, why: str) -> Row:
    """A row that passed where nothing is wrong."""
    return Row(what, how, "failed" if why else "passed", why)


def verdict(case: t.Any, result: dict[str, t.Any]) -> str:
    """What is wrong with one result; empty where nothing is."""
    if case.error is not None:
        if result["ok"]:
            return f"succeeded with {result['value']!r:.200} instead of {case.error}"
        error = result["error"]
        code = NO_CODE if error["hresult"] is None else error["hresult"]
        if (
            not error["type"].endswith(case.error)
            or case.hresult not in (None, code)
            or case.said not in error["message"]
        ):
            return f"failed with {error} instead of {case.error} {case.hresult or ''} {case.said}"
        return ""
    if not result["ok"]:
        return f"failed with {result['error']}"
    problems = shapes.complaints(VOCABULARY["operations"][case.op]["returns"], result["value"], case.op)
    if not problems:
        keys = [result["value"]["key"]] if case.op == "registry_read" else result["value"].get("users", {}).values()
        problems = [text for key in keys if key is not None for text in shapes.complaints(key_shape(key), key, "key")]
    return "; ".join(problems) or unexpected(case.holds, result["value"])


def key_shape(key: t.Any) -> t.Any:
    """The shape of a registry key; of one that is closed to the caller, that of its error."""
    if isinstance(key, dict) and "refused" in key:
        return {"refused": VOCABULARY["answer"]["results"][0]["error?"]}
    return VOCABULARY["key"]


def unexpected(holds: t.Callable[[t.Any], bool], value: t.Any) -> str:
    """What is wrong where *holds* does not hold of *value*, or cannot even be asked."""
    why = ""
    try:
        if holds(value):
            return ""
    except UNEXPECTED as exc:
        why = f" ({exc!r})"
    return f"unexpected value{why} {json.dumps(value)[:600]}"


def prove(
    shell: Askable, label: str, todo: list[base.Case], scratch: Path, packed: bytes | None, **more: t.Any
) -> list[Row]:
    """One request with all the operations of *todo*; *label* is what the table calls it."""
    asked = datetime.datetime.now(datetime.timezone.utc)
    try:
        answer = shell.ask([case.request() for case in todo], scratch, packed=packed, **more)
    except (wire.WireError, subprocess.TimeoutExpired) as exc:
        return [row(what, label, str(exc)) for what in ("(whole request)", *sorted({case.op for case in todo}))]
    found = [row(case.op, label, verdict(case, result)) for case, result in zip(todo, answer["results"], strict=True)]
    return [*found, row("(clock)", label, early(asked, answer))]


def early(asked: datetime.datetime, answer: dict[str, t.Any]) -> str:
    """What is wrong where the device's time is not that of the end of its work."""
    told = datetime.datetime.fromisoformat(answer["device"]["utc"].replace("Z", "+00:00"))
    taken = (told - asked).total_seconds()
    # Both clocks are this machine's; the text of one has only milliseconds, and the other may be set meanwhile.
    return "" if taken >= answer["seconds"] - 0.1 else f"{taken} s after the request, which took {answer['seconds']} s"


def prove_job(
    shell: Askable,
    label: str,
    scratch: Path,
    packed: bytes | None,
    right: t.Callable[[dict[str, t.Any]], bool],
    **more: t.Any,
) -> list[Row]:
    """Waits for the job that was started, looks at its answer and removes it."""
    deadline = time.monotonic() + WAIT
    status: dict[str, t.Any] = {}
    try:
        while status.get("state", "running") == "running" and time.monotonic() < deadline:
            if status:
                time.sleep(POLL)
            result = shell.ask([{"op": "job_status", "job": JOB}], scratch, packed=packed, **more)["results"][0]
            status = result.get("value") or {"state": "failed", **result}
        why = "" if status["state"] == "done" else f"ended as {json.dumps(status)[:600]}"
        if not why:
            why = "; ".join(shapes.complaints(VOCABULARY["answer"], status["answer"], "answer"))
        why = why or unexpected(right, status)
    except (wire.WireError, subprocess.TimeoutExpired) as exc:
        why = str(exc)
    end = [
        base.Case("job_remove", {"job": JOB}, lambda value: value == {"removed": True}),
        base.Case("job_status", {"job": JOB}, lambda value: value["state"] == "absent"),
    ]
    return [row("job_status (done)", label, why), *prove(shell, label, end, scratch, packed, **more)]


def left_behind(scene: base.Scene, scratch: Path) -> str:
    """What is wrong with the scratch directory in the end, or that it cannot even be looked at."""
    try:
        return scene.after(scratch)
    except UNEXPECTED as exc:
        return repr(exc)


def play(shell: Askable, scene: base.Scene, culture: str = "") -> list[Row]:
    """One scene with the stand-ins, in a scratch directory of its own; in another culture where one is named."""
    if scene.served and os.name == "nt":
        return [Row("(whole scene)", scene.name, "skipped", "Windows would have to trust the server's certificate")]
    with tempfile.TemporaryDirectory(prefix="winops-", ignore_cleanup_errors=True) as folder, served(scene) as texts:
        # The real path: a link on the way to it would be refused, rightly.
        scratch = Path(os.path.realpath(folder))
        base.prepare(scratch, changed(scene, texts))
        scene.before(scratch)
        todo = [dataclasses.replace(case, params=filled(case.params, texts)) for case in scene.rows(scratch)]
        by_driver = scene.how == "driver"
        packed = with_stand_ins(wire.operation_names([case.request() for case in todo]), by_driver)
        environment = filled(scene.environment, texts)
        if culture:
            environment["WINOPS_PROOF_CULTURE"] = culture
        more = {"how": scene.how, "environment": environment}
        found = prove(shell, scene.name, todo, scratch, packed, **more, **scene.request)
        if scene.job:
            found += prove_job(shell, scene.name, scratch, packed, scene.job, **more)
        return [*found, row("(left behind)", scene.name, left_behind(scene, scratch))]


@contextlib.contextmanager
def served(scene: base.Scene) -> t.Iterator[dict[str, str]]:
    """The texts that a scene's placeholders stand for, while its server runs."""
    if not scene.served:
        yield {}
        return
    server = misbehaving.Server()
    try:
        yield {"{server}": server.address, "{refusing}": server.refusing}
    finally:
        server.close()


def changed(scene: base.Scene, texts: t.Mapping[str, str]) -> t.Callable[[windows.Document], None]:
    """The scene's change of the Windows, and the proxy for which it has left a note."""

    def change(document: windows.Document) -> None:
        scene.change(document)
        proxy = document.pop(windows.PROXY, None)
        if proxy:
            windows.behind_proxy(document, *filled(proxy, texts))

    return change


def filled(thing: t.Any, texts: t.Mapping[str, str]) -> t.Any:
    """A JSON value with the placeholders in its texts replaced."""
    if isinstance(thing, t.Mapping):
        return {name: filled(item, texts) for name, item in thing.items()}
    if isinstance(thing, list):
        return [filled(item, texts) for item in thing]
    for name, text in texts.items() if isinstance(thing, str) else ():
        thing = thing.replace(name, text)
    return thing

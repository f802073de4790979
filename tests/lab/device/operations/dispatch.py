# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the operations of one request, in order, and shapes the answer."""

from __future__ import annotations

import inspect
import json
import pathlib
import typing as t

from ..accounts import Caller
from ..errors import WindowsError, access_denied, bad_argument, not_supported
from ..wire import utc_text

VOCABULARY = json.loads(
    (pathlib.Path(__file__).parents[4] / "plugins/plugin_utils/device/vocabulary.json").read_text(encoding="utf-8")
)
POWERSHELL = "5.1.{build}.{revision}"
_TYPES = {"str": (str,), "int": (int,), "bool": (bool,), "utc": (str,), "float": (int, float)}

Handler = t.Callable[..., t.Any]
HANDLERS: dict[str, Handler] = {}


def operation(name: str) -> t.Callable[[Handler], Handler]:
    """Register ``handler(device, caller, **params)`` for an operation; it may be a coroutine function."""

    def register(handler: Handler) -> Handler:
        HANDLERS[name] = handler
        return handler

    return register


async def run_request(device, caller: Caller, request: dict) -> dict:
    """The answer envelope of vocabulary.json."""
    begun = device.clock.elapsed()
    results: list[dict] = []
    for step in request["ops"]:
        if request.get("stop_on_error") and any(not result["ok"] for result in results):
            results.append(
                {"ok": False, "error": {"type": "Skipped", "message": "an earlier operation failed", "hresult": None}}
            )
            continue
        results.append(await _run(device, caller, step))
        if results[-1]["ok"]:
            device.faults.did(step["op"])
    return {
        "v": request["v"],
        "id": request["id"],
        "device": {
            "name": device.hostname.upper()[:15],
            "utc": utc_text(device.utc()),
            "powershell": POWERSHELL.format(build=device.image.build, revision=device.image.revision),
            "account": caller.account,
            "sid": caller.sid,
            "system": caller.system,
            "elevated": caller.elevated,
            "wow64": caller.wow64,
        },
        "results": results,
        "seconds": round(device.clock.elapsed() - begun, 3),
    }


async def _run(device, caller: Caller, step: dict) -> dict:
    try:
        name, params = _checked(step)
        if _refused(device, name, params):
            raise access_denied()
        value = HANDLERS[name](device, caller, **params)
        return {"ok": True, "value": await value if inspect.isawaitable(value) else value}
    except WindowsError as error:
        return {"ok": False, "error": error.as_answer()}


def _checked(step: dict) -> tuple[str, dict]:
    """The operation's name and Python arguments, or WindowsError for what the vocabulary does not have."""
    name = step.get("op")
    if name not in HANDLERS:
        raise not_supported(f"This runner has no operation {name}")
    declared = VOCABULARY["operations"][name]["params"]
    known = {key.rstrip("?"): (shape, key.endswith("?")) for key, shape in declared.items()}
    params = {key: value for key, value in step.items() if key != "op"}
    for key, value in params.items():
        shape = known.get(key, (None, False))[0]
        if shape is None:
            raise bad_argument(f"{name} has no parameter '{key}'")
        if (
            isinstance(shape, str)
            and shape in _TYPES
            and (not isinstance(value, _TYPES[shape]) or (shape == "int" and isinstance(value, bool)))
        ):
            raise bad_argument(f"{name}: parameter '{key}' is no {shape}")
    missing = [key for key, (_shape, optional) in known.items() if not optional and key not in params]
    if missing:
        raise bad_argument(f"{name} needs the parameter '{missing[0]}'")
    return name, {("class_name" if key == "class" else key): value for key, value in params.items()}


def _refused(device, name: str, params: dict) -> bool:
    """Whether this device refuses this operation, or this key, log or class of it."""
    texts = {value.lower() for value in params.values() if isinstance(value, str)}
    return any(one["op"] == name and one.get("of", "").lower() in (*texts, "") for one in device.refused_reads)


def require_system(caller: Caller) -> None:
    """Refuse what others than SYSTEM do by half: the runner does, Windows does not."""
    if not caller.system:
        raise access_denied("Refused: only SYSTEM does all of this, others do half of it.")


def require_elevated(caller: Caller) -> None:
    """Refuse what a filtered or plain user token may not do."""
    if not caller.elevated:
        raise access_denied()

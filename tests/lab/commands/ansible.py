# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible's own payloads: the exec wrapper with a module, and its helper scripts, of both generations.

Up to ansible-core 2.18 the input is `wrapper NUL NUL NUL NUL json`; from 2.19 on it is a JSON line with the wrapper, a
line of four NUL characters, a JSON line with scripts and actions, and for scripts with input the mark again and data.
What a payload says is taken as data: the module's name and its arguments, never its code.
"""

from __future__ import annotations

import json
import re
import typing as t
from dataclasses import dataclass, field

from . import ansible_modules, put_file
from .session import ScriptResult, Session, terminated

_MARK = "\0\0\0\0"
_OLD = re.compile(r"\$exec_wrapper_str\s*=\s*\$input\s*\|\s*Out-String")
_NEW = re.compile(r"\$code\.params\.PSObject\.Properties.*\$code\.script", re.DOTALL)


@dataclass
class Payload:
    """One action of the wrapper: its name without .ps1, its parameters, the lines that follow the manifest."""

    action: str
    parameters: dict[str, t.Any]
    data: list[str | bytes] = field(default_factory=list)


class BadPayload(ValueError):
    """The input is not a payload of either generation."""


def recognises(script: str) -> bool:
    """Tell the bootstrap wrappers of both generations."""
    return bool(_OLD.search(script) or _NEW.search(script))


async def run(session: Session) -> ScriptResult:
    """Read the payload from the input and do what it asks for."""
    lines = await session.input_lines()
    try:
        payload = parse(lines)
    except BadPayload as error:
        return terminated(f"invalid payload: {error}")
    if payload.action == "module_wrapper":
        return await ansible_modules.run(payload.parameters["name"], payload.parameters["arguments"], session)
    handler = _HELPERS.get(payload.action)
    if handler is None:
        return terminated(f"The lab does not know Ansible's script {payload.action}.")
    return handler(payload, session)


def parse(lines: list[str | bytes]) -> Payload:
    """Take a payload apart; raises BadPayload."""
    text = [line.decode("utf-8", "replace") if isinstance(line, bytes) else line for line in lines]
    try:
        if _MARK in text:
            return _parse_new(text)
        return _parse_old("\n".join(text))
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise BadPayload(f"{type(error).__name__}: {error}") from error


def _parse_old(text: str) -> Payload:
    _wrapper, mark, manifest_text = text.partition(_MARK)
    if not mark:
        raise BadPayload("no manifest")
    manifest = json.loads(manifest_text)
    arguments = manifest["module_args"]
    name = arguments.get("_ansible_module_name") or arguments["_ansible_module"]
    return Payload("module_wrapper", {"name": name, "arguments": arguments})


def _parse_new(lines: list[str]) -> Payload:
    first = lines.index(_MARK)
    json.loads("\n".join(lines[:first]))  # the wrapper itself must be whole
    rest = lines[first + 1 :]
    second = rest.index(_MARK) if _MARK in rest else len(rest)
    manifest = json.loads("\n".join(rest[:second]))
    action = manifest["actions"][-1]
    name = action["name"].removesuffix(".ps1")
    if name != "module_wrapper":
        return Payload(name, action["params"], list(rest[second + 1 :]))
    arguments = next(item["Value"] for item in action["params"]["Variables"] if item["Name"] == "complex_args")
    module = arguments.get("_ansible_module_name") or action["params"]["Script"].removesuffix(".ps1")
    return Payload(name, {"name": module, "arguments": arguments})


def _put(payload: Payload, session: Session) -> ScriptResult:
    return put_file.write(payload.parameters["Path"], payload.data, session)


def _fetch_part(payload: Payload, session: Session) -> ScriptResult:
    options = payload.parameters
    return put_file.read_part(options["Path"], int(options["Offset"]), int(options["BufferSize"]), session)


def _fetch_all(payload: Payload, session: Session) -> ScriptResult:
    return put_file.read_all(payload.parameters["Path"], int(payload.parameters["BufferSize"]), session)


def _expand_user(payload: Payload, session: Session) -> ScriptResult:
    path = payload.parameters["Path"]
    home = f"C:\\Users\\{session.account}"
    return ScriptResult([home if path == "~" else path.replace("~", home, 1) if path.startswith("~\\") else path])


_HELPERS: dict[str, t.Callable[[Payload, Session], ScriptResult]] = {
    "winrm_put_file": _put,
    "psrp_put_file": _put,
    "winrm_fetch_file": _fetch_part,
    "psrp_fetch_file": _fetch_all,
    "powershell_expand_user": _expand_user,
}

# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stock modules that tests and benchmarks run on a device, answered as the real ones answer (ansible.windows 3)."""

from __future__ import annotations

import base64
import json
import typing as t
from datetime import datetime, timezone

from .session import Outcome, Record, ScriptResult, Session

Arguments = dict[str, t.Any]
Module = t.Callable[[Arguments, Session], t.Awaitable[tuple[dict[str, t.Any], Outcome]]]


async def run(name: str, arguments: Arguments, session: Session) -> ScriptResult:
    """Run a module by its name, with or without its collection; its JSON is the script's only output."""
    short = name.rpartition(".")[2]
    module = MODULES.get(short)
    if module is None:
        answer: dict[str, t.Any] = {"failed": True, "msg": f"The lab's devices do not know the module {name}."}
        outcome = Outcome(1)
    else:
        answer, outcome = await module(arguments, session)
    record = outcome.record
    record.kind = "module"
    record.operations = [short, *record.operations]
    failed = bool(answer.get("failed"))
    return ScriptResult([json.dumps(answer)], exit_code=int(failed), failed=failed, record=record)


async def win_ping(arguments: Arguments, _session: Session) -> tuple[dict[str, t.Any], Outcome]:
    """pong."""
    data = arguments.get("data") or "pong"
    return {"changed": False, "ping": data, "invocation": {"module_args": {"data": data}}}, Outcome()


async def win_command(arguments: Arguments, session: Session) -> tuple[dict[str, t.Any], Outcome]:
    """A program without a shell."""
    command_line = str(arguments.get("_raw_params") or arguments.get("cmd") or "").strip()
    return await _command(command_line, command_line, arguments, session, skip_shell=True)


async def win_shell(arguments: Arguments, session: Session) -> tuple[dict[str, t.Any], Outcome]:
    """A script in a PowerShell of its own."""
    script = str(arguments.get("_raw_params") or arguments.get("cmd") or "").strip()
    executable = arguments.get("executable") or "powershell"
    if str(executable).lower().removesuffix(".exe").endswith("cmd"):
        return await _command(script, f"cmd.exe /c {script}", arguments, session)
    encoded = base64.b64encode(script.encode("utf-16-le")).decode()
    return await _command(script, f"powershell.exe -noninteractive -encodedcommand {encoded}", arguments, session)


async def _command(
    shown: str, command_line: str, arguments: Arguments, session: Session, *, skip_shell: bool = False
) -> tuple[dict[str, t.Any], Outcome]:
    if arguments.get("_ansible_check_mode"):
        return {"changed": False, "skipped": True, "msg": "skipped, running in check mode"}, Outcome(record=Record())
    started = datetime.now(timezone.utc)
    stdin = arguments.get("stdin") or ""
    try:
        outcome = await session.run_process(command_line, str(stdin).encode(), skip_shell=skip_shell)
    except FileNotFoundError:
        why = f"Failed to run: '{shown}': Win32 error: The system cannot find the file specified (2)"
        return {"failed": True, "rc": 2, "cmd": shown, "msg": why}, Outcome(2)
    ended = datetime.now(timezone.utc)
    answer: dict[str, t.Any] = {
        "changed": True,
        "cmd": shown,
        "rc": outcome.exit_code,
        "stdout": outcome.stdout,
        "stderr": outcome.stderr,
        "start": f"{started:%Y-%m-%d %H:%M:%S.%f}",
        "end": f"{ended:%Y-%m-%d %H:%M:%S.%f}",
        "delta": f"{ended - started}",
    }
    if outcome.exit_code:
        answer |= {"failed": True, "msg": "non-zero return code"}
    return answer, outcome


MODULES: dict[str, Module] = {"win_ping": win_ping, "win_command": win_command, "win_shell": win_shell}

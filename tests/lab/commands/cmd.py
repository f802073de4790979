# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""cmd.exe: the shell that WinRS puts around a command line unless WINRS_SKIP_CMD_SHELL is on."""

from __future__ import annotations

import re

from . import powershell, stock
from .session import Outcome, Session

_CMD = re.compile(r"""^\s*["']?(?:[^"'\s]*\\)?cmd(?:\.exe)?["']?\s+(?:/[dqs]\s+)*/[ck]\s*(?P<rest>.*)$""", re.I | re.S)
_VARIABLE = re.compile(r"%([^%\s]+)%")
# One command and what joins it to the next; operators inside double quotes are text.
_PART = re.compile(r"""((?:"[^"]*"|[^"&|])+|")(\|\||&&|&|$)""")


def can_start(command_line: str) -> bool:
    """Tell whether the first word is a program, as it must be where there is no shell (WINRS_SKIP_CMD_SHELL)."""
    name, *_arguments = stock.words(command_line) or [""]
    is_shell = powershell.is_powershell(command_line) or _CMD.match(command_line) is not None
    return is_shell or stock.find(name) is not None


async def run(command_line: str, session: Session, skip_shell: bool = False) -> Outcome:
    """Run a command line as WinRS does: in cmd.exe, or with `skip_shell` the program it names.

    Raises FileNotFoundError where there is no such program and no shell to say so.
    """
    if skip_shell and not can_start(command_line):
        raise FileNotFoundError(command_line)
    if powershell.is_powershell(command_line):
        return await powershell.run_process(command_line, session)
    name, *arguments = stock.words(command_line) or [""]
    program = stock.find(name) if skip_shell else None
    if program is not None:
        return await program(arguments, session)
    return await _run_parts(command_line, session)


async def _run_parts(command_line: str, session: Session) -> Outcome:
    total = Outcome()
    joined = "&"
    for text, operator in _PART.findall(command_line):
        if not text.strip():
            continue
        if joined == "&" or (joined == "&&") == (total.exit_code == 0):
            outcome, leaves = await _run_one(text.strip(), session)
            total = _joined(total, outcome)
            if leaves:
                return total
        joined = operator
    return total


async def _run_one(text: str, session: Session) -> tuple[Outcome, bool]:
    """Run one command; the second value tells that the shell itself ends here."""
    text = _VARIABLE.sub(lambda match: session.variable(match[1]) or match[0], text)
    nested = _CMD.match(text)
    if nested:
        rest = nested["rest"].strip()
        inner = rest[1:-1] if len(rest) > 1 and rest.startswith('"') and rest.endswith('"') else rest
        return await _run_parts(inner, session), False
    if powershell.is_powershell(text):
        return await powershell.run_process(text, session), False
    name, _rest, rest = text.partition(" ")
    lower = name.lower()
    if lower in {"echo", "echo."}:
        silent = "ECHO is on.\r\n" if lower == "echo" else "\r\n"
        return Outcome(stdout=f"{rest}\r\n" if rest.strip() else silent), False
    if lower == "exit":
        number = rest.lower().replace("/b", "").strip()
        return Outcome(int(number) if re.fullmatch(r"-?\d+", number) else 0), True
    if lower == "ver":
        return Outcome(stdout="\r\nMicrosoft Windows [Version 10.0.22631.4460]\r\n"), False
    if lower in {"cd", "rem", "set"}:
        return Outcome(stdout=f"C:\\Users\\{session.account}\r\n" if lower == "cd" and not rest else ""), False
    program_name, *arguments = stock.words(text)
    program = stock.find(program_name)
    if program is not None:
        return await program(arguments, session), False
    message = f"'{program_name}' is not recognized as an internal or external command,\r\n"
    return Outcome(1, stderr=f"{message}operable program or batch file.\r\n"), False


def _joined(first: Outcome, second: Outcome) -> Outcome:
    record = second.record
    record.processes += first.record.processes
    record.changing = first.record.changing + record.changing
    record.operations = first.record.operations + record.operations
    if first.record.kind != "command" and record.kind == "command":
        record.kind = first.record.kind
    return Outcome(second.exit_code, first.stdout + second.stdout, first.stderr + second.stderr, record)

# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The few PowerShell statements that stock clients send: output of literals and variables, exit, native programs."""

from __future__ import annotations

import re

from . import stock
from .session import Error, ScriptResult, Session, native, terminated

_STATEMENT = re.compile(r"""((?:'(?:[^']|'')*'|"(?:[^"`]|`.)*"|\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}|[^'"\n;{])+)""")
# Settings of the session that change nothing that could be seen here.
_SETTING = re.compile(
    r"^(?:Set-StrictMode\b|\[Console\]::|\$\w+Preference\s*=|&?\s*chcp(?:\.com)?\s+\d+\s*>\s*\$null|#"
    r"|If \(-not \$\?\) \{ If \(Get-Variable LASTEXITCODE)",
    re.IGNORECASE,
)
_WRITE = re.compile(r"^(?:Write-Output|Write-Host|echo)(?:\s+-(?:InputObject|Object))?\s+(?P<value>.+)$", re.I | re.S)
_EXIT = re.compile(r"^exit(?:\s+(?P<code>-?\d+|\$LASTEXITCODE))?$", re.IGNORECASE)
_ERROR = re.compile(r"^(?P<word>throw|Write-Error)(?:\s+-Message)?\s+(?P<value>.+)$", re.I | re.S)
_QUOTED = re.compile(r"""^(?:'(?P<single>(?:[^']|'')*)'|"(?P<double>(?:[^"`]|`.)*)")$""", re.DOTALL)
_NUMBER = re.compile(r"^-?\d+(?:\.\d+)?$")
_VARIABLE = re.compile(r"\$(?:env:(?P<env>\w+)|\{env:(?P<braced>\w+)\}|(?P<plain>PSVersionTable\.PSVersion))", re.I)
_SHELLS = re.compile(r"^(?:.*\\)?(?:cmd|powershell)(?:\.exe)?$", re.IGNORECASE)
_COMMAND_NAME = re.compile(r"^[A-Za-z_.\\:][\w.\\:-]*$")
_KEYWORDS = frozenset("param if foreach for while do switch try function begin process end using".split())
_ESCAPES = {"`n": "\n", "`r": "\r", "`t": "\t", '`"': '"', "``": "`", "`$": "$"}


async def run(script: str, session: Session) -> ScriptResult:
    """Run statement after statement, as powershell.exe would with $ErrorActionPreference = Continue."""
    if _STATEMENT.sub("", script).strip(" \t\r\n;"):
        return _unknown(script)
    total = ScriptResult()
    native_exit: int | None = None
    for match in _STATEMENT.finditer(script):
        statement = match[1].strip()
        if not statement or _SETTING.match(statement):
            continue
        leave = _EXIT.match(statement)
        if leave:
            code = leave["code"]
            total.exit_code = int(code) if code and code[0] != "$" else (native_exit or 0)
            return total
        result = await _run_statement(statement, session)
        if result.exit_code is not None:
            native_exit = result.exit_code
        _add(total, result)
        if result.stopped:
            total.stopped = True
            return total
    return total


async def _run_statement(statement: str, session: Session) -> ScriptResult:
    written = _WRITE.match(statement)
    value = _value((written["value"] if written else statement).strip(), session, bare=written is not None)
    if value is not None:
        return ScriptResult([value])
    raised = _ERROR.match(statement)
    if raised:
        message = _value(raised["value"].strip(), session, bare=True) or raised["value"]
        if raised["word"].lower() == "throw":
            return terminated(message, error_id=message)
        return ScriptResult(errors=[Error(message, "NotSpecified", "WriteErrorException")], failed=True)
    line = statement.removeprefix("&").strip()
    name, *_rest = stock.words(line) or [""]
    if stock.find(name) or _SHELLS.match(name):
        return native(await session.run_process(line))
    if not _COMMAND_NAME.match(name) or name.lower() in _KEYWORDS:
        return _unknown(statement)
    text = (
        f"The term '{name}' is not recognized as the name of a cmdlet, function, script file, or operable program."
        " Check the spelling of the name, or if a path was included, verify that the path is correct and try again."
    )
    return ScriptResult(errors=[Error(text, "ObjectNotFound", "CommandNotFoundException")], failed=True)


def _unknown(text: str) -> ScriptResult:
    # Better a clear end than a script that seems to have done something.
    shown = " ".join(text.split())[:200]
    return terminated(f"The lab's devices run a few plain statements of PowerShell only, and this is none: {shown}")


def _value(text: str, session: Session, *, bare: bool) -> str | None:
    """The text of an expression; with `bare` also of a bare argument. None when it is no such expression."""
    quoted = _QUOTED.match(text)
    if quoted and quoted["single"] is not None:
        return quoted["single"].replace("''", "'")
    if quoted:
        return re.sub(r"`.", lambda m: _ESCAPES.get(m[0], m[0][1]), _expand(quoted["double"], session))
    if _NUMBER.match(text):
        return text
    if _VARIABLE.fullmatch(text):
        return _expand(text, session)
    return _expand(text, session) if bare else None


def _expand(text: str, session: Session) -> str:
    def value(match: re.Match[str]) -> str:
        name = match["env"] or match["braced"]
        return (session.variable(name) or "") if name else "5.1.22621.4391"

    return _VARIABLE.sub(value, text)


def _add(total: ScriptResult, result: ScriptResult) -> None:
    total.output += result.output
    total.errors += result.errors
    total.failed = result.failed
    total.record.processes += result.record.processes
    total.record.operations += result.record.operations
    total.record.changing += result.record.changing
    if result.record.kind != "command":
        total.record.kind = result.record.kind

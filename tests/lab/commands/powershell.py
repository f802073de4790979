# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""powershell.exe: its command line, the script inside (also when it was encoded twice), and its two output streams."""

from __future__ import annotations

import base64
import binascii
import re
from xml.sax.saxutils import escape

from . import ansible, put_file, runner, stock_powershell
from .session import Error, Outcome, ScriptResult, Session, native

_PROGRAM = re.compile(r"""^\s*(?:&\s*)?["']?(?:[^"'\s]*\\)?powershell(?:\.exe)?["']?(?=\s|$)""", re.IGNORECASE)
_ENCODED = re.compile(r"""\s-e(?:c|n\w*)?\s+["']?(?P<text>[A-Za-z0-9+/=]+)["']?(?P<rest>.*)$""", re.IGNORECASE | re.S)
_COMMAND = re.compile(r"""\s-c(?:ommand)?\s+(?P<text>.+)$""", re.IGNORECASE | re.S)
# What ansible-core appends to a script so that the exit code survives; nothing else may follow an inner command line.
_TRAILER = re.compile(r"^\s*(?:;\s*)?(?:exit \$LASTEXITCODE\s*)?$", re.IGNORECASE)
_CLIXML = '#< CLIXML\r\n<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">{}</Objs>'
_CONTROL = re.compile(r"[\x00-\x1f]")


def is_powershell(command_line: str) -> bool:
    """Tell whether a command line starts powershell.exe."""
    return _PROGRAM.match(command_line) is not None


async def run_process(command_line: str, session: Session) -> Outcome:
    """Run `powershell.exe ...` and return what the process wrote."""
    script, encoded = script_of(command_line)
    session.host.process_started()
    result = await run_script(script, [], session)
    result.record.processes += 1
    output = "".join(line + "\r\n" for line in result.output)
    return Outcome(result.process_exit_code, output, _stderr(result.errors, encoded), result.record)


async def run_script(script: str, arguments: list[str], session: Session) -> ScriptResult:
    """Run a script's text in a PowerShell that is already there."""
    inner = _inner_command_line(script)
    if inner is not None:
        # ansible-core up to 2.18 encodes a command that is encoded already: a second process, inside the first.
        return native(await run_process(inner, session))
    if runner.recognises(script):
        return await runner.run(script, session)
    if put_file.recognises(script):
        return await put_file.run(script, arguments, session)
    if ansible.recognises(script):
        return await ansible.run(session)
    return await stock_powershell.run(script, session)


def script_of(command_line: str) -> tuple[str, bool]:
    """The script on a command line, and whether it was encoded; the empty script when there is none."""
    match = _ENCODED.search(command_line)
    if match is not None:
        try:
            return base64.b64decode(match["text"], validate=True).decode("utf-16-le"), True
        except (binascii.Error, UnicodeDecodeError):
            return "throw 'Cannot process the command: the value of -EncodedCommand is not properly encoded.'", True
    match = _COMMAND.search(command_line)
    if match is not None:
        return match["text"].strip().strip('"'), False
    return _PROGRAM.sub("", command_line).strip(), False


def _inner_command_line(script: str) -> str | None:
    match = _ENCODED.search(script) if is_powershell(script) else None
    if match is None or not _TRAILER.match(match["rest"]):
        return None
    return script[: match.end("text")]


def _stderr(errors: list[Error], encoded: bool) -> str:
    # With -EncodedCommand the error stream of Windows PowerShell is CLIXML, with control characters as _xHHHH_.
    if not errors:
        return ""
    if not encoded:
        return "".join(f"{error}\r\n" for error in errors)
    items = []
    for text in map(str, errors):
        if text.startswith("#< CLIXML"):
            return text  # of the inner process, passed on
        for line in f"{text}\r\n".splitlines(keepends=True):
            plain = escape(line)
            items.append('<S S="Error">' + _CONTROL.sub(lambda m: f"_x{ord(m[0]):04X}_", plain) + "</S>")
    return _CLIXML.format("".join(items))

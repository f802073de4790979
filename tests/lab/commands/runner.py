# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection's own payload: the constant bootstrap as the script, runner and request on the input.

Shares two data files with the collection, the vocabulary and the runner's text, and no code.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import json
import re
import typing as t
from functools import cache, lru_cache
from pathlib import Path

from ..host import RealPowerShell
from ..statements import statements
from .session import Error, Record, ScriptResult, Session, terminated

_DEVICE = Path(__file__).resolve().parents[3] / "plugins" / "plugin_utils" / "device"

# The steps of the bootstrap, in order: input to a two-part text, gzip of the first part to a script, script called
# with the second part and with itself.
_BOOTSTRAP = re.compile(
    r"\$input.*Split\('\|'\).*FromBase64String\(\$t\[0\]\).*GZipStream.*Decompress.*UTF8.*ReadToEnd\(\)"
    r".*\[ScriptBlock\]::Create\(\$s\)\)\s+\$t\[1\]\s+\$t\[0\]",
    re.DOTALL,
)
# What PowerShell says where a policy or the antivirus does not let it run the bootstrap: the first thing in it that is
# not allowed in constrained language mode, and AMSI's verdict about the whole (PowerShell's resources in English).
BLOCKS = {
    "constrained_language": (
        "Cannot invoke method. Method invocation is supported only on core types in this language mode.",
        {"category": "InvalidOperation", "error_id": "MethodInvocationNotSupportedInConstrainedLanguage"},
    ),
    "malicious_content": (
        "This script contains malicious content and has been blocked by your antivirus software.",
        {"category": "ParserError", "error_id": "ScriptContainedMaliciousContent"},
    ),
}
_NOT_PAYLOAD = re.compile(r"[^A-Za-z0-9+/=|]")


def recognises(script: str) -> bool:
    """Tell the bootstrap by its steps; what Ansible puts around a script does not matter."""
    return _BOOTSTRAP.search(script) is not None


async def run(script: str, session: Session) -> ScriptResult:
    """Do what the bootstrap does with the input: check the runner, run the request, write the marked line.

    A device whose PowerShell is real runs the script itself, once the runner was found to be the working tree's.
    """
    blocked = session.host.faults.take("powershell_blocked")
    if blocked is not None:
        message, more = BLOCKS[blocked["by"]]
        return terminated(message, **more)
    given = await session.read_input()
    text = "".join(_text(item) for item in ([given] if isinstance(given, bytes) else given))
    parts = _NOT_PAYLOAD.sub("", text).split("|")
    try:
        sent = _sent(parts[0])
    except (binascii.Error, OSError, EOFError, UnicodeDecodeError, gzip.BadGzipFile):
        return terminated(
            'Exception calling "ReadToEnd" with "0" argument(s): "The magic number in GZip header is not correct. '
            'Make sure you are passing in a GZip stream."',
            category="NotSpecified",
            error_id="InvalidDataException",
        )
    try:
        request = json.loads(gzip.decompress(base64.b64decode(parts[1], validate=True)))
        operations = request["ops"]
    except (IndexError, binascii.Error, OSError, EOFError, ValueError, KeyError, TypeError):
        return terminated(
            'Exception calling "FromBase64String" with "1" argument(s): "Invalid length for a Base-64 char array or'
            ' string."',
            category="NotSpecified",
            error_id="FormatException",
        )
    names = [str(item.get("op")) for item in operations]
    if sent not in _expected(frozenset(_all_names(operations))):
        return terminated("The lab runs only the runner of this working tree; the one sent is another text.")
    record = Record("operations", names, changing(operations))
    if session.host.powershell is not None:
        return await _really(session.host.powershell, script, given, session.account, record)
    answer = await session.host.run_operations(request, account=session.account)
    return ScriptResult([marked_line(answer)], record=record)


async def _really(
    powershell: RealPowerShell, script: str, given: bytes | list[str | bytes], account: str, record: Record
) -> ScriptResult:
    output, errors, exit_code = await powershell.exchange(script, given, account)
    return ScriptResult(
        output.splitlines(),
        [Error(line) for line in errors.splitlines()],
        exit_code,
        failed=exit_code != 0,
        record=record,
    )


def marked_line(answer: dict[str, t.Any]) -> str:
    """The one line of output that carries an answer."""
    packed = gzip.compress(json.dumps(answer, separators=(",", ":")).encode("utf-8"), 6, mtime=0)
    text = base64.b64encode(packed).decode()
    return f"#winops1:{len(text)}:{text}:end#"


def changing(operations: list[dict[str, t.Any]]) -> list[str]:
    """Names of the operations that the vocabulary marks changing, also those inside a job."""
    names: list[str] = []
    for operation in operations:
        if vocabulary()["operations"].get(operation.get("op"), {}).get("changing"):
            names.append(operation["op"])
        nested = operation.get("ops")
        if isinstance(nested, list):
            names.extend(changing(nested))
    return names


def _all_names(operations: list[dict[str, t.Any]]) -> t.Iterator[str]:
    for operation in operations:
        yield str(operation.get("op"))
        nested = operation.get("ops")
        yield from _all_names(nested if isinstance(nested, list) else [])


@cache
def vocabulary() -> dict[str, t.Any]:
    """The vocabulary of the working tree."""
    return json.loads((_DEVICE / "vocabulary.json").read_text(encoding="utf-8"))


@lru_cache(maxsize=32)
def _sent(packed: str) -> str:
    """The statements of a runner as it was sent; a fleet is sent a few different ones, each of them many times.

    Raises what unpacking raises where it is damaged.
    """
    return statements(gzip.decompress(base64.b64decode(packed, validate=True)).decode("utf-8"))


def _expected(operations: frozenset[str]) -> tuple[str, str]:
    """What may be sent for these operations: every part of the working tree's runner, or the parts that they need.

    Both as statements. A job and a probe store the runner for their own operations, so those count, too.
    """
    folder = _DEVICE / "runner"
    changed = max(path.stat().st_mtime_ns for path in folder.glob("*.ps1"))
    of = {name: operation["part"] for name, operation in vocabulary()["operations"].items()}
    needed = frozenset(of[name] for name in operations if name in of)
    return _joined(folder, changed, frozenset(of.values())), _joined(folder, changed, needed)


@lru_cache(maxsize=64)
def _joined(folder: Path, _changed: int, wanted: frozenset[str]) -> str:
    """The statements of these parts and of all that they need, each after its needs; main is the last.

    Read anew after a change of a file.
    """
    texts = {path.stem: path.read_text(encoding="utf-8-sig") for path in folder.glob("*.ps1")}
    order: list[str] = []
    waiting = ["main", *sorted(wanted, reverse=True)]
    while waiting:
        name = waiting[-1]
        first = texts[name].partition("\n")[0].removeprefix("# needs:").split()
        missing = [need for need in first if need != "nothing" and need not in order]
        if missing:
            waiting.append(missing[0])
            continue
        waiting.pop()
        if name not in order:
            order.append(name)
    return "\n".join(text for text in (statements(texts[name]) for name in order) if text)


def _text(item: str | bytes) -> str:
    return item.decode("ascii", "replace") if isinstance(item, bytes) else item

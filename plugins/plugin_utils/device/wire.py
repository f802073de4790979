# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two lines that travel between controller and device: the payload and the answer.

    payload (standard input)   <runner: base64 of gzip of UTF-8>|<request: base64 of gzip of UTF-8 JSON>
    answer (standard output)   #winops1:<length of base64>:<base64 of gzip of UTF-8 JSON>:end#

Both are ASCII and survive code pages, wrapped lines, banners and CLIXML. This file needs only the standard library,
so that the PowerShell proof can load it by its path.
"""

from __future__ import annotations

import base64
import binascii
import functools
import gzip
import json
import re
import typing as t
import zlib
from pathlib import Path

PROTOCOL_VERSION = 1

MAX_ANSWER_BYTES = 1024 * 1024
"""Bound of an unpacked answer: a small one may unpack to gigabytes. The lab's largest have a tenth of it."""
MAX_PRINTED = 4 * MAX_ANSWER_BYTES
"""Bound, in characters, of all that a device prints: an answer, and what profiles and banners put around it."""

# The only text that is sent as code on a command line; constant. Whatever is not of the payload's alphabet (line ends,
# a byte order mark that a console put in front) is dropped. A byte array is what psrp makes of Python bytes.
BOOTSTRAP = r"""$ErrorActionPreference='Stop'
$i=@($input|ForEach-Object{if($_ -is [byte[]]){[Text.Encoding]::ASCII.GetString($_)}else{$_}})
$t=(($i -join '') -creplace '[^A-Za-z0-9+/=|]','').Split('|')
$m=[IO.MemoryStream]::new([Convert]::FromBase64String($t[0]))
$z=[IO.Compression.GZipStream]::new($m,[IO.Compression.CompressionMode]::Decompress)
$s=[IO.StreamReader]::new($z,[Text.Encoding]::UTF8).ReadToEnd()
& ([ScriptBlock]::Create($s)) $t[1] $t[0]
"""

_NEEDS = re.compile(r"# needs:(?: nothing|((?: [a-z_]+)+))\n")

# Bytes, a power of two. What is no longer is packed the same by a tenth of the memory, which each worker would touch
# first (a fifth of a millisecond).
_SHORT = 4096

_START = b"#winops1:"
_END = b":end#"
_HEAD = re.compile(rb"(\d{1,10}):")
_WHITE_SPACE = b" \t\r\n\f\v\0"


class WireError(Exception):
    """The device's output is not one whole answer to this request. ``name`` is the name of the failure."""

    name = "answer_unreadable"


class NoAnswer(WireError):
    """The output has no answer in it: the runner never started, or was stopped before its end.

    ``printed`` is all that there was instead, and ``code`` the exit code, where that is known.
    """

    name = "answer_missing"

    def __init__(self, sentence: str, printed: str = "", code: int | None = None) -> None:
        super().__init__(sentence)
        self.printed = printed
        self.code = code


class CutAnswer(WireError):
    """The answer begins and does not end: the connection or the process broke off in it."""

    name = "answer_cut"


class DoubledAnswer(WireError):
    """There is more than one answer, so that nobody can tell how often the request was executed."""

    name = "answer_doubled"


class DamagedAnswer(WireError):
    """The answer is there and cannot be unpacked, or is not of the agreed form."""

    name = "answer_damaged"


class LargeAnswer(DamagedAnswer):
    """There is more of it than any honest answer has. A small answer may unpack to gigabytes: this one was not."""

    name = "answer_too_large"


class WrongAnswer(WireError):
    """The answer is whole, but belongs to another request."""

    name = "answer_of_another_request"


def pack_runner(text: str) -> bytes:
    """A runner as it is sent: base64 of gzip, the same for the same text (no time stamp in the gzip header).

    The device has no use for indentation and lines that hold only a comment, and the runner travels with every task.
    """
    lines = (line.strip() for line in text.splitlines())
    return _pack("\n".join(line for line in lines if line and not line.startswith("#")) + "\n")


def runner_text(operations: t.Iterable[str]) -> str:
    """The runner for these operations: the parts they live in, and what those parts need, each part after its needs.

    A part is a file of ``runner/``. Its first line names the parts that it needs; ``vocabulary.json`` names the part of
    each operation. Names of no operation are passed over: the runner refuses them itself.
    """
    known = _operation_parts()
    order: dict[str, None] = {}
    for name in sorted({known[operation] for operation in operations if operation in known}):
        _add_part(name, order)
    _add_part("main", order)
    return "\n".join(_runner_parts()[name][1] for name in order)


def _add_part(name: str, order: dict[str, None]) -> None:
    if name not in order:
        for need in _runner_parts()[name][0]:
            _add_part(need, order)
        order[name] = None


@functools.cache
def _operation_parts() -> dict[str, str]:
    text = (Path(__file__).parent / "vocabulary.json").read_text(encoding="utf-8")
    return {name: operation["part"] for name, operation in json.loads(text)["operations"].items()}


def _needs_of(name: str, text: str) -> list[str]:
    line = _NEEDS.match(text)
    if line is None:
        raise ValueError(f"the first line of runner/{name}.ps1 does not say what other parts it needs")
    return (line[1] or "").split()


@functools.cache
def _runner_parts() -> dict[str, tuple[list[str], str]]:
    """Of each part the parts that it needs, and its text."""
    texts = {path.stem: path.read_text(encoding="ascii") for path in (Path(__file__).parent / "runner").glob("*.ps1")}
    return {name: (_needs_of(name, text), text) for name, text in texts.items()}


def operation_names(operations: t.Iterable[t.Mapping[str, t.Any]]) -> frozenset[str]:
    """The names of operations and of those inside them: a job stores the runner that starts it and runs by that."""
    names: set[str] = set()
    for operation in operations:
        names.add(operation["op"])
        names |= operation_names(operation.get("ops", ()))
    return frozenset(names)


def _pack(text: str) -> bytes:
    data = text.encode("ascii")
    if len(data) > _SHORT:
        return base64.b64encode(gzip.compress(data, compresslevel=9, mtime=0))
    stream = zlib.compressobj(9, zlib.DEFLATED, 16 + _SHORT.bit_length() - 1, 5)
    return base64.b64encode(stream.compress(data) + stream.flush())


@functools.cache
def _packed_runner(operations: frozenset[str]) -> bytes:
    return pack_runner(runner_text(operations))


def prepare_runner(operations: t.Iterable[t.Mapping[str, t.Any]]) -> None:
    """Pack the runner for these operations now: processes that are forked later need not (3 ms each)."""
    _packed_runner(operation_names(operations))


def encode_payload(request: t.Mapping[str, t.Any], packed_runner: bytes | None = None) -> bytes:
    """The line for the device's standard input, with its line end.

    *request* has the shape ``request`` of vocabulary.json. Another runner than the product's (see
    :func:`pack_runner`) is for tests. Raises ``TypeError`` or ``ValueError`` where the request has something JSON
    has no form for.
    """
    text = json.dumps(request, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    runner = packed_runner or _packed_runner(operation_names(request["ops"]))
    return runner + b"|" + _pack(text) + b"\n"


def decode_answer(
    stdout: str | bytes, request_id: str | None = None, load: t.Callable[[str], t.Any] = json.loads
) -> dict[str, t.Any]:
    """The one answer in what a device printed, with the shape ``answer`` of vocabulary.json.

    Text around the answer and white space within it are ignored. With *request_id*, the answer must carry this id.
    *load* reads its JSON, and raises ValueError or RecursionError.
    Raises one of the kinds of :class:`WireError`, and nothing else, whatever the output is.
    """
    if len(stdout) > MAX_PRINTED:
        raise LargeAnswer(f"the device printed {len(stdout)} characters, more than {MAX_PRINTED}")
    raw = stdout.encode("ascii", "replace") if isinstance(stdout, str) else bytes(stdout)
    raw = raw.translate(None, _WHITE_SPACE)
    _banner, start, rest = raw.partition(_START)
    if not start:
        raise NoAnswer("the device's output has no answer in it")
    text, end, after = rest.partition(_END)
    if _START in text or _START in after:
        raise DoubledAnswer("the device's output has more than one answer in it")
    if not end:
        raise CutAnswer("the answer breaks off")
    answer = _envelope(_unpack(_body(text)), load)
    if request_id is not None and answer["id"] != request_id:
        raise WrongAnswer("the answer belongs to another request")
    return answer


def _body(text: bytes) -> bytes:
    """The base64 text of an answer; *text* is what stands between its marks."""
    head = _HEAD.match(text)
    if not head:
        raise DamagedAnswer("the answer does not say its length")
    body = text[head.end() :]
    if len(body) != int(head.group(1)):
        raise DamagedAnswer(f"the answer has {len(body)} characters and should have {int(head.group(1))}")
    return body


def _unpack(body: bytes) -> str:
    try:
        packed = base64.b64decode(body, validate=True)
        stream = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        data = stream.decompress(packed, MAX_ANSWER_BYTES + 1)
        if len(data) > MAX_ANSWER_BYTES:
            raise LargeAnswer(f"the answer unpacks to more than {MAX_ANSWER_BYTES} bytes")
        if not stream.eof or stream.unused_data:
            raise DamagedAnswer("the answer's gzip stream does not end where the answer ends")
        return data.decode("utf-8")
    except (binascii.Error, zlib.error, UnicodeDecodeError) as exc:
        raise DamagedAnswer(f"the answer cannot be unpacked: {exc}") from exc


def _envelope(text: str, load: t.Callable[[str], t.Any]) -> dict[str, t.Any]:
    try:
        answer = load(text)
    except (ValueError, RecursionError) as exc:
        raise DamagedAnswer(f"the answer is not JSON: {exc}") from exc
    if not isinstance(answer, dict) or answer.get("v") != PROTOCOL_VERSION:
        raise DamagedAnswer(f"the answer is not of protocol version {PROTOCOL_VERSION}")
    if not isinstance(answer.get("id"), str) or not isinstance(answer.get("device"), dict):
        raise DamagedAnswer("the answer does not name its request")
    results = answer.get("results")
    if not isinstance(results, list) or not all(_is_result(result) for result in results):
        raise DamagedAnswer("the answer's results do not have the agreed form")
    return answer


def _is_result(result: object) -> bool:
    if not isinstance(result, dict):
        return False
    ok = result.get("ok")
    return "value" in result if ok is True else ok is False and isinstance(result.get("error"), dict)

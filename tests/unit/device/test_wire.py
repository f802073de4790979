# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Payload and answer: whatever surrounds or damages an answer, the reader gives the answer or one of its own errors."""

from __future__ import annotations

import ast
import base64
import gzip
import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.winops.entra.plugins.plugin_utils.device import wire


def zipped(data: bytes) -> bytes:
    """The same bytes in every process: they are part of the tests' names."""
    return gzip.compress(data, mtime=0)


ANSWER = {
    "v": 1,
    "id": "a1",
    "device": {"name": "PC"},
    "seconds": 0.1,
    "results": [{"ok": True, "value": {"text": "M\u00fcnchen\r\n\u0000"}}, {"ok": False, "error": {"type": "Skipped"}}],
}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def line_of(body: bytes) -> bytes:
    return b"#winops1:%d:%s:end#" % (len(body), body)


def line(*answer: object) -> bytes:
    """The line of an answer, ANSWER where none is given."""
    return line_of(base64.b64encode(zipped(json.dumps(answer[0] if answer else ANSWER).encode("utf-8"))))


LINE = line()


def wrapped(text: bytes, width: int) -> bytes:
    return b"\r\n".join(text[at : at + width] for at in range(0, len(text), width))


def test_the_payload_is_one_ascii_line_of_runner_and_request():
    request = {"v": 1, "id": "x", "ops": [{"op": "path_info", "path": "C:\\M\u00fcnchen\n'$(calc)"}]}
    payload = wire.encode_payload(request)
    runner, _rest, asked = payload.rstrip(b"\n").partition(b"|")
    assert payload.isascii() and payload.count(b"\n") == 1 and payload.endswith(b"\n")
    assert gzip.decompress(base64.b64decode(runner)).startswith(b"param([string]$Request, [string]$Self")
    assert json.loads(gzip.decompress(base64.b64decode(asked, validate=True))) == request


def test_the_same_request_gives_the_same_payload():
    wire._packed_runner.cache_clear()
    first = wire.encode_payload({"v": 1, "id": "x", "ops": []})
    wire._packed_runner.cache_clear()
    assert wire.encode_payload({"v": 1, "id": "x", "ops": []}) == first


def test_a_runner_that_was_prepared_is_not_packed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    operations = [{"op": "job_start", "ops": [{"op": "package_install"}]}]
    expected = wire.encode_payload({"ops": operations})
    wire._packed_runner.cache_clear()
    wire.prepare_runner(operations)
    monkeypatch.setattr(wire, "pack_runner", lambda _text: pytest.fail("packed again"))
    assert wire.encode_payload({"ops": operations}) == expected


@pytest.mark.parametrize("value", [float("nan"), object()])
def test_a_request_that_json_cannot_hold_is_refused(value):
    with pytest.raises((TypeError, ValueError)):
        wire.encode_payload({"v": 1, "id": "x", "ops": [{"op": "x", "value": value}]})


@given(json_values)
def test_any_json_request_survives(value):
    request = {"v": 1, "id": "x", "ops": [{"op": "x", "value": value}]}
    assert json.loads(gzip.decompress(base64.b64decode(wire.encode_payload(request).partition(b"|")[2]))) == request


@pytest.mark.parametrize(
    "stdout",
    [
        LINE,
        LINE.decode(),
        b"Banner\r\n\r\n" + LINE + b"\r\n",
        wrapped(LINE, 79),
        wrapped(LINE, 3),
        LINE.replace(b":", b": \t"),
        b"#< CLIXML\r\n<Objs><S>" + LINE + b"</S></Objs>",
        "\ufeff\u00dcber\udcff " + LINE.decode() + " \ud83d\ude00",
        LINE.decode().encode("utf-16-le"),
    ],
    ids=["bytes", "text", "banner", "wrapped", "wrapped in the marks", "blanks", "clixml", "not ascii", "utf-16"],
)
def test_an_answer_survives_its_surroundings(stdout):
    assert wire.decode_answer(stdout) == ANSWER


@given(st.binary(max_size=40).filter(lambda noise: b"#" not in noise), st.integers(1, 200), st.binary(max_size=40))
def test_an_answer_survives_any_banner_and_any_wrapping(before, width, after):
    after = after.replace(b"#", b"")
    assert wire.decode_answer(before + b"\n" + wrapped(LINE, width) + b"\n" + after) == ANSWER


@pytest.mark.parametrize("stdout", [b"", "", b"'powershell' is not recognized", b"#winops2:1:x:end#"])
def test_no_answer(stdout):
    with pytest.raises(wire.NoAnswer):
        wire.decode_answer(stdout)


@given(st.integers(len(b"#winops1:"), len(LINE) - 1))
def test_an_answer_that_breaks_off_anywhere_is_cut(length):
    with pytest.raises(wire.CutAnswer):
        wire.decode_answer(LINE[:length])


@pytest.mark.parametrize("stdout", [LINE + LINE, LINE + b"\n" + LINE[:30], LINE[:30] + b"\n" + LINE])
def test_more_than_one_answer_is_doubled(stdout):
    with pytest.raises(wire.DoubledAnswer):
        wire.decode_answer(stdout)


@pytest.mark.parametrize(
    "stdout",
    [
        LINE.replace(b"#winops1:", b"#winops1:9"),
        LINE[:40] + LINE[44:],
        b"#winops1::end#",
        b"#winops1:x:AAAA:end#",
        line_of(b"&&&&"),
        line_of(b"AAA"),
        line_of(base64.b64encode(b"not gzip")),
        line_of(base64.b64encode(zipped(b"{}")[:-4])),
        line_of(base64.b64encode(zipped(b"{}") + b"more")),
        line_of(base64.b64encode(zipped(b"\xff{}"))),
        line_of(base64.b64encode(zipped(b"[" * 100_000))),
        line([]),
        line(None),
        line({**ANSWER, "v": 2}),
        line({**ANSWER, "id": None}),
        line({**ANSWER, "device": None}),
        line({**ANSWER, "results": None}),
        line({**ANSWER, "results": [None]}),
        line({**ANSWER, "results": [{"ok": True}]}),
        line({**ANSWER, "results": [{"ok": False, "value": 1}]}),
    ],
)
def test_an_answer_of_another_form_is_damaged(stdout):
    with pytest.raises(wire.DamagedAnswer):
        wire.decode_answer(stdout)


def test_an_answer_that_unpacks_to_too_much_is_damaged(monkeypatch):
    monkeypatch.setattr(wire, "MAX_ANSWER_BYTES", 1000)
    big = line({**ANSWER, "results": [{"ok": True, "value": "x" * 1000}]})
    assert wire.decode_answer(LINE) == ANSWER
    with pytest.raises(wire.DamagedAnswer, match="1000"):
        wire.decode_answer(big)


def test_the_answer_to_another_request_is_wrong():
    assert wire.decode_answer(LINE, "a1") == ANSWER
    with pytest.raises(wire.WrongAnswer):
        wire.decode_answer(LINE, "a2")


@given(st.binary() | st.text())
def test_any_output_gives_an_answer_or_a_wire_error(stdout):
    with pytest.raises(wire.WireError):
        wire.decode_answer(stdout)


@given(st.data())
def test_an_answer_with_changed_bytes_is_this_answer_or_a_wire_error(data):
    damaged = bytearray(LINE)
    for at, byte in data.draw(st.dictionaries(st.integers(0, len(LINE) - 1), st.integers(0, 255), max_size=4)).items():
        damaged[at] = byte
    try:
        # base64 and gzip together notice everything but bits that mean nothing (the time in the gzip header).
        assert wire.decode_answer(bytes(damaged)) == ANSWER
    except wire.WireError:
        pass


def test_the_wire_needs_only_the_standard_library():
    tree = ast.parse(open(wire.__file__, encoding="utf-8").read())
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert all(node.level == 0 for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))
    imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in imported} <= sys.stdlib_module_names

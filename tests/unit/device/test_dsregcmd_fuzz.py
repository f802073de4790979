# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing that a device or a user feeds to the dsregcmd parser makes it raise anything but its own error."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.winops.entra.plugins.plugin_utils.device.dsregcmd import DsregcmdError
from ansible_collections.winops.entra.plugins.plugin_utils.device.pasted.status import parse

FIXTURES = Path(__file__).parents[1] / "fixtures/dsregcmd"
OUTPUTS = [path.read_text(encoding="utf-8") for path in sorted(FIXTURES.glob("*.txt"))]
PIECES = [
    "+---+",
    "| a |",
    "AzureAdJoined : YES",
    ":",
    " : x",
    "# ",
    "> ",
    "\r",
    "```",
    "\0",
    "C:\\>",
    " " * 70,
    "<br/>",
    "\x85",
    "\x1b[7m",
]
JOIN_TYPES = {"entra_joined", "hybrid_joined", "domain_joined", "workplace_registered", "none", None}


def survive(text: str | bytes) -> None:
    """Parse; what comes back has to have the promised shape."""
    try:
        result = parse(text)
    except DsregcmdError:
        return
    assert set(result) == {"join_type", "prt", "sections", "keys"}
    assert result["join_type"] in JOIN_TYPES
    assert result["prt"] in (True, False, None)
    assert result["keys"]
    for rows in (result["keys"], *result["sections"].values()):
        for key, value in rows.items():
            assert key == key.strip() and not key.endswith(":")
            assert isinstance(value, str) or (len(value) > 1 and all(isinstance(one, str) for one in value))
    json.dumps(result)


@given(st.binary(max_size=600))
def test_any_bytes(data):
    survive(data)


@given(st.text(max_size=600))
def test_any_text(text):
    survive(text)


@given(st.lists(st.sampled_from(PIECES)))
def test_any_sequence_of_the_formats_own_pieces(pieces):
    survive("\n".join(pieces))
    survive("".join(pieces))


@given(st.sampled_from(OUTPUTS), st.data())
def test_any_mutation_of_an_output(output, data):
    for _each in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(output)))
        end = data.draw(st.integers(start, min(len(output), start + 200)))
        output = output[:start] + data.draw(st.text(max_size=20)) + output[end:]
    survive(output)
    raw = bytearray(output.encode("utf-8", "surrogatepass"))
    if raw:
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    survive(bytes(raw))


@pytest.mark.parametrize("row", ["Th{eySignTest: : PASSED", "Th{eySignTest:: : PASSED", "Th{eySignTest :: : PASSED"])
def test_colons_at_the_end_of_a_key_that_nobody_knows(row):
    survive(f"+---+\n| Device Details |\n+---+\n\n    DeviceId : x\n    {row}\n")


LONG = 100_000
HOSTILE = {
    "blanks inside a value": "AzureAdJoined : a" + " " * LONG + "b",
    "blanks inside a title": "+---+\n| a" + " " * LONG + "b",
    "blanks behind a key": "AzureAdJoined" + " " * LONG,
    "bars": "+---+\n" + "|a" * LONG,
    "colons": "A:" * LONG,
    "prompts": "a:\\" * LONG,
    "tags": "<br " * LONG,
    "blanks": " " * LONG,
    "blanks behind a list mark": "- " + " " * LONG,
    "blanks in a table": "| a" + " " * LONG + "|",
    "line ends written out": "\\r" * LONG,
    "a value broken without end": "AzureAdJoined : " + ("y" * 79 + "\n") * (LONG // 20),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_time_grows_with_the_text_and_not_with_its_square(name):
    started = time.process_time()
    survive(HOSTILE[name])
    assert time.process_time() - started < 2

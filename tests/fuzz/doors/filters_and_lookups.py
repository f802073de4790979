# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters, and the look-ups of codes in texts behind them: odd texts, odd types."""

from __future__ import annotations

import json
import random
import typing as t

from ansible.errors import AnsibleFilterError

from ansible_collections.winops.entra.plugins.filter.join_error import join_error
from ansible_collections.winops.entra.plugins.filter.object_id_to_sid import to_sid
from ansible_collections.winops.entra.plugins.filter.sid_to_object_id import to_object_id
from ansible_collections.winops.entra.plugins.plugin_utils import untrusted
from ansible_collections.winops.entra.plugins.plugin_utils.device import blocked, redaction
from ansible_collections.winops.entra.plugins.plugin_utils.device.codes import find, sentences
from ansible_collections.winops.entra.plugins.plugin_utils.device.codes.explain import codes_in
from tests.fuzz import values

SAMPLE = 800
MOST_LETTERS = 1_000_000
"""Of a text: an answer of a device holds no more."""
PIECES = (
    *(
        "0x801c001d",
        "801C001D",
        "-2145648611",
        "2149318685",
        "AADSTS700082",
        "AADSTS50034:",
        "0x",
        "exit 1007",
        "HTTP 503",
    ),
    *(
        "hr=",
        "error",
        "Error code",
        "failed",
        "status",
        "code:",
        " seconds",
        "KB5034441",
        "10.0.26100.1",
        "https://a.b/c?d=1",
    ),
    *(
        "Trace ID: ",
        "6e4cbe68-588b-499c-8c04-dcfff140a1ca",
        "eyJhbGciOi",
        "password=",
        "token: ",
        "(",
        ")",
        ".",
        ",",
        "\n",
    ),
    *("0xcaa82f8f", "0x80072ee7", "win32", "NTSTATUS", "WebException", '{"error":"', "²", "१२", "9" * 30, "0" * 12),
)


def one(chance: random.Random) -> None:
    chance.choice((_filters, _look_ups))(chance)


def _filters(chance: random.Random) -> None:
    given = _given(chance)
    for filter_of in (join_error, to_sid, to_object_id):
        try:
            found = filter_of(given)
        except AnsibleFilterError as exc:
            assert str(exc)
        else:
            json.dumps(found)


def _look_ups(chance: random.Random) -> None:
    text = _text(chance)
    spelled = find.spell_hresults(text)
    assert isinstance(spelled, str)
    for code in (*find.find_codes(text), *codes_in(text)):
        assert code.startswith(("0x", "AADSTS", "exit ")) or " " in code or code.isalnum(), code
    sentences.tidy(text)
    sentences.sentence(text)
    blocked.by_what(text)
    redaction.redact({text: [text, {"base64": text}]})
    assert untrusted.in_one_line(text).isprintable()
    untrusted.harmless(text).encode("utf-8")


def _given(chance: random.Random) -> t.Any:
    kind = chance.random()
    # A whole number of more digits than Python writes.
    return _text(chance) if kind < 0.7 else values.value(chance) if kind < 0.99 else 10 ** chance.choice((40, 5000))


def _text(chance: random.Random) -> str:
    if chance.random() < 0.3:
        return values.text(chance)
    pieces = [
        chance.choice(PIECES) if chance.random() < 0.8 else values.text(chance) for _n in range(chance.randrange(9))
    ]
    text = chance.choice(("", " ", ": ")).join(pieces)
    return (text * chance.choice((1, 1, 1, 1, 1, 50)))[:MOST_LETTERS]

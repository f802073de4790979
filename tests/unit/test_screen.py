# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task shows while it runs: where, whose it is, and when nothing."""

from __future__ import annotations

import types

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils import screen


def action(delegate_to: str | None = None) -> types.SimpleNamespace:
    return types.SimpleNamespace(
        _task=types.SimpleNamespace(action="winops.entra.join", delegate_to=delegate_to, no_log=False)
    )


@pytest.mark.parametrize(
    ("delegate_to", "connects", "begins"),
    [(None, True, "join: [pc]"), ("kiosk", True, "join: [pc -> kiosk]"), ("kiosk", False, "join:")],
)
def test_a_sentence_says_whose_it_is(delegate_to, connects, begins):
    assert screen.whose(action(delegate_to), "pc", connects) == begins


@pytest.mark.parametrize("silent", [False, True])
def test_standard_output_is_left_to_the_callback(capsys, silent):
    shown = screen.Screen("join: [pc]", lambda text: text.replace("secret", "***"), silent)
    shown.say("a secret\x1b[2J")
    shown.line("a  table")
    out, err = capsys.readouterr()
    assert out == "" and err == ("" if silent else "join: [pc] a ***\\u001b[2J\na  table\n")

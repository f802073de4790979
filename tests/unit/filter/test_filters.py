# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters as Ansible finds and calls them."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible.errors import AnsibleFilterError
from ansible.plugins.loader import filter_loader

FIXTURES = Path(__file__).parents[1] / "fixtures/dsregcmd"


def call(name: str, value):
    return filter_loader.get(f"winops.entra.{name}").j2_function(value)


def test_dsregcmd_turns_a_saved_output_into_data():
    result = call("dsregcmd", (FIXTURES / "entra-joined.txt").read_text(encoding="utf-8"))
    assert result["join_type"] == "entra_joined"
    assert result["prt"] is True
    assert result["sections"]["Device Details"]["DeviceId"] == result["keys"]["DeviceId"]


@pytest.mark.parametrize("value", ["", "no output at all", None, ["AzureAdJoined : YES"], 7])
def test_dsregcmd_says_what_it_expected(value):
    with pytest.raises(AnsibleFilterError, match=r"winops\.entra\.dsregcmd: .*dsregcmd /status"):
        call("dsregcmd", value)


@pytest.mark.parametrize("value", ["0x801c0003", -2145648637, "failed: 0x801c0003"])
def test_join_error_explains_codes_and_texts(value):
    explanation = call("join_error", value)
    assert explanation["name"] == "DSREG_E_DEVICE_AUTHORIZATION_ERROR"
    assert "Users may join devices" in explanation["fix"]


def test_join_error_does_not_guess_at_unknown_codes():
    explanation = call("join_error", "0x8a5e0001")
    assert (explanation["name"], explanation["side"]) == ("unknown_code", None)


@pytest.mark.parametrize("value", [None, True, 1.5, ["0x801c0003"], {}])
def test_join_error_refuses_what_is_no_code(value):
    with pytest.raises(AnsibleFilterError, match=r"winops\.entra\.join_error: expected a code"):
        call("join_error", value)

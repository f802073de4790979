# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options are read, and refused, at one place and in one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils import option_door, options
from ansible_collections.winops.entra.plugins.plugin_utils.result import Failure
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.graph import clouds, credentials

PLUGINS = Path(__file__).parents[2] / "plugins"
GUID = "0c1a2b3c-4d5e-6f70-8192-a3b4c5d6e7f8"


def test_no_other_file_makes_the_sentence():
    files = [path for path in PLUGINS.rglob("*.py") if '"bad_option"' in path.read_text(encoding="utf-8")]
    assert [path.relative_to(PLUGINS).as_posix() for path in files] == ["plugin_utils/options.py"]


def test_a_refusal_says_the_option_the_reason_and_what_is_right():
    failure = options.bad_option("since", "it is no time", "give one")
    assert failure.msg == "bad option since: it is no time; give one"
    error = failure.error
    assert (error["name"], error["side"], error["cause"], error["fix"]) == (
        "bad_option",
        "controller",
        "it is no time",
        "give one",
    )


@pytest.mark.parametrize("text", [GUID, GUID.upper(), f"{{{GUID}}}", f" {GUID}\n", f" {{{GUID.upper()}}} "])
def test_a_guid_is_taken_as_people_copy_it(text):
    assert options.require_guid(text, "tenant_id") == GUID


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "contoso.com",
        GUID[:-1],
        GUID + "0",
        f"{{{GUID}",
        GUID[:-2] + "_f",
        GUID[:-1] + "\u0661",
        "+" + GUID[1:],
    ],
)
def test_what_is_no_guid_is_refused_by_the_name_of_the_option(text):
    with pytest.raises(Failure) as caught:
        options.require_guid(text, "tenant_id")
    assert caught.value.msg.startswith(f"bad option tenant_id: {text!r} is not a GUID; ")


def test_only_what_is_not_given_may_be_absent():
    spec = {"tenant_id": {"type": "str", "holds": "guid"}}
    option_door.refuse_odd_values({"tenant_id": None}, spec)
    assert option_door.understood({"tenant_id": None}, spec) == {"tenant_id": None}
    with pytest.raises(Failure):
        option_door.refuse_odd_values({"tenant_id": ""}, spec)


@pytest.mark.parametrize(
    ("least", "value", "says"), [(1, 0, "positive"), (1, -3, "positive"), (0, -1, "less than 0"), (5, 4, "less than 5")]
)
def test_a_number_that_is_too_small_is_refused(least, value, says):
    options.require_at_least(least, least, "timeout")
    options.require_at_least(least, None, "timeout")
    with pytest.raises(Failure) as caught:
        options.require_at_least(least, value, "timeout")
    assert caught.value.msg.startswith("bad option timeout: ") and says in caught.value.msg


SPEC = {
    "timeout": {"type": "int"},
    "deletions": {"type": "int", "least": 0},
    "name": {"type": "str"},
    "password": {"type": "str", "no_log": True},
    "ports": {"type": "list", "elements": "int"},
    "targets": {
        "type": "list",
        "elements": "dict",
        "options": {"tries": {"type": "int"}, "keys": {"type": "list", "elements": "str", "no_log": True}},
    },
}


@pytest.mark.parametrize(
    ("args", "name"),
    [
        ({"timeout": 0}, "timeout"),
        ({"timeout": 1, "deletions": -1}, "deletions"),
        ({"ports": [443, 0]}, "ports"),
        ({"targets": [{"tries": 1}, {"tries": 0}]}, "targets.tries"),
    ],
)
def test_each_number_is_looked_at_wherever_it_stands(args, name):
    option_door.understood({"timeout": 1, "deletions": 0, "ports": None, "name": "0"}, SPEC)
    with pytest.raises(Failure) as caught:
        option_door.understood(args, SPEC)
    assert f"bad option {name}: " in caught.value.msg


def test_secrets_are_found_by_what_the_spec_says_of_them():
    assert options.secrets_among({"timeout": 1, "name": "pc"}, SPEC) == ()
    args = {"name": "pc", "password": "fD7-kjR2", "targets": [{"keys": ["Zt5_qwL9", ""]}, {"tries": 3}]}
    assert options.secrets_among(args, SPEC) == ("fD7-kjR2", "Zt5_qwL9")


def test_the_choices_are_those_that_the_code_knows():
    assert {*options.AUTH} == {"auto", *credentials.AUTH_KINDS}
    assert options.CLOUD_NAMES == tuple(clouds.CLOUDS)

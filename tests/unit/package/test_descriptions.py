# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A description is checked before anything is made of it: each mistake is named with its place, and no secret is."""

from __future__ import annotations

import re

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.package.description.description import (
    checked,
    is_placeholder,
    secret_texts,
)
from ansible_collections.winops.entra.plugins.plugin_utils.package.description.problems import BadDescription
from ansible_collections.winops.entra.plugins.plugin_utils.package.description.text import read_text
from tests.collection import ROOT

SECRET = "fK7-quartz-ladder-9"
USER = {"name": "rescue", "password": SECRET}
TARGET = {"id": "laptops", "states": [{"PowerPlatformRole": 2}]}


def problems(data, text: bool = False) -> list[str]:
    with pytest.raises(BadDescription) as refusal:
        checked(*read_text(data)) if text else checked({"name": "Contoso"} | data)
    assert refusal.value.error["name"] == "bad_description" and refusal.value.error["side"] == "controller"
    assert SECRET not in refusal.value.msg
    return refusal.value.problems


@pytest.mark.parametrize(
    ("data", "place", "says"),
    [
        ({"colour": "red"}, "colour", "is not known here"),
        ({"computername": "x"}, "computername", "did you mean computer_name?"),
        ({"name": None}, "name", "is missing"),
        ({"name": " "}, "name", "is empty"),
        ({"name": "a\x01b"}, "name", "XML cannot hold"),
        ({"id": "join"}, "id", "is not a GUID"),
        ({"id": "00000000-0000-0000-0000-000000000000"}, "id", "is not a GUID"),
        ({"version": 1.0}, "version", "put it in quotes"),
        ({"version": "one"}, "version", "is not a version"),
        ({"owner": "Contoso"}, "owner", "is not one of: Microsoft, SiliconVendor"),
        ({"rank": 100}, "rank", "from 0 to 99"),
        ({"rank": True}, "rank", "from 0 to 99"),
        ({"revision": "2"}, "revision", "whole number"),
        ({"package_config": {"a b": "x"}}, "package_config", "by the names of elements"),
        ({"bulk_token": {"value": SECRET, "until": 1}}, "bulk_token.until", "is not known here"),
        ({"bulk_token": {"authority": "https://a"}}, "bulk_token.value", "is missing"),
        ({"bulk_token": "$bprt"}, "bulk_token", "placeholder"),
        ({"bulk_token": "0.AAA\n0.BBB"}, "bulk_token", "a line break within it"),
        ({"bulk_token": "********"}, "bulk_token.value", "the sign that stands for a secret"),
        ({"bulk_token": {"value": SECRET, "expires": "soon"}}, "bulk_token.expires", "is not a day"),
        ({"bulk_token": [SECRET]}, "bulk_token", "is not a dictionary"),
        ({"computer_name": "PC-%SERIEL%"}, "computer_name", "neither %SERIAL% nor %RAND:n%"),
        ({"computer_name": ""}, "computer_name", "is empty"),
        ({"security_keys": "maybe"}, "security_keys", "neither true nor false"),
        ({"local_users": USER}, "local_users", "is not a list"),
        ({"local_users": [SECRET]}, "local_users[0]", "is not a dictionary"),
        ({"local_users": [{"password": SECRET}]}, "local_users[0].name", "is missing"),
        ({"local_users": [{"name": "a"}]}, "local_users[0].password", "is missing"),
        ({"local_users": [{"name": "a", "password": 12345}]}, "local_users[0].password", "put it in quotes"),
        ({"local_users": [USER | {"group": SECRET}]}, "local_users[0].group", "is not one of: administrators"),
        ({"certificates": [{"kind": "rood", "name": "a", "file": "a"}]}, "certificates[0].kind", "is not one of: root"),
        ({"certificates": [{"kind": "root", "name": "a"}]}, "certificates[0].file", "is missing"),
        (
            {"certificates": [{"kind": "client", "name": "a", "file": "a", "password": SECRET}]},
            "certificates[0].key_location",
            "is missing",
        ),
        ({"wifi": [{"ssid": "a", "security": "wep"}]}, "wifi[0].key", "is missing"),
        ({"wifi": [{"ssid": "a", "security": "wpa3"}]}, "wifi[0].security", "is not one of: open"),
        ({"commands": [{"name": "a"}]}, "commands[0].line", "is missing"),
        ({"commands": [{"line": "a", "restart_code": "x"}]}, "commands[0].restart_code", "is not a whole number"),
        ({"commands": [{"line": "a", "more_files": [{"name": "b"}]}]}, "commands[0].more_files[0].file", "no value"),
        ({"commands": [{"line": "a", "more_files": ["b/"]}]}, "commands[0].more_files[0].name", "ends with no name"),
        ({"oobe": True}, "oobe", "is not a dictionary"),
        ({"settings": [{"path": "Accounts/Azure/BRPT", "value": SECRET}]}, "settings[0].path", "Accounts/Azure/BPRT"),
        ({"settings": [{"path": "Power2/X", "value": "1"}]}, "settings[0].path", "unknown_settings"),
        ({"settings": [{"path": "a//b", "value": "1"}]}, "settings[0].path", "cannot be read"),
        ({"settings": [{"value": "1"}]}, "settings[0].path", "is missing"),
        ({"settings": [{"path": "Accounts/Azure", "value": "1"}]}, "settings[0].value", "no value of its own"),
        ({"settings": [{"path": "Accounts/Users/User/HomeDir", "value": ""}]}, "settings[0].path", "needs its User"),
        ({"settings": [{"path": "Accounts/Azure[x]/BPRT", "value": "x"}]}, "settings[0].path", "takes no key"),
        ({"settings": [{"path": "OOBE/Desktop/HideOobe", "value": "perhaps"}]}, "settings[0].value", "neither true"),
        ({"settings": [{"path": "OOBE/Desktop/HideOobe"}]}, "settings[0].value", "has no value"),
        (
            {"settings": [{"path": "Policies/Experience/AllowManualMDMUnenrollment", "value": 2}]},
            "settings[0].value",
            "is more than 1",
        ),
        (
            {"settings": [{"path": "UnifiedWriteFilter/Volumes/Volume[CC]/Protected", "value": 1}]},
            "settings[0].path",
            "is not of the form",
        ),
        (
            {"settings": [{"path": "Accounts/Users/User[a](2)/Password", "value": SECRET}]},
            "settings",
            "before the one that it follows",
        ),
        (
            {"security_keys": True, "settings": [
                {"path": "windowshelloforbusiness/SecurityKeys/UseSecurityKeyForSignIn", "value": 0}]},
            "settings[0].value",
            "a second time (first: security_keys)",
        ),
        ({"unknown_settings": ["a[b]"]}, "unknown_settings[0]", "without its keys"),
        ({"targets": [{"id": "a", "states": []}]}, "targets[0].states", "no device would fit"),
        ({"targets": [TARGET, TARGET]}, "targets[1].id", "of another target"),
        ({"targets": [{"id": "a", "states": ["x"]}]}, "targets[0].states[0]", "conditions"),
        ({"conditional": [{"targets": ["desks"]}]}, "conditional[0].targets[0]", "is not the id of a target"),
        ({"conditional": [{"computer_name": "x"}]}, "conditional[0].targets", "is missing"),
        ({"targets": [TARGET], "conditional": [{"targets": ["laptops"], "kind": 1}]}, "conditional[0].kind", "variant"),
        ({"targets": [TARGET], "conditional": [{"targets": ["laptops"], "id": ""}]}, "conditional[0].id", "not known"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_each_mistake_is_named_with_its_place(data, place, says):
    assert any(each.startswith(f"{place} ") and says in each for each in problems(data)), problems(data)


def test_a_profile_of_windows_is_replaced_by_its_id():
    replaced = {"kind": "replace", "targets": ["12345678-abcd-1111-aaaa-1ead5bca0320"]}

    assert checked({"name": "n", "conditional": [replaced]}).document.blocks[1].condition.kind == "Replace"


def test_a_name_is_enough():
    document = checked({"name": "Contoso"}).document

    assert (document.identity.version, document.identity.owner, document.identity.rank) == ("1.0", "ITAdmin", "0")
    assert document.always() == []


def test_the_description_of_the_guide_is_right():
    guide = (ROOT / "docs" / "packages.md").read_text(encoding="utf-8")
    text = guide.partition("```yaml\n")[2].partition("```")[0]
    data = read_text(re.sub(r"\{\{.*?\}\}", SECRET, text))[0]

    assert checked(data).token_expires.isoformat() == "2027-03-31"


def test_all_mistakes_are_told_at_once_with_their_lines():
    text = f"""
name: Contoso
version: 1.0
local_users:
  - name: rescue
    password: {SECRET}
  - name: kiosk
settings:
  - path: Accounts/Azure/BRPT
    value: x
"""
    assert problems(text, text=True) == [
        "line 3: version is not a text: put it in quotes",
        "line 7: local_users[1].password is missing",
        (
            "line 9: settings[0].path Accounts/Azure/BRPT is not a setting that is known here; "
            "did you mean Accounts/Azure/BPRT or Accounts/Azure?"
        ),
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "it is empty"),
        ("a: b: c", "line 1: it is not YAML"),
        (f"password: {SECRET}: x", "line 1: it is not YAML"),
        (f"a: !other {SECRET}", "line 1: it is not YAML"),
        ("name: a\nname: b", "line 2: it has the key name a second time"),
        ("x: " + "[" * 500, "it is not YAML"),
        ("[" * 40 + "]" * 40, "levels"),
        ("- a", "the description is not a dictionary"),
        ("a: &a [x, x]\nb: &b [*a, *a]\n" + "".join(
            f"{chr(98 + n)}{n}: &{chr(98 + n)}{n} [*{'b' if n == 0 else chr(97 + n) + str(n - 1)}"
            f", *{'b' if n == 0 else chr(97 + n) + str(n - 1)}]\n" for n in range(18)), "values"),
    ],
    ids=lambda value: value[:12] if isinstance(value, str) else "",
)  # fmt: skip
def test_a_text_that_is_no_description_is_refused(text, says):
    assert any(says in each for each in problems(text, text=True))


def test_an_unknown_setting_is_allowed_by_its_name_and_so_is_what_is_in_it():
    data = {"name": "n", "settings": [{"path": "Power2/Plan[@Id=7]/Level", "value": "3"}]}

    assert problems(data)
    for allowed in ("Power2", "power2/plan/LEVEL"):
        document = checked(data | {"unknown_settings": [allowed]}).document
        assert [setting.path for setting in document.always()] == ["Power2/Plan[@Id=7]/Level"]


def test_a_description_names_its_secrets_and_does_not_print_them():
    data = {
        "name": "n",
        "bulk_token": f"{SECRET}-0",
        "local_users": [{"name": "a", "password": f"{SECRET}-1"}],
        "wifi": [{"ssid": "a", "security": "wep", "key": f"{SECRET}-2"}],
        "certificates": [
            {"kind": "client", "name": "a", "file": "a.pfx", "password": f"{SECRET}-3", "key_location": "software"}
        ],
        "settings": [
            {"path": "SMISettings/AutoLogon/Password", "value": f"{SECRET}-4"},
            {"path": "EditionUpgrade/ChangeProductKey", "value": f"{SECRET}-5"},
            {"path": "Workplace/Enrollments/UPN[a@b.example]/Secret", "value": f"{SECRET}-6"},
            {"path": "ConnectivityProfiles/WLAN/Profiles/Profile[x]", "value": "x.xml"},
            {"path": "Accounts/Users/User[a]/@Password", "value": f"{SECRET}-7"},
            {"path": "Foo/Profile", "value": f"<a><keyMaterial>{SECRET}-8</keyMaterial></a>"},
        ],
        "unknown_settings": ["Accounts/Users/User/@Password", "Foo"],
    }
    description = checked(data)

    assert description.secrets() == {f"{SECRET}-{number}" for number in range(9)}
    assert SECRET not in repr(description) + repr(description.document)
    # What is wrong is masked, too, by the names of its fields.
    assert {f"{SECRET}-{number}" for number in range(8)} <= secret_texts(data)


@pytest.mark.parametrize(
    "text",
    ["$bprt", "${BPRT}", "$($token)", "{{ bprt }}", "%BPRT%", "<your token>", "[TOKEN]", "XXXX", "****", "@BPRT@"],
)
def test_a_token_that_nobody_has_filled_in_is_known(text):
    assert is_placeholder(text)


def test_a_token_is_without_the_line_break_of_its_block():
    by_path = {"settings": [{"path": "Accounts/Azure/BPRT", "value": " 0.AAA\n"}]}
    for data in ({"bulk_token": "0.AAA\n"}, by_path):
        assert checked({"name": "Contoso"} | data).secrets() == {"0.AAA"}
        assert "0.AAA" in {setting.value for setting in checked({"name": "Contoso"} | data).document.always()}


@pytest.mark.parametrize("text", ["0.AbC-$x", "eyJ0.e30.sig", "AQAB<", "tok{en}", ""])
def test_a_token_is_no_placeholder(text):
    assert not is_placeholder(text)

# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No module takes a value that its option cannot mean: each option of each module's spec, with what people and their
templates hand over by mistake. A new option is held by it without a line here."""

from __future__ import annotations

import copy
import dataclasses
import re
import typing as t

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils import option_door
from ansible_collections.winops.entra.plugins.plugin_utils.result import Failure

from . import test_every_module as every

run = every.run

INVISIBLE = ("\ufeff", "\u200b \u200b")
INF, NAN = float("inf"), float("nan")
LONG = "a" * 100_000
NO_TEXTS = (
    "",
    " ",
    "\n",
    "\t ",
    "\0",
    "a\0b",
    "a\x1b[2Jb",
    "a\x7fb",
    "a\x85b",
    "a\u2028b",
    "a\u202eb",
    "a\ud800",
    LONG,
)
NO_LINES = ("a\nb", "a\r\nb")
TYPES_OF_NO_TEXT = (True, INF, -INF, NAN, 10**5000, [], ["a"], {}, {"a": 1})
NO_NUMBERS = (
    *("", " ", "\n", "many", "1e9", "1e999999999", "0x10", "\u0661", "a\0b", "9" * 100_000, "inf", "nan", "1,5"),
    *(INF, -INF, NAN, 1.5, True, False, [], [1], {}, {"a": 1}, 2**31, 2**63, 10**30, 10**5000, 1e308, -1, -(2**63)),
)
NO_BOOLEANS = ("", " ", "\n", "perhaps", "a\0b", LONG, INF, NAN, 0.5, 2, -1, [], [True], {}, {"a": 1})
NO_LISTS = (True, 1.5, INF, {}, {"a": 1})
NO_DICTS = (
    True,
    5,
    INF,
    [],
    ["a"],
    "",
    " ",
    *("text", "{", "{1}", "{" * 5000),
    LONG,
    {5: 1},
    {None: 1},
    {"": 1},
    {" ": 1},
    {"a\0b": 1},
    {LONG: 1},
)
NO_GUIDS = ("contoso.example", "a/b", "{}", "0c1a2b3c-4d5e-6f70-8192-a3b4c5d6e7f", "0c1a2b3c4d5e6f708192a3b4c5d6e7f8")
NO_URLS = ("host", "//host", "ftp://host", "https://", "https://[x", "https://host:99999", "https://host:x", "a b")
NO_SHA256 = ("0" * 63, "md5:" + "0" * 32, "g" * 64, "0" * 65)
NO_VARIABLES = (
    "my-device",
    "7up",
    "a.b",
    "a b",
    "caf\u00e9",
    "None",
    "ansible_host",
    "hostvars",
    "vars",
    "{{ x }}",
    "tags",
)
OF_KINDS = {
    "hardware_hash": (),
    "guid": NO_GUIDS,
    "url": NO_URLS,
    "sha256": NO_SHA256,
    "authority": ("https://[x", "https://", "a b"),
    "base64": ("***", "a b", "caf\u00e9", "===="),
    "variable": NO_VARIABLES,
}
BY_TYPE = {"int": NO_NUMBERS, "bool": NO_BOOLEANS}


class Place(t.NamedTuple):
    """An option of a module, or an option of such an option: its name in messages, and how a value gets there."""

    module: str
    name: str
    option: dict
    put: t.Callable[[t.Any], dict]


def places(module: str) -> list[Place]:
    return [
        Place(module, name, option, _at(every.GOOD.get(module, {}), name))
        for name, option in every.spec_of(module).items()
    ] + [
        Place(module, f"{name}.{inner}", below, _inside(module, name, option, inner))
        for name, option in every.spec_of(module).items()
        for inner, below in (option.get("options") or {}).items()
    ]


def _at(good: dict, name: str) -> t.Callable[[t.Any], dict]:
    return lambda value: {**copy.deepcopy(good), name: value}


def _inside(module: str, name: str, option: dict, inner: str) -> t.Callable[[t.Any], dict]:
    right = {
        key: (below.get("choices") or ["https://host.example" if below.get("holds") == "url" else "right"])[0]
        for key, below in option["options"].items()
        if below.get("required")
    }

    def put(value: t.Any) -> dict:
        made = {**right, inner: value}
        return {**copy.deepcopy(every.GOOD.get(module, {})), name: [made] if option["type"] == "list" else made}

    return put


def odd_values(option: dict) -> list[t.Any]:
    """What an option of this spec can never mean."""
    kind = option.get("type", "str")
    if kind in BY_TYPE:
        return list(BY_TYPE[kind])
    if kind == "dict":
        return [*NO_DICTS, _nested(100), *([{"misspeled": 1}] if option.get("options") else [])]
    if kind == "list":
        element = {**option, "type": option["elements"], "empty": False}
        return [*NO_LISTS, *([value] for value in [*odd_values(element), None]), ["right", []], [[[]]]]
    lines = () if option.get("holds") in ("text", "hardware_hash") else NO_LINES
    texts = [*NO_TEXTS, *INVISIBLE, *lines, ".", "..", *TYPES_OF_NO_TEXT, *OF_KINDS.get(option.get("holds", ""), ())]
    return [text for text in texts if text != "" or not option.get("empty")]


def _nested(levels: int) -> dict:
    made: dict = {}
    for _level in range(levels):
        made = {"a": made}
    return made


PLACES = [place for module in every.MODULES for place in places(module)]


@pytest.mark.parametrize("place", PLACES, ids=lambda place: f"{place.module}-{place.name}")
def test_what_an_option_cannot_mean_is_refused_by_its_name(run, place):
    promised = every.promised(place.module)
    for number, value in enumerate(odd_values(place.option)):
        result = run(place.module, place.put(value))
        shown = f"value {number}, a {type(value).__name__}"
        assert (result["failed"], result["changed"], result["error"]["name"]) == (True, False, "bad_option"), shown
        assert re.search(rf"\b{re.escape(place.name.rpartition('.')[2])}\b", result["msg"]), (shown, result["msg"])
        assert result["error"]["fix"] and len(result["msg"]) < 1500, shown
        assert not re.search("[\0-\x1f\x7f-\x9f\u2028\u202e\ud800-\udfff]", result["msg"]), shown
        assert promised <= set(result), shown


def test_there_is_a_kind_of_odd_value_for_each_type_and_each_kind():
    kinds = {place.option.get("type", "str") for place in PLACES}
    assert kinds <= {"str", "path", "int", "bool", "list", "dict"}
    assert {place.option["holds"] for place in PLACES if "holds" in place.option} <= set(option_door.KINDS)
    assert set(OF_KINDS) == set(option_door.KINDS) - {"line", "text", "path"}
    assert len(PLACES) > 200


def test_an_empty_text_means_something_only_where_the_spec_says_so(run):
    """The list is here, too, so that nobody opens a door in passing."""
    declared = {f"{place.module}.{place.name}" for place in PLACES if place.option.get("empty")}
    urls = {f"mdm_scope.{name}" for name in ("discovery_url", "terms_of_use_url", "compliance_url")}
    texts = {f"enrollment_status_page.{name}" for name in ("description", "error_message")}
    texts |= {f"autopilot_profile.{name}" for name in ("description", "device_name_template")}
    assert declared == {"group.description", *urls, *texts}
    for place in PLACES:
        if place.option.get("empty"):
            with pytest.raises(AssertionError, match="contact was made"):
                run(place.module, place.put(""), every._reaching(place.module))


@pytest.mark.parametrize("variable", ["AZURE_TENANT_ID", "AZURE_CLIENT_SECRET", "WINOPS_ENTRA_CA_FILE"])
def test_an_empty_variable_of_the_environment_is_none(run, monkeypatch, variable):
    monkeypatch.setenv(variable, "")
    with pytest.raises(AssertionError, match="contact was made"):
        run("group", every.GOOD["group"], every._reaching("group"))


def test_an_odd_variable_of_the_environment_is_refused_by_the_name_of_the_option(run, monkeypatch):
    monkeypatch.setenv("WINOPS_ENTRA_GRAPH_URL", "https://[x")
    assert "bad option graph_url: " in run("group", every.GOOD["group"])["msg"]


def test_a_secret_is_not_repeated_by_its_refusal(run):
    for value in ([every.SECRET], {every.SECRET: 1}, f"{every.SECRET}\0", every.SECRET * 10_000, f"{every.SECRET}\nx"):
        result = run("group", {**every.GOOD["group"], "client_secret": value})
        assert "client_secret" in result["msg"] and every.SECRET not in str(result)


TENANT = {"tenant_id": "d10f84e2-ba05-45c0-90b7-994f1fafa537"}
PACKAGE_ID = "4a1f9e0c-7a55-4f0e-9d0b-0a52f3a7c111"
SUM = "0" * 64


@pytest.mark.parametrize(
    ("module", "given", "option"),
    [
        ("join", {**TENANT, "path": "C:\\a.ppkg", "package_id": PACKAGE_ID, "checksum": SUM}, "checksum"),
        ("ppkg", {"path": "C:\\a.ppkg", "package_id": PACKAGE_ID, "checksum": SUM}, "checksum"),
        ("ppkg", {"state": "absent", "package_id": PACKAGE_ID, "checksum": SUM}, "checksum"),
        ("join", {**TENANT, "method": "azure_vm", "package_id": PACKAGE_ID}, "package_id"),
        ("join", {**TENANT, "method": "azure_vm", "path": "C:\\a.ppkg", "package_id": PACKAGE_ID}, "path"),
        ("join", {**TENANT, "method": "azure_vm", "src": "a.ppkg"}, "src"),
        ("join", {**TENANT, "src": "a.ppkg", "mdm_id": PACKAGE_ID}, "mdm_id"),
        (
            "directory_device",
            {"names": ["a"], "extension_attributes": {"extensionAttribute1": INF}},
            "extensionAttribute1",
        ),
        (
            "directory_device",
            {"names": ["a"], "extension_attributes": {"extensionAttribute1": "\ud800"}},
            "extensionAttribute1",
        ),
        (
            "directory_device",
            {"names": ["a"], "extension_attributes": {"extensionAttribute1": True}},
            "extensionAttribute1",
        ),
        ("diagnose", {"since": "0001-01-01T00:00:00+23:59"}, "since"),
        ("diagnose", {"since": "9999-12-31T23:59:59-23:59"}, "since"),
    ],
)
def test_an_option_that_would_not_be_used_or_cannot_be_is_refused(run, module, given, option):
    kind = every.plugin(module)
    sides = tuple(dataclasses.replace(side, open=lambda *_args: None, close=lambda _task: None) for side in kind.sides)
    result = run(module, given, type("ActionModule", (kind,), {"sides": sides}))
    assert result["error"]["name"] == "bad_option" and f"bad option {option}: " in result["msg"].replace(
        "extension_attributes.", ""
    )


GUID = "0c1a2b3c-4d5e-6f70-8192-a3b4c5d6e7f8"
SPEC = {
    "ids": {"type": "list", "elements": "str", "holds": "guid"},
    "checksum": {"type": "str", "holds": "sha256"},
    "seconds": {"type": "int", "least": 5, "most": 10},
    "people": {"type": "list", "elements": "dict", "options": {"name": {"type": "str", "empty": True}}},
}


def test_the_work_gets_values_in_one_spelling():
    given = {
        "ids": [f" {{{GUID.upper()}}}\n"],
        "checksum": "sha256:" + "AB" * 32,
        "seconds": 5,
        "people": [{"name": ""}],
    }
    assert option_door.understood(given, SPEC) == {**given, "ids": [GUID], "checksum": "ab" * 32}


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ({"seconds": 4}, "bad option seconds: 4 is less than 5"),
        ({"seconds": 11}, "bad option seconds: 11 is more than 10"),
        ({"ids": [GUID, "x"]}, "bad option ids: 'x' is not a GUID"),
        ({"ids": [GUID, ""]}, "bad option ids: entry 2: it is empty"),
        ({"ids": f"{GUID},,"}, "bad option ids: entry 2: it is empty"),
        ({"people": [{"name": "a"}, {"name": "b\0"}]}, "bad option people.name: it has the character U+0000"),
        ({"checksum": ""}, "leave checksum out: a variable that may be empty is given with default(omit, true)"),
    ],
)
def test_a_refusal_says_which_and_what_would_be_right(args, says):
    with pytest.raises(Failure) as caught:
        option_door.refuse_odd_values(args, SPEC)
        option_door.understood(args, SPEC)
    assert says in caught.value.msg


class Vaulted:
    """A vaulted variable as ansible-core before 2.19 hands it on: no text yet."""

    __ENCRYPTED__ = True

    def __str__(self) -> str:
        return "fD7-kjR2"


def test_a_vaulted_variable_is_a_text():
    option_door.refuse_odd_values({"secret": Vaulted()}, {"secret": {"type": "str", "no_log": True}})


def test_ansible_gets_the_part_of_a_spec_that_it_knows():
    known = option_door.ansible_spec(SPEC)
    assert known["ids"] == {"type": "list", "elements": "str"} and known["seconds"] == {"type": "int"}
    assert known["people"]["options"] == {"name": {"type": "str"}}

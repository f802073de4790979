# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a device says is found in any case, is of the type that is asked for, and refused is never absent."""

from __future__ import annotations

import base64
import re
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.winops.entra.plugins.plugin_utils.device import answers, reading, wire
from ansible_collections.winops.entra.plugins.plugin_utils.device import operations as op
from ansible_collections.winops.entra.plugins.plugin_utils.device.answers import Result
from ansible_collections.winops.entra.plugins.plugin_utils.device.reading import ABSENT, Key, Names, Refused, WrongType

from . import scripted
from .scripted import key

DENIED = {"type": "SecurityException", "message": "Requested registry access is not allowed.", "hresult": -2146233078}
NAMES = st.dictionaries(st.text(string.printable + "äßİıſςΣÿŸ\u212a", max_size=8), st.integers(), max_size=8)


# --- names ------------------------------------------------------------------------------------------------------------


@given(NAMES, st.randoms())
def test_a_name_is_found_however_its_letters_are_cased(entries, random):
    names = Names(entries)
    for name in entries:
        other = "".join(random.choice((char.upper(), char.lower())) if char.isascii() else char for char in name)
        assert other in names
        if sum(reading.fold(one) == reading.fold(name) for one in entries) == 1:
            assert names[other] == entries[name]


@given(NAMES)
def test_names_keep_their_spelling_and_order(entries):
    assert list(Names(entries)) == list(entries) and dict(Names(entries)) == entries


@given(NAMES, st.text(max_size=8))
def test_what_no_name_is_spelled_like_is_not_found(entries, other):
    there = reading.fold(other) in {reading.fold(name) for name in entries}
    assert (other in Names(entries)) is there
    assert (Names(entries).get(other) is not None) is there


@pytest.mark.parametrize(
    ("one", "other"),
    [("ProviderID", "providerid"), ("TÜR", "tür"), ("Ÿ", "ÿ"), ("ΑΣ", "ας"), ("ﬁ", "ﬁ"), ("ᾳ", "ᾼ"), ("ж", "Ж")],
)
def test_names_that_windows_takes_for_one(one, other):
    assert Names({one: 1})[other] == 1 and Names({other: 1})[one] == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ß", "ss"),
        ("ß", "SS"),
        ("I", "ı"),
        ("i", "İ"),
        ("s", "ſ"),
        ("k", "\u212a"),
        ("ﬁ", "fi"),
        ("𐐨", "𐐀"),
        ("e", "é"),
    ],
)
def test_names_that_windows_holds_apart(one, other):
    assert other not in Names({one: 1}) and one not in Names({other: 1})


def test_of_two_names_that_differ_in_case_only_the_one_asked_for_is_found():
    names = Names({"A": 1, "a": 2})
    assert (names["A"], names["a"], len(names)) == (1, 2, 2)


# --- types ------------------------------------------------------------------------------------------------------------

VALUES = {
    "Text": "x",
    "Empty": "",
    "Number": 5,
    "Large": 2**64 - 1,
    "Yes": True,
    "Texts": ["a", "b"],
    "None": [],
    "Data": {"base64": base64.b64encode(b"\0\xff").decode()},
    "Time": "2026-11-21T08:00:00.000Z",
    "Null": None,
}


@pytest.mark.parametrize(
    ("reader", "name", "value"),
    [
        ("text", "TEXT", "x"),
        ("text", "empty", ""),
        ("number", "number", 5),
        ("number", "large", 2**64 - 1),
        ("flag", "yes", True),
        ("texts", "texts", ["a", "b"]),
        ("texts", "none", []),
        ("data", "data", b"\0\xff"),
        ("utc", "time", "2026-11-21T08:00:00.000Z"),
        *[
            (reader, name, None)
            for reader in ("text", "number", "flag", "texts", "data", "utc")
            for name in ("X", "null")
        ],
    ],
)
def test_a_value_of_its_type_is_given_and_an_absent_one_is_none(reader, name, value):
    assert getattr(Names(VALUES), reader)(name) == value


@pytest.mark.parametrize(
    ("reader", "name"),
    [
        ("text", "Number"),
        ("text", "Texts"),
        ("text", "Data"),
        ("number", "Text"),
        ("number", "Yes"),
        ("flag", "Number"),
        ("texts", "Text"),
        ("data", "Text"),
        ("utc", "Text"),
    ],
)
def test_a_value_of_another_type_is_told_from_an_absent_one(reader, name):
    with pytest.raises(WrongType) as caught:
        getattr(Names(VALUES, "SOFTWARE\\X"), reader)(name)
    assert caught.value.what == f"SOFTWARE\\X, {name}" and "is not" in str(caught.value)


@pytest.mark.parametrize("value", [{}, {"base64": 5}, {"base64": "é"}, {"base64": "A"}])
def test_binary_data_that_is_none_is_of_the_wrong_type(value):
    with pytest.raises(WrongType):
        Names({"X": value}).data("X")


def test_a_list_with_something_else_in_it_is_no_list_of_texts():
    with pytest.raises(WrongType):
        Names({"X": ["a", 5]}).texts("X")


@pytest.mark.parametrize("value", ["2026-11-31T08:00:00.000Z", "yesterday", "2026-11-21T08:00:00+01:00"])
def test_a_time_that_does_not_exist_is_of_the_wrong_type(value):
    with pytest.raises(WrongType):
        Names({"X": value}).utc("X")


# --- keys -------------------------------------------------------------------------------------------------------------

TREE = key({"Name": "root"}, JoinInfo=key({}, ABC=key({"TenantId": "t"}), DEF=key()), Closed={"refused": DENIED})


def test_subkeys_are_found_in_any_case_and_listed_as_written():
    root = Key(TREE, "SYSTEM\\X")
    assert root.child("joininfo", "abc").text("TENANTID") == "t"
    assert [name for name, _key in root.children()] == ["JoinInfo", "Closed"]
    assert [name for name, _key in root.child("JOININFO").children()] == ["ABC", "DEF"]


def test_an_absent_key_has_nothing_in_it_and_says_so():
    absent = Key(TREE).child("JoinInfo", "XYZ", "Deeper")
    assert not absent.exists and absent.text("TenantId") is None and not list(absent.children()) and not absent.values
    assert Key(TREE).child("JoinInfo").exists


READS = [
    lambda k: k.exists,
    lambda k: k.values,
    lambda k: k.text("X"),
    lambda k: k.number("X"),
    lambda k: k.texts("X"),
    lambda k: k.data("X"),
    lambda k: k.child("X"),
    lambda k: list(k.children()),
]


@pytest.mark.parametrize("read", READS)
def test_a_subkey_that_was_closed_is_refused_and_its_neighbours_are_read(read):
    closed = Key(TREE, "SYSTEM\\X").child("closed")
    with pytest.raises(Refused) as caught:
        read(closed)
    assert closed.refused and caught.value.error == DENIED and "SYSTEM\\X\\closed" in str(caught.value)
    assert Key(TREE).text("name") == "root"


@pytest.mark.parametrize("read", READS)
def test_a_read_that_failed_is_refused_whatever_is_asked(read):
    with pytest.raises(Refused) as caught:
        read(Result(False, {}, DENIED, "SYSTEM\\X").key())
    assert caught.value.error == DENIED and str(caught.value).startswith("SYSTEM\\X could not be read")


def test_who_can_do_without_a_key_says_so():
    refused = Result(False, {}, DENIED)
    assert not refused.key(refused=ABSENT).exists
    assert refused.get("folders", ["x"]) == ["x"]
    there = Result(True, {"exists": True, "key": key({"A": 1})})
    assert there.key(refused=ABSENT).number("a") == 1


@pytest.mark.parametrize(
    "read", [lambda r: r["users"], lambda r: r.users(), lambda r: r.instances(), lambda r: r.instance()]
)
def test_a_field_of_an_operation_that_failed_is_refused(read):
    with pytest.raises(Refused, match="not allowed"):
        read(Result(False, {}, DENIED))


def test_the_properties_of_an_instance_that_is_not_there_are_absent():
    assert Result(True, {"instances": []}).instance().number("ProductType") is None
    assert Result(True, {"instances": [{"ProductType": 3}]}).instance().number("producttype") == 3


def test_a_fact_is_null_where_its_read_was_refused_or_of_the_wrong_type():
    values = Names({"A": 5, "B": "x"})
    refused = Result(False, {}, DENIED).key()
    made = reading.facts_of({"a": lambda: values.text("A"), "b": lambda: values.text("b"), "c": lambda: refused.exists})
    assert made == {"a": None, "b": "x", "c": None}
    assert reading.known(lambda: refused.text("X"), lambda: values.text("B")) == "x"


# --- the door ---------------------------------------------------------------------------------------------------------

REGISTRY = op.registry_read("SOFTWARE\\X")
TASKS = op.scheduled_tasks("\\X")
CERTIFICATE = scripted.join_certificate()


@pytest.mark.parametrize(
    ("operation", "value", "says"),
    [
        (REGISTRY, {"exists": True}, "value lacks key"),
        (REGISTRY, {"exists": "yes", "key": None}, "exists is no bool"),
        (REGISTRY, {"exists": True, "key": None}, "key is not an object"),
        (REGISTRY, {"exists": True, "key": {"values": {}}}, "lacks keys"),
        (REGISTRY, {"exists": True, "key": key({}, A=key({}, B=[]))}, "key.A.B is not an object"),
        (REGISTRY, {"exists": True, "key": key({}, A={"refused": "no"})}, "key.A.refused is not an object"),
        (REGISTRY, [], "value is not an object"),
        (REGISTRY, None, "value is not an object"),
        (op.registry_users_read("X"), {"users": {"S-1-5-21-1": []}}, "users.S-1-5-21-1 is not an object"),
        (TASKS, {"exists": True, "folders": "x", "tasks": []}, "folders is not a list"),
        (TASKS, {"exists": True, "folders": [], "tasks": [{"name": "x"}]}, "tasks[0] lacks state"),
        (op.certificates(), {"certificates": [CERTIFICATE | {"not_after": "never"}]}, "certificates[0].not_after"),
        (op.certificates(), {"certificates": [CERTIFICATE | {"not_after": "2026-02-30T00:00:00.000Z"}]}, "not_after"),
        (op.cim_query("X", ("Y",)), {"instances": [[]]}, "instances[0] is not an object"),
    ],
)
def test_an_answer_of_the_wrong_shape_is_that_operations_error_and_the_others_stand(operation, value, says):
    device = scripted.ScriptedDevice()
    device.handlers[operation["op"]] = lambda _p: value
    answer = device.session().run({"bad": operation, "good": op.dsregcmd_status()})
    assert not answer["bad"].ok and answer["bad"].error["type"] == answers.WRONG_SHAPE
    assert says in answer["bad"].error["message"] and answer["good"].ok


def nested(levels: int) -> dict:
    tree = key()
    for _level in range(levels):
        tree = key({}, A=tree)
    return tree


@pytest.mark.parametrize(("levels", "ok"), [(10, True), (100, False)])
def test_a_registry_without_end_is_refused(levels, ok):
    assert answers.checked(REGISTRY, {"ok": True, "value": {"exists": True, "key": nested(levels)}}).ok is ok


@pytest.mark.parametrize("error", [{}, {"type": "X"}, {"type": "X", "message": None, "hresult": None}])
def test_an_error_of_the_wrong_shape_is_an_error_of_the_right_one(error):
    result = answers.checked(REGISTRY, {"ok": False, "error": error})
    assert not result.ok and set(result.error) == {"type", "message", "hresult"}


@pytest.mark.parametrize(
    "identity", [{"name": 5}, {"utc": "yesterday"}, {"elevated": None}, {"sid": None}, {"account": []}]
)
def test_a_device_that_does_not_say_who_it_is_is_not_believed(identity):
    device = scripted.ScriptedDevice()
    device.identity |= identity
    with pytest.raises(wire.DamagedAnswer, match=f"device.{next(iter(identity))}"):
        device.session().run({"a": op.dsregcmd_status()})


def test_an_answer_with_too_few_results_is_not_believed():
    device = scripted.ScriptedDevice()
    session = device.session()
    session._execute = lambda _script, data: (
        scripted.answer_line(scripted.request_of(data)["id"], [{"ok": True, "value": {"processes": []}}]),
        "",
        0,
    )
    with pytest.raises(wire.DamagedAnswer, match="1 results for 2 operations"):
        session.run({"a": op.processes("x"), "b": op.processes("y")})


@pytest.mark.parametrize(
    ("answer", "outcomes"),
    [
        (None, []),
        ("x", []),
        ({"results": None}, []),
        ({"results": [5, {}, {"ok": True}, {"ok": True, "value": []}]}, [False] * 4),
        (
            {"results": [{"ok": True, "value": {"exists": False, "key": None}}, {"ok": True, "value": {"x": 1}}]},
            [True] * 2,
        ),
        ({"results": [{"ok": True, "value": {"exists": 5}}, {"ok": False, "error": DENIED}]}, [False] * 2),
    ],
)
def test_the_answer_in_a_job_is_checked_too(answer, outcomes):
    status = Result(True, {"state": "done", "started": None, "last_task_result": None, "answer": answer})
    assert [result.ok for result in answers.within(status, [REGISTRY])] == outcomes


def test_no_other_file_looks_into_an_answer():
    """They ask a Result, or a reader that it gives."""
    device = Path(reading.__file__).parent
    looking = {
        path.relative_to(device).as_posix()
        for path in device.rglob("*.py")
        if re.search(r"\.value(?:\[|\.get\()", path.read_text(encoding="utf-8"))
    }
    assert looking == {"answers.py"}

# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a device says of its deployment: phases in both forms and any language, what it waits for, what was refused."""

from __future__ import annotations

import json
import random

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.device.deployment import judged, overview, phases
from ansible_collections.winops.entra.plugins.plugin_utils.device.first_sync import Told, first_sync
from ansible_collections.winops.entra.plugins.plugin_utils.findings import FAIL, PASS, UNKNOWN, WARN
from tests.unit.lab.world_lab import Lab

from . import deployments as told

KINDS = {
    "prepares": ("running", "device_preparation"),
    "sets_up": ("running", "device_setup"),
    "hangs": ("running", "device_setup"),
    "waits": ("running", "device_setup"),
    "account": ("running", "account_setup"),
    "done": ("succeeded", None),
    "past_error": ("incomplete", "device_setup"),
    "failed": ("failed", "device_setup"),
    "kiosk": ("succeeded", None),
    "joined": ("not_run", None),
    "unjoined_pro": ("not_run", None),
}
WORDS = ("Apps", "Anwendungen", "アプリ", "Uygulamalar", "แอป", "Kész", "İşlem", "")
STATES = ("notStarted", "inProgress", "succeeded", "failed", "cancelled", "notRequired", "rebootRequiredAndTryAgain")
OK = {"categorySucceeded": True}


@pytest.fixture(scope="module")
def lab(tmp_path_factory) -> Lab:
    return Lab(tmp_path_factory.mktemp("lab"), "deployments")


@pytest.fixture(scope="module")
def found(lab) -> dict[str, dict]:
    return {kind: overview.deployment(told.of_device(lab.device(kind))) for kind in KINDS}


def results(deployment: dict) -> dict[str, str]:
    return {one.id: one.result for one in judged.judge(deployment)}


def finding(deployment: dict, name: str):
    return next(one for one in judged.judge(deployment) if one.id == name)


def states(answer) -> list[str | None]:
    return [phase["state"] for phase in overview.deployment(answer)["phases"]]


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_deployment_is_told_apart(found, kind):
    assert (found[kind]["state"], found[kind]["phase"]) == KINDS[kind]
    assert found[kind]["refused"] == []
    assert [one.id for one in judged.judge(found[kind])] == list(judged.IDS)


def test_what_it_waits_for_is_named(found):
    [app] = [item for item in found["hangs"]["apps"] if item["state"] == "in_progress"]
    assert found["hangs"]["waits_for"] == [
        "the step AppsSubcategory (1 of 2)",
        f"the app {app['id']} (device), which is in_progress",
    ]
    assert found["waits"]["waits_for"][-1] == "the provider ConfigMgr (device) to say which apps there are"
    [app] = [item for item in found["account"]["apps"] if item["scope"] != "device"]
    assert found["account"]["waits_for"][-1] == f"the app {app['id']} ({app['scope']}), which is in_progress"
    assert found["done"]["waits_for"] == found["failed"]["waits_for"] == []


def test_findings_say_what_is_wrong(found):
    good = dict.fromkeys(judged.IDS, PASS)
    running = {"deployment": WARN, "device_setup": WARN}
    assert results(found["done"]) == results(found["kiosk"]) == results(found["joined"]) == good
    assert results(found["hangs"]) == good | running | {"apps": WARN}
    assert results(found["waits"]) == good | running | {"providers": FAIL}
    assert results(found["failed"]) == good | {"deployment": FAIL, "device_setup": FAIL, "apps": FAIL}
    assert results(found["past_error"]) == good | {"deployment": WARN, "device_setup": FAIL, "apps": FAIL}
    assert "0x87d1041c" in finding(found["failed"], "device_setup").observed
    assert "waits for ever" in finding(found["waits"], "providers").cause


def test_the_app_that_a_page_has_given_up_on_is_named(lab):
    device = lab.device("hangs")
    trees = {key: device.registry.tree(op["path"], op["depth"]) for key, op in overview.OBSERVATIONS.items()}
    values = {"DeviceSetupCategory.Status": json.dumps({"categoryState": "failed", "A": "Apps (0x800705b4)"})}
    trees["phases"] = {"values": {**trees["phases"]["values"], **values}, "keys": {}}
    deployment = overview.deployment(told.of_trees(trees))
    assert (deployment["state"], results(deployment)["apps"]) == ("failed", WARN)
    assert "is in_progress" in finding(deployment, "apps").observed


def test_settings_of_a_page_do_not_make_a_deployment(lab):
    device = lab.device("joined")
    enrollment = next(name for name in device.registry.subkeys(r"SOFTWARE\Microsoft\Enrollments") if len(name) == 36)
    path = rf"SOFTWARE\Microsoft\Enrollments\{enrollment}\FirstSync"
    device.registry.set(path, {"SkipUserStatusPage": 0, "SkipDeviceStatusPage": 0, "BlockInStatusPage": 5})
    found = overview.deployment(told.of_device(device))
    device.registry.delete(path)
    assert found["state"] == "not_run" and found["first_sync"]["options_on_failure"] == ["reset", "continue_anyway"]
    assert finding(found, "deployment").observed.endswith("the settings of one are there")


def test_a_device_without_a_profile_has_none_whatever_else_was_refused(lab):
    device = lab.device("unjoined_pro")
    trees = {key: device.registry.tree(op["path"], op["depth"]) for key, op in overview.OBSERVATIONS.items()}
    assert overview.deployment(told.of_trees(trees, first_sync=told.refused()))["autopilot"] is False


def test_skipped_phases_are_told(found):
    assert found["kiosk"]["skipped"] == ["account_setup"]
    assert found["kiosk"]["first_sync"]["skips"] == ["account_setup"]
    assert found["done"]["first_sync"]["timeout_minutes"] == 60
    assert found["done"]["first_sync"]["options_on_failure"] == ["reset", "try_again", "continue_anyway"]
    [user] = found["done"]["first_sync"]["users"]
    assert user["done"] and user["sid"].startswith("S-1-12-1-")
    assert [user["done"] for user in found["account"]["first_sync"]["users"]] == [False], "a missing value is running"


@pytest.mark.parametrize(
    ("upn", "done", "state", "waits"),
    [
        ("ada@main.example", None, "running", ["a user who signs in"]),
        ("ada@main.example", 1, "succeeded", []),
        ("", None, "succeeded", []),
        ("fooUser@main.example", None, "succeeded", []),
        ("package_6e4cbe68-588b-499c-8c04-dcfff140a1ca@main.example", None, "succeeded", []),
    ],
)
def test_after_the_setup_of_the_device_it_waits_for_a_user_where_one_is_to_come(upn, done, state, waits):
    users = {"S-1-12-1-1-2-3-4": _values(IsSyncDone=done)} if done is not None else {}
    phase = {"categoryState": "succeeded"}
    answer = told.of_phases(device_preparation=phase, device_setup=phase, account_setup={"categoryState": "notStarted"})
    deployment = overview.deployment(_with_sync(answer, upn, users))
    assert (deployment["state"], deployment["waits_for"]) == (state, waits)
    assert deployment["phase"] == ("account_setup" if waits else None)


def _with_sync(answer, upn: str, users: dict):
    """The answer with the first synchronization of an enrollment of Intune."""
    enrollment = {"values": {"ProviderID": "MS DM Server", "UPN": upn}, "keys": {"FirstSync": _key(**users)}}
    sync = told.of_trees({"first_sync": _key(**{"22222222-2222-2222-2222-222222222222": enrollment})})
    answer.results["first_sync"] = sync["first_sync"]
    return answer


def _with_user(answer, done: int | None):
    """The same, of one user; ``done`` None: nothing says that it has ended."""
    user = _values() if done is None else _values(IsSyncDone=done)
    return _with_sync(answer, "ada@main.example", {"S-1-12-1-1-2-3-4": user})


# --- the phases' JSON -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "state", "code"),
    [
        ({"categoryState": "succeeded"}, "succeeded", None),
        ({"categoryState": "failedFromPreviousCategory"}, "failed", None),
        ({"categoryState": "rebootRequiredAndTryAgain"}, "restart_required", None),
        ({"categorySucceeded": True, "A": "Apps"}, "succeeded", None),
        ({"categorySucceeded": False}, "failed", None),
        ({"categorySucceeded": None, "A": "Anwendungen (0x87d1041c)"}, "failed", "0x87d1041c"),
        ({"categorySucceeded": None, "A": "アプリ (0X80070652)", "B": "x (1 / 2)"}, "failed", "0x80070652"),
        ({"categorySucceeded": None, "A": "3 個中 3 個", "B": {"subcategoryState": "notRequired"}}, "succeeded", None),
        ({"categorySucceeded": None, "A": "3 個中 1 個"}, "in_progress", None),
        ({"categorySucceeded": None, "A": "Apps (0x00000000)"}, None, None),
        ({"categorySucceeded": None, "A": "Error: failed"}, None, None),
        ({"categoryState": "inProgress", "A": {"subcategoryState": "failed"}}, "failed", None),
        ({"categoryState": "inProgress", "A": {"subcategoryState": "succeeded"}}, "in_progress", None),
        ({"categoryState": None, "A": {"subcategoryState": "succeeded"}}, "succeeded", None),
        ({"categoryState": "dancing", "A": {"subcategoryState": None, "subcategoryStatusText": None}}, None, None),
        ({"CATEGORYSTATE": "NOTSTARTED"}, "not_started", None),
        ({}, None, None),
    ],
)
def test_states_and_codes_decide_and_never_words(text, state, code):
    read = phases.read_phase(json.dumps(text), "DeviceSetup")
    assert (read["state"], read["code"]) == (state, code)


def test_steps_lose_the_name_of_their_phase_and_keep_their_numbers():
    text = {
        "categoryState": "inProgress",
        "DeviceSetup.AppsSubcategory": {"subcategoryState": "inProgress", "subcategoryStatusText": "(2 von 7)"},
    }
    [step] = phases.read_phase(json.dumps(text), "DeviceSetup")["steps"]
    assert (step["step"], step["done"], step["total"]) == ("AppsSubcategory", 2, 7)


def test_a_silent_phase_has_not_begun_before_the_one_before_it_is_over():
    silent = {"categorySucceeded": None, "AppsSubcategory": "Apps"}
    busy = {"categorySucceeded": None, "AppsSubcategory": "Apps (1 of 3)"}
    assert states(told.of_phases(device_preparation=OK, device_setup=busy, account_setup=silent)) == [
        "succeeded",
        "in_progress",
        "not_started",
    ]
    assert states(told.of_phases(device_preparation=OK, device_setup=silent)) == ["succeeded", None, "absent"]


# As the page leaves it after the end: numbers where there was something to do, and null for whether it succeeded.
ENDED = {"categorySucceeded": None, "Policies": "1 von 1", "Network": "Keine Einrichtung", "Apps": "3 von 3"}
SILENT = {"categorySucceeded": None, "Certificates": "Keine Einrichtung"}
HALF = {"categorySucceeded": None, "Apps": "1 von 3"}
BEGUN, NOT_BEGUN = {"categoryState": "inProgress"}, {"categoryState": "notStarted"}


@pytest.mark.parametrize(
    ("device", "account", "done", "state", "phase"),
    [
        (OK, ENDED, 1, "succeeded", None),
        (OK, ENDED, None, "running", "account_setup"),
        (ENDED, ENDED, 1, "succeeded", None),
        (SILENT, SILENT, 1, "succeeded", None),
        (ENDED, BEGUN, None, "running", "account_setup"),
        (SILENT, BEGUN, None, "running", "account_setup"),
        (SILENT, OK, 1, "succeeded", None),
        ({"categorySucceeded": None}, OK, 1, "succeeded", None),
        (HALF, OK, 1, "incomplete", "device_setup"),
        (OK, HALF, 1, "incomplete", "account_setup"),
        (HALF, {}, None, "running", "device_setup"),
        (SILENT, {}, None, None, None),
    ],
)
def test_a_phase_that_never_says_its_end_is_over_when_what_follows_has_begun(device, account, done, state, phase):
    answer = told.of_phases(device_preparation=OK, device_setup=device, account_setup=account)
    deployment = overview.deployment(_with_user(answer, done))
    assert (deployment["state"], deployment["phase"]) == (state, phase)
    assert not any("said" in one for one in deployment["phases"])


@pytest.mark.parametrize("first", [None, NOT_BEGUN])
@pytest.mark.parametrize(
    ("account", "done", "state", "phase"),
    [
        (OK, 1, "succeeded", None),
        (NOT_BEGUN, None, "running", "account_setup"),
        (BEGUN, None, "running", "account_setup"),
    ],
)
def test_a_phase_that_was_never_run_does_not_come_after_later_ones(first, account, done, state, phase):
    texts = {"device_setup": OK, "account_setup": account} | ({"device_preparation": first} if first else {})
    deployment = overview.deployment(_with_user(told.of_phases(**texts), done))
    assert (deployment["state"], deployment["phase"]) == (state, phase)


@pytest.mark.parametrize("account", [SILENT, NOT_BEGUN, {}])
@pytest.mark.parametrize("done", [None, 1])
def test_a_skipped_phase_may_be_silent(account, done):
    answer = _with_user(told.of_phases(device_preparation=OK, device_setup=OK, account_setup=account), done)
    [key] = answer.results["first_sync"].value["key"]["keys"].values()
    key["keys"]["FirstSync"]["values"] |= _values(SkipUserStatusPage=0xFFFFFFFF)["values"]
    deployment = overview.deployment(answer)
    assert (deployment["state"], deployment["skipped"]) == ("succeeded", ["account_setup"])


@pytest.mark.parametrize("around", ["{}\0", "\ufeff{}", "\r\n{}\0\0"])
def test_what_stands_around_the_json_does_not_matter(around):
    assert states(told.of_phases(device_preparation=around.format(json.dumps(OK))))[0] == "succeeded"


@pytest.mark.parametrize("text", ["{", "[]", "null", '"x"', "[" * 300, "x" * 70_000])
def test_a_text_that_cannot_be_understood_is_unknown_and_told(text):
    deployment = overview.deployment(told.of_phases(device_preparation=OK, device_setup=text))
    assert deployment["state"] is None
    assert any("DeviceSetupCategory.Status could not be understood" in why for why in deployment["refused"])
    assert results(deployment)["device_setup"] == results(deployment)["deployment"] == UNKNOWN


@pytest.mark.parametrize("seed", range(300))
def test_any_json_in_both_forms_ends_in_a_state_that_does_not_hang_on_words(seed):
    dice = random.Random(seed)
    shape = {f"Step{number}": _step(dice) for number in range(dice.randrange(5))}
    whole = dice.choice(
        [
            {"categoryState": dice.choice([*STATES, None, 7])},
            {"categorySucceeded": dice.choice([True, False, None, "x"])},
        ]
    )
    read = [
        phases.read_phase(json.dumps({**whole, **{name: _worded(step, word) for name, step in shape.items()}}))
        for word in WORDS
    ]
    first = [(phase["state"], phase["code"], [step["state"] for step in phase["steps"]]) for phase in read]
    assert len(set(map(str, first))) == 1, first
    assert read[0]["state"] in {None, *phases._STATES.values()}


def _step(dice: random.Random):
    shown = dice.choice(["", " (1 of 3)", " (3 / 3)", " (0x87d1041c)", " 0x00000000", " (5)"])
    form = dice.choice(["flat", "nested", "null", "number"])
    if form == "nested":
        return {"subcategoryState": dice.choice([*STATES, None, "odd", 3]), "subcategoryStatusText": shown}
    return {"flat": shown, "null": None, "number": 4}[form]


def _worded(step, word: str):
    if isinstance(step, dict):
        return {**step, "subcategoryStatusText": word + step["subcategoryStatusText"]}
    return word + step if isinstance(step, str) else step


# --- absent, refused, of another type ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", overview.OBSERVATIONS)
def test_a_refused_read_is_null_with_its_reason_and_never_a_no(lab, found, name):
    device = lab.device("hangs")
    trees = {key: device.registry.tree(op["path"], op["depth"]) for key, op in overview.OBSERVATIONS.items()}
    deployment = overview.deployment(told.of_trees(trees, **{name: told.refused()}))
    assert len(deployment["refused"]) >= 1 and "not allowed" in deployment["refused"][0]
    fields = {
        "phases": ("state", "phases"),
        "tracking": ("providers", "apps", "policies"),
        "autopilot": ("autopilot", "autopilot_tenant_id"),
        "first_sync": ("first_sync",),
    }[name]
    for field in overview.deployment(told.of_device(device)):
        if field in fields:
            assert deployment[field] is None, field
        elif field not in ("refused", "waits_for", "phase"):
            assert deployment[field] == found["hangs"][field], field
    assert PASS not in {results(deployment)[one] for one in fields if one in judged.IDS}


def test_values_of_another_type_are_null_and_told():
    tree = {
        "values": {},
        "keys": {
            "Device": {
                "values": {},
                "keys": {
                    "Setup": _key(
                        Apps=_key(
                            PolicyProviders=_key(Sidecar=_values(TrackingPoliciesCreated="yes")),
                            Tracking=_key(Sidecar=_key(Win32App_x=_values(InstallationState="3", RebootRequired=9))),
                        )
                    )
                },
            }
        },
    }
    deployment = overview.deployment(told.of_trees({"tracking": tree}))
    assert deployment["apps"] == [
        {
            "id": "Win32App_x",
            "revision": None,
            "provider": "Sidecar",
            "scope": "device",
            "state": None,
            "restart_required": True,
        }
    ]
    assert deployment["providers"][0]["policies_created"] is None
    assert [why.rpartition("\\")[2].partition(",")[0] for why in deployment["refused"]] == ["Sidecar", "Win32App_x"]
    assert results(deployment)["apps"] == UNKNOWN


def test_the_newest_record_of_a_policy_counts():
    old, new = {"./A": 0, "./B": 1}, {"./A": 1}
    records = _key(**{"2026-01-01-10-00-00": _values(**old), "2026-01-01-10-05-00": _values(**new)})
    msi = _key(**{"2026-01-01-10-00-00": _values(**{"./M": 60, "./N": 70, "./O": "x"})})
    place = _key(ExpectedPolicies=records, ExpectedMSIAppPackages=msi, Sidecar=records)
    tree = _key(ESPTrackingInfo=_key(Diagnostics=place))
    deployment = overview.deployment(told.of_trees({"tracking": tree}))
    done = {item["uri"]: item["done"] for item in deployment["policies"]}
    assert done == {"./A": True, "./B": True, "./M": False, "./N": True, "./O": None}
    assert results(deployment)["policies"] == FAIL


def test_the_first_synchronization_is_that_of_intune():
    def enrollment(provider: str, timeout: int) -> dict:
        return {"values": {"ProviderID": provider}, "keys": {"FirstSync": _values(SyncFailureTimeout=timeout)}}

    tree = _key(
        **{
            "11111111-1111-1111-1111-111111111111": enrollment("Other", 1),
            "22222222-2222-2222-2222-222222222222": enrollment("MS DM Server", 2),
            "Context": {"refused": told.DENIED},
        }
    )
    found = first_sync(told.of_trees({"first_sync": tree}), Told())
    assert found["timeout_minutes"] == 2 and found["users"] == [] and found["device_done"] is None


def test_a_user_of_whom_nobody_knows_it_is_neither_done_nor_running():
    users = {"S-1-12-1-1-2-3-4": _values(IsSyncDone="1"), "S-1-5-21-1-2-3-1001": _values(), "Other": _values()}
    tree = _key(**{"22222222-2222-2222-2222-222222222222": _key(FirstSync=_key(**users))})
    sentences = Told()
    found = first_sync(told.of_trees({"first_sync": tree}), sentences)
    assert [user["done"] for user in found["users"]] == [None, False]
    assert [why.partition(":")[0].rpartition(", ")[2] for why in sentences.refused] == ["IsSyncDone could not be read"]


def _key(**keys) -> dict:
    return {"values": {}, "keys": keys}


def _values(**values) -> dict:
    return {"values": values, "keys": {}}

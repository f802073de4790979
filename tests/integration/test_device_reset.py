# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""winops.entra.device_reset on devices that may be reset, on those that must not be, and on those that do not go.

One play; states are read over the control API.
"""

from __future__ import annotations

import threading
import typing as t

import pytest

from tests.integration import inspection, joins
from tests.integration.conftest import StartFleet
from tests.integration.lab_tenant import LabTenant
from tests.integration.play import Play, Player, wait_until
from tests.lab.process import RunningLab

RESET, TENANT_RESET = "winops.entra.device_reset", "winops.entra.managed_device_reset"
#: Real seconds after which a device that answers has not gone.
STAYS = 3
#: Of silence; a restart takes less than one at the lab's speed.
GONE = 2
OPTIONS = ("confirm_serial_number", "confirm_uuid", "keep", "deployment_mode", "timeout", "wait_for_deployment")
REFUSED = {
    "winre_off": "recovery_environment_disabled",
    "no_partition": "recovery_partition_missing",
    "no_image": "recovery_environment_missing",
    "on_battery": "on_battery",
    "home": "edition_not_resettable",
    "another": "serial_number_mismatch",
    "kiosk": "deployment_blocked",
    "data_volume": "recovery_keys_not_recorded",
}
FAILED = {"stays": "device_not_gone", "comes_back": "reset_undone", "says_no": "wipe_refused"}
WANT: dict[str, dict[str, t.Any]] = {
    "goes": {"confirm_serial_number": "LAB-GOES", "wait_for_deployment": True},
    "nobody_signs_in": {"confirm_serial_number": "LAB-ALONE", "keep": "user_data"},
    "winre_off": {"confirm_serial_number": "LAB-WINRE-OFF"},
    "no_partition": {"confirm_serial_number": "LAB-NO-PARTITION"},
    "no_image": {"confirm_serial_number": "LAB-NO-IMAGE"},
    "on_battery": {"confirm_serial_number": "LAB-BATTERY"},
    "home": {"confirm_serial_number": "LAB-HOME"},
    "placeholder": {"confirm_serial_number": "Default string"},
    "another": {"confirm_serial_number": "LAB-GOES"},
    "kiosk": {"confirm_serial_number": "LAB-KIOSK", "deployment_mode": "self_deploying"},
    "data_volume": {"confirm_serial_number": "LAB-DATA"},
    "stays": {"confirm_serial_number": "LAB-STAYS", "timeout": STAYS},
    "comes_back": {"confirm_serial_number": "LAB-BACK", "wait_for_deployment": True},
    "says_no": {"confirm_serial_number": "LAB-NO"},
}


class Resets(t.NamedTuple):
    """What the play has seen: ``foretold`` in check mode, then ``reset``, then ``again`` for the one that came back; on
    localhost what the tenant was asked for after that."""

    lab: RunningLab
    before: dict[str, inspection.State]
    play: Play
    after: dict[str, inspection.State]


def task(name: str, **options: t.Any) -> dict[str, t.Any]:
    """The task: each host's options are its variable C(want)."""
    given = {option: f"{{{{ want.{option} | default(omit) }}}}" for option in OPTIONS}
    fixed = {"profile_assigned": True, "deployment_mode": "{{ want.deployment_mode | default('user_driven') }}"}
    patient = {"timeout": f"{{{{ want.timeout | default({joins.LONG}) }}}}", "deployment_timeout": joins.LONG}
    return {
        "name": name,
        RESET: {**given, **fixed, **patient, "poll_interval": 1, "gone_after": GONE, **options},
        "ignore_errors": True,
        "ignore_unreachable": True,
    }


@pytest.fixture(scope="module")
def resets(start_fleet: StartFleet, player: Player) -> Resets:
    """The play."""
    lab = start_fleet("resets")
    before = inspection.states(lab)
    person = threading.Thread(target=sign_in, args=(lab, "goes", "ada@main.example"), daemon=True)
    person.start()
    by_uuid = {"confirm_uuid": "{{ foretold.record.uuid if inventory_hostname == 'placeholder' else omit }}"}
    by_serial = "{{ omit if inventory_hostname == 'placeholder' else want.confirm_serial_number }}"
    tasks = [
        task("foretold") | {"check_mode": True, "register": "foretold"},
        {"name": "untouched", "lab_state": {}},
        task("reset", **by_uuid, confirm_serial_number=by_serial),
        task("again", unless_installed_after=before["goes"]["utc"]) | {"when": "inventory_hostname == 'goes'"},
        {"name": "facts", "winops.entra.device_facts": {}, "when": "inventory_hostname == 'goes'"},
    ]
    hosts = {name: {"want": want} for name, want in WANT.items()}
    tenant = LabTenant(lab, player)
    plays = [
        {"hosts": "devices", "gather_facts": False, "tasks": tasks},
        tenant.play(in_tenant(lab, before["kiosk"]["utc"])),
    ]
    play = player.run(lab, plays, "--diff", host_variables=hosts, variables={"lab_secrets": tenant.secrets})
    person.join()
    wait_until(lambda: inspection.state(lab, "kiosk")["out_of_box"], "Intune has wiped the kiosk")
    return Resets(lab, before, play, inspection.states(lab))


def in_tenant(lab: RunningLab, began: str) -> list[dict[str, t.Any]]:
    """The kiosk may deploy once more, and is wiped by Intune."""
    state = lab.get("/tenant")
    managed, registered = (
        next(row["id"] for row in state[rows].values() if row["serialNumber"] == "LAB-KIOSK")
        for rows in ("managed_devices", "autopilot_devices")
    )
    device = {"serial_number": "LAB-KIOSK", "intune_device_id": managed, "autopilot_id": registered}
    another = {**device, "serial_number": "LAB-GOES"}

    def task(name: str, action: str, given: dict[str, t.Any], **options: t.Any) -> dict[str, t.Any]:
        check = {"check_mode": options.pop("check_mode", False)}
        return {
            "name": name,
            TENANT_RESET: {"action": action, "devices": [given], **options},
            "ignore_errors": True,
            **check,
        }

    return [
        task("foretold", "wipe", device, check_mode=True),
        task("another", "wipe", another),
        task("unblock", "unblock", device),
        task("unblock again", "unblock", device),
        task("wipe", "wipe", device),
        task("wipe again", "wipe", device, unless_wiped_after=began),
    ]


def sign_in(lab: RunningLab, name: str, user: str) -> None:
    """The person who has unpacked the device."""
    wait_until(lambda: inspection.state(lab, name)["out_of_box"], f"{name} is at its first start")
    lab.post(f"/devices/{name}/sign-in", {"user": user})


def test_check_mode_changes_nothing_and_foretells_the_run(resets: Resets) -> None:
    for name, before in resets.before.items():
        assert resets.play.state(name, "untouched")["digest"] == before["digest"], name
        foretold, done = resets.play.result(name, "foretold"), resets.play.result(name, "reset")
        if name in REFUSED:
            assert foretold["error"] == done["error"]
        elif name != "placeholder":
            assert foretold["outcome"] == "would_reset" and foretold["proved"] is None
        if done["outcome"] == "reset" and name != "placeholder":
            assert (foretold["changes"], foretold["diff"]) == (done["changes"], done["diff"])


@pytest.mark.parametrize(("name", "why"), REFUSED.items())
def test_a_device_that_must_not_be_reset_is_refused_and_untouched(resets: Resets, name: str, why: str) -> None:
    result = resets.play.result(name, "reset")
    assert (result["outcome"], result["error"]["name"], result["proved"]) == ("refused", why, None)
    assert not result["changed"]
    if name != "kiosk":  # Intune resets it later.
        assert resets.after[name]["digest"] == resets.before[name]["digest"]


def test_a_device_goes_and_is_deployed_by_the_person_who_unpacks_it(resets: Resets) -> None:
    result, dump = resets.play.result("goes", "reset"), resets.after["goes"]
    assert (result["outcome"], result["proved"]) == ("reset", "reinstalled")
    assert (
        dump["wipes"] == ["doWipeMethod"] and dump["installed"] == result["installed"] != result["record"]["installed"]
    )
    assert dump["join"]["type"] == "entra" and dump["join"]["mdm"] and not dump["out_of_box"]
    assert dump["join"]["device_id"] != result["record"]["device_id"]
    assert result["ansible_facts"]["entra"]["join"]["device_id"] == dump["join"]["device_id"]
    assert dump["bitlocker"][0]["protectors"] == [] and inspection.ours(dump) == []


def test_what_the_device_was_is_in_the_result(resets: Resets) -> None:
    record, before = resets.play.result("goes", "reset")["record"], resets.before["goes"]
    assert (record["serial_number"], record["device_id"]) == ("LAB-GOES", before["join"]["device_id"])
    assert record["bitlocker"]["volumes"] == before["bitlocker"] and record["installed"] == before["installed"]
    places = {one["place"]: one["id"] for one in resets.play.result("goes", "reset")["still_registered"]}
    assert places["entra"] == record["device_id"] and {"autopilot", "intune"} <= set(places)


def test_the_next_run_does_not_reset_what_was_installed_since(resets: Resets) -> None:
    again = resets.play.result("goes", "again")
    assert (again["outcome"], again["changed"], again["changes"]) == ("unchanged", False, [])
    assert resets.after["goes"]["wipes"] == ["doWipeMethod"]


def test_a_device_at_its_first_start_has_nothing_of_before_and_answers_nobody(resets: Resets) -> None:
    result, dump = resets.play.result("nobody_signs_in", "reset"), resets.after["nobody_signs_in"]
    assert (result["outcome"], result["proved"]) == ("reset", "gone")
    assert dump["wipes"] == ["doWipePersistUserDataMethod"] and dump["out_of_box"] and not dump["online"]
    assert (
        dump["join"]["type"] == "none"
        and dump["enrollments"] == []
        or all(one["built_in"] for one in dump["enrollments"])
    )
    assert dump["accounts"] == [] and dump["certificates"] == [] and inspection.ours(dump) == []
    assert "join" not in result["ansible_facts"]["entra"]


def test_a_placeholder_confirms_nothing_and_the_uuid_does(resets: Resets) -> None:
    refused, done = (resets.play.result("placeholder", name) for name in ("foretold", "reset"))
    assert refused["error"]["name"] == "placeholder_serial_number" and refused["record"]["uuid"] in refused["msg"]
    assert (done["outcome"], done["proved"]) == ("reset", "gone") and resets.after["placeholder"]["out_of_box"]


@pytest.mark.parametrize(("name", "why"), FAILED.items())
def test_a_reset_that_does_not_come_is_a_failure_with_its_name(resets: Resets, name: str, why: str) -> None:
    result, dump = resets.play.result(name, "reset"), resets.after[name]
    assert (result["outcome"], result["error"]["name"]) == ("failed", why)
    assert dump["join"] == resets.before[name]["join"] and dump["installed"] == resets.before[name]["installed"]
    assert dump["wipes"] == ["doWipeMethod"] and inspection.ours(dump) == []


def test_a_device_that_has_refused_is_as_it_was_and_one_that_has_accepted_may_go_yet(resets: Resets) -> None:
    no, stays = (resets.play.result(name, "reset") for name in ("says_no", "stays"))
    assert (no["changed"], no["proved"], no["error"]["code"]) == (False, None, "0x80070005")
    assert (stays["changed"], stays["proved"]) == (True, "sent")
    assert stays["changes"][0]["after"].startswith("unknown")


def test_intune_wipes_a_device_that_is_confirmed_and_may_deploy_once_more(resets: Resets) -> None:
    results = {line["task"]: line["result"] for line in resets.play.lines if line["host"] == "localhost"}
    outcomes = {task: result["devices"][0]["outcome"] for task, result in results.items()}
    assert outcomes == {
        "foretold": "changed",
        "another": "skipped",
        "unblock": "changed",
        "unblock again": "unchanged",
        "wipe": "changed",
        "wipe again": "unchanged",
    }
    assert results["another"]["error"]["name"] == "devices_left_out"
    assert results["foretold"]["changes"] == results["wipe"]["changes"]
    assert resets.after["kiosk"]["out_of_box"] and resets.after["kiosk"]["join"]["type"] == "none"
    assert resets.after["kiosk"]["wipes"] == ["doWipeMethod"]

# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registry names have no case: a device that spells them otherwise is the same device to every module."""

from __future__ import annotations

import json
import random

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.device import dsregcmd

from . import fit, recorded, scripted
from .fit import FitDevice, administrator
from .scripted import key

SEEDS = (1, 2)


@pytest.fixture(autouse=True)
def each_text_of_dsregcmd_is_parsed_once(monkeypatch):
    monkeypatch.setattr(dsregcmd, "parse", recorded.parse_once)


def respelled(name: str, chance: random.Random) -> str:
    return "".join(chance.choice((char.lower(), char.upper())) for char in name)


def respelled_key(told: dict | None, chance: random.Random) -> dict | None:
    if told is None or "refused" in told:
        return told
    return {
        "values": {respelled(name, chance): value for name, value in told["values"].items()},
        "keys": {respelled(name, chance): respelled_key(child, chance) for name, child in told["keys"].items()},
    }


def respelled_recording(kind: str, seed: int) -> recorded.Recording:
    """The kind's recording with every name of the registry spelled in another case."""
    told, device = recorded.recordings()[kind]
    chance = random.Random(f"{kind} {seed}")
    changed = {}
    for name, result in told.items():
        operation = recorded.READS[name]["op"]
        if not result["ok"] or not operation.startswith("registry"):
            changed[name] = result
        elif operation == "registry_read":
            changed[name] = {
                "ok": True,
                "value": result["value"] | {"key": respelled_key(result["value"]["key"], chance)},
            }
        else:
            users = {sid: respelled_key(tree, chance) for sid, tree in result["value"]["users"].items()}
            changed[name] = {"ok": True, "value": {"users": users}}
    return recorded.Recording(changed, device)


def shown(value) -> str:
    """Names come back as they are written, so only their letters are compared."""
    return json.dumps(value, sort_keys=True, default=str).lower()


@pytest.mark.parametrize("name", recorded.MODULES)
def test_a_module_says_the_same_of_a_device_that_spells_its_names_otherwise(name):
    module = recorded.MODULES[name]
    for kind, plain in recorded.recordings().items():
        expected = shown(module(plain.results(), plain.device))
        for seed in SEEDS:
            other = respelled_recording(kind, seed)
            assert shown(module(other.results(), other.device)) == expected, (kind, seed)


def test_the_respelled_devices_do_spell_their_names_otherwise():
    """Else the test above could not fail."""
    assert respelled_recording("joined", 1).told != recorded.recordings()["joined"].told


def lowered(told: dict) -> dict:
    return {
        "values": {name.lower(): value for name, value in told["values"].items()},
        "keys": {name.lower(): lowered(child) for name, child in told["keys"].items()},
    }


def test_policies_in_lower_case_are_policies():
    device = FitDevice()
    device.registry[fit.SECURITY] = lowered(key({"RequireProvisioningPackageSignature": 1}))
    assert device.check("package_policy").result == "warn"
    device.registry[fit.SECURITY] = lowered(key({"AllowAddProvisioningPackage": 0}))
    assert device.check("package_policy").result == "fail"


def test_laps_in_lower_case_is_laps():
    device = FitDevice()
    device.members = [administrator(500)]
    policy = key({"BackupDirectory": 1})
    device.registry[r"SOFTWARE\Microsoft\Policies\LAPS"] = lowered(policy)
    assert device.check("local_administrator").result == "fail"


def test_a_join_in_lower_case_is_a_join():
    device = FitDevice()
    device.registry |= {path: lowered(told) for path, told in scripted.joined_registry().items()}
    device.machine_certificates.append(scripted.join_certificate())
    device.handlers["dsregcmd_status"] = scripted.dsregcmd(True)
    assert device.check("join_state", tenant_id=scripted.TENANT).result == "pass"
    assert device.check("join_state", tenant_id="8eeb2f61-876f-57d7-a7d1-b4f565e9505c").result == "fail"

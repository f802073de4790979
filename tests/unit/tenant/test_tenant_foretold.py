# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check mode foretells what each tenant module does with each of its options: the same result, and nothing written."""

from __future__ import annotations

import copy
import importlib
import typing as t

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.winops.entra.plugins.plugin_utils.option_door import ansible_spec, understood
from tests.lab.device import device_link

from .autopilot.registering import hash_of
from .autopilot_graph import AutopilotGraph
from .device_graph import DeviceBench
from .fake_graph import guid
from .identifier_graph import IdentifierGraph
from .intune_graph import DEVICES, USERS, IntuneGraph
from .preparation_graph import PreparationGraph
from .tenant_graph import TenantGraph

PLUGIN = "ansible_collections.winops.entra.plugins.action.{}"
ADA, BOB = "ada@contoso.com", "bob@contoso.com"
HASH = hash_of("SN-9")
ALL, NONE = {"scope": "all"}, {"scope": "none"}
ASKING = {"approval_justification": "Change 4711", "approval_timeout": 5}
SELECTED: dict[str, t.Any] = {"scope": "selected", "users": [ADA], "groups": ["Staff"]}
LINK = device_link.make("SN9", guid("smbios 9"))
HP1 = {"manufacturer": "HP", "model": "EliteBook", "serial_number": "5CG1"}
HP2 = {"manufacturer": "HP", "model": "EliteBook", "serial_number": "5CG2"}
#: By module: the options of each case. A mark stands for what only the tenant knows: ``#intune`` for an id.
CASES: dict[str, list[dict[str, t.Any]]] = {
    "group": [
        {"name": "New"},
        {"name": "New", "description": "text", "mail_nickname": "new", "users": [ADA], "groups": ["Staff"]},
        {"name": "New", "autopilot_group_tag": "Kiosk"},
        {"name": "New", "autopilot_devices": True, "rule_paused": True},
        {"name": "New", "membership": "dynamic", "membership_rule": "(user.city -eq 1)"},
        {"name": "New", "membership": "dynamic"},
        {"name": "New", "role_assignable": True},
        {"name": "New", "users": ["nobody@contoso.com"]},
        {"name": "New", "state": "absent"},
        {"name": "New", "object_id": guid("nothing")},
        {"name": "Staff"},
        {"name": "Staff", "description": "text"},
        {"name": "Staff", "description": ""},
        {"name": "Staff", "users": [ADA, BOB], "devices": ["#device"]},
        {"name": "Staff", "users": [BOB], "members_state": "exact"},
        {"name": "Staff", "users": [ADA], "members_state": "absent"},
        {"name": "Staff", "groups": ["Nowhere"]},
        {"name": "Staff", "role_assignable": True},
        {"name": "Staff", "membership": "dynamic", "membership_rule": "(user.city -eq 1)"},
        {"name": "Renamed", "object_id": "#group"},
        {"name": "Staff", "state": "absent"},
    ],
    "registration_policy": [
        {"join": NONE},
        {"join": ALL},
        {"join": SELECTED},
        {"join": {"scope": "selected", "groups": ["Nowhere"]}},
        {"register": NONE},
        {"local_administrators": SELECTED},
        {"global_administrators_local": False},
        {"devices_per_user": 20},
        {"mfa_required": True},
        {"laps": True},
        {"join": NONE, "devices_per_user": 50, "mfa_required": False, "laps": True},
    ],
    "mdm_scope": [
        {"scope": "all"},
        {"scope": "none"},
        {"scope": "selected", "groups": ["Staff"]},
        {"scope": "selected", "groups": ["Nowhere"]},
        {"application": "mam", "scope": "all"},
        {"application_id": guid("another"), "scope": "all"},
        {"discovery_url": "https://mdm.contoso.com", "terms_of_use_url": "", "compliance_url": "https://c"},
        {"enroll_on_register": True},
    ],
    "local_admin_role": [
        {"users": [ADA]},
        {"groups": ["Helpdesk"]},
        {"groups": ["Staff"]},
        {"users": [ADA], "state": "absent"},
        {"users": [BOB], "state": "exact"},
        {"users": ["nobody@contoso.com"]},
    ],
    "autopilot_device": [
        {"devices": [{"serial_number": "SN-PC-1", "group_tag": "x", "display_name": "d"}], "timeout": 600},
        {"devices": [{"serial_number": "SN-PC-1", "clear": ["group_tag", "assigned_user"]}]},
        {"devices": [{"serial_number": "SN-9", "hardware_hash": HASH, "group_tag": "x"}], "poll_interval": 5},
        {"devices": [{"serial_number": "SN-9", "group_tag": "x"}], "import_timeout": 60, "listing_timeout": 60},
        {"devices": [{"serial_number": "SN-PC-1", "assigned_user": "nobody@contoso.com"}], "require_licence": False},
        {"devices": [{"serial_number": "SN-PC-1"}, {"serial_number": "SN-0"}], "state": "absent", **ASKING},
        {"devices": [{"serial_number": "SN-PC-1"}], "state": "absent", "max_deletions": 0},
        {"csv": "/nowhere/devices.csv"},
    ],
    "directory_device": [
        {"names": ["PC-1"], "state": "disabled"},
        {"names": ["PC-1"], "state": "enabled"},
        {"object_ids": ["#object"], "extension_attributes": {"extensionAttribute1": "kiosk"}},
        {"names": ["PC-1"], "state": "absent"},
        {"names": ["PC-2"], "state": "absent"},
        {"names": ["PC-1", "PC-2"], "state": "absent", "max_deletions": 1},
        {"names": ["NOWHERE"], "state": "absent"},
        {"names": ["NOWHERE"], "state": "disabled"},
        {"records": ["#record"], "state": "disabled"},
    ],
    "device_removal": [
        {"devices": ["#record"]},
        {"devices": ["#record"], "intune": False},
        {"devices": ["#record"], "autopilot": False},
        {"devices": ["#record"], "association": False},
        {"devices": ["#record"], "directory": False},
        {"devices": ["#record"], "max_deletions": 0},
        {"devices": []},
        {"devices": ["#record"], **ASKING},
    ],
    "device_association": [
        {"devices": [{"device_link": LINK, "device_preparation_policy": "Prepared"}]},
        {"devices": [{"device_link": LINK, "serial_number": "SN9"}, {"serial_number": "SN1"}], **ASKING},
        {"devices": [{"serial_number": "SN1", "device_preparation_policy": "Prepared"}], "state": "present"},
        {"devices": [{"serial_number": "SN1", "device_preparation_policy": "Nowhere"}]},
        {"devices": [{"serial_number": "SN9"}]},
        {"devices": [{"serial_number": "SN1"}, {"smbios_uuid": guid("smbios 9")}], "state": "absent"},
        {"devices": [{"serial_number": "SN1"}], "state": "absent", "max_deletions": 0},
    ],
    "corporate_identifier": [
        {"devices": [HP1, HP2], **ASKING},
        {"devices": [{**HP2, "model": "Elite. Book."}], "periods": "keep"},
        {"devices": [HP1], "state": "absent"},
        {"devices": [HP2], "state": "absent"},
        {"devices": [HP1], "state": "absent", "max_deletions": 0},
        {"src": "/nowhere/rows.csv"},
    ],
    "autopilot_profile": [
        {"name": "New"},
        {"name": "New", "description": "text", "deployment_mode": "self_deploying", "user_type": "administrator"},
        {"name": "New", "preprovisioning_allowed": True, "device_name_template": "PC%SERIAL%", "locale": "de-de"},
        {"name": "New", "privacy_settings_hidden": True, "license_terms_hidden": True, "convert_devices": True},
        {"name": "New", "keyboard_selection_skipped": True, "role_scope_tag_ids": ["0", "1"], **ASKING},
        {"name": "New", "included_groups": ["Staff"], "excluded_groups": ["Helpdesk"]},
        {"name": "New", "included_groups": ["Nowhere"]},
        {"name": "New", "all_devices": True},
        {"name": "New", "state": "absent"},
        {"name": "Office", "description": "text", "included_groups": ["Helpdesk"]},
        {"name": "Office", "included_groups": [], "excluded_groups": ["Staff"]},
        {"name": "Office", "deployment_mode": "self_deploying"},
        {"name": "Office", "state": "absent"},
        {"name": "Kiosks", "all_devices": False, "excluded_groups": ["Staff"]},
        {"name": "Kiosks", "excluded_groups": ["Staff"]},
        {"name": "Renamed", "profile_id": "#profile"},
    ],
    "enrollment_status_page": [
        {"name": "New"},
        {"name": "New", "description": "text", "show_progress": False, "timeout_minutes": 5, "error_message": "text"},
        {"name": "New", "log_collection_allowed": True, "first_user_only": True, "setup_retry_blocked": True},
        {"name": "New", "device_reset_allowed": True, "device_use_allowed": True, "failed_apps_tolerated": True},
        {"name": "New", "autopilot_only": True, "install_quality_updates": True, "role_scope_tag_ids": ["0", "1"]},
        {"name": "New", "blocking_apps": ["App"], "included_groups": ["Staff"], "all_users": True, "all_devices": True},
        {"name": "New", "blocking_apps": ["Nowhere"]},
        {"name": "New", "state": "absent", **ASKING},
        {"name": "Office", "error_message": "", "included_groups": []},
        {"name": "Office", "priority": 1},
        {"name": "Office", "state": "absent"},
        {"default_page": True, "show_progress": True},
        {"default_page": True, "state": "absent"},
        {"name": "Renamed", "page_id": "#page"},
    ],
}
#: What only the run can find, with the reason.
RUN_ONLY: list[tuple[str, dict[str, t.Any], str]] = [
    (
        "directory_device",
        {"device_ids": ["#device"], "state": "absent", "allow_autopilot": True},
        "with allow_autopilot the service decides whether it deletes an object that Autopilot has",
    )
]


class Tenant(AutopilotGraph, IdentifierGraph, PreparationGraph, IntuneGraph, TenantGraph):
    """Two devices in all places, a third in the directory, a group with a member, one for roles; profiles and pages."""

    def __init__(self) -> None:
        super().__init__()
        self.record = self.full("PC-1")
        self.add("PC-2")
        self.members[self.group("Staff")["id"]] = [guid(ADA)]
        self.add_group("Helpdesk", isAssignableToRole=True)
        self.associate("SN1", smbiosUuid=guid("smbios 1"))
        self.prepare("Prepared")
        self.held["HP,EliteBook,5CG1"] = guid("identifier")
        self.add_app("App")
        self.office = self.add_profile("Office", self.target("Staff"))
        self.add_profile("Kiosks", {"@odata.type": DEVICES})
        self.office_page = self.add_page("Office", self.target("Staff"), {"@odata.type": USERS})

    @property
    def state(self) -> list[t.Any]:
        """All that a module could change."""
        return copy.deepcopy(
            [
                self.groups,
                self.members,
                self.devices,
                self.assignments,
                self.policy,
                self.mdm,
                self.included,
                self.managed,
                self.autopilot,
                self.associated,
                self.held,
                self.profiles,
                self.pages,
            ]
        )


@pytest.fixture
def bench() -> DeviceBench:
    made = DeviceBench()
    made.graph = Tenant()
    return made


def run(bench: DeviceBench, module: str, options: dict[str, t.Any], check_mode: bool = False) -> dict[str, t.Any]:
    plugin = importlib.import_module(PLUGIN.format(module)).ActionModule
    checked = ArgumentSpecValidator(ansible_spec(plugin.spec)).validate(copy.deepcopy(options))
    assert not checked.errors.messages
    return bench.run(plugin.work, understood(checked.validated_parameters, plugin.spec), check_mode)


def named(value: t.Any, graph: Tenant) -> t.Any:
    """The options with what the marks stand for."""
    device = next(iter(graph.devices.values()))
    marks = {
        "#device": device["deviceId"],
        "#object": device["id"],
        "#group": graph.group("Staff")["id"],
        "#record": graph.record,
        "#profile": graph.office["id"],
        "#page": graph.office_page["id"],
    }
    if isinstance(value, dict):
        return {name: named(item, graph) for name, item in value.items()}
    if isinstance(value, list):
        return [named(item, graph) for item in value]
    return marks.get(value, value) if isinstance(value, str) else value


def shown(result: dict[str, t.Any]) -> dict[str, t.Any]:
    """What check mode and the run have in common."""
    error = result.get("error")
    return {name: result.get(name) for name in ("failed", "msg", "changed", "changes", "diff")} | {
        "error": error and {name: error[name] for name in ("code", "name", "side", "cause", "fix")}
    }


@pytest.mark.parametrize(
    ("module", "options"), [(module, options) for module, found in CASES.items() for options in found], ids=str
)
def test_check_mode_foretells_the_run_and_a_third_one_changes_nothing(bench, module, options):
    given, before = named(options, bench.graph), bench.graph.state
    checked = run(bench, module, given, check_mode=True)
    assert bench.graph.state == before and not changing(bench.graph)
    real = run(bench, module, given)
    assert shown(checked) == shown(real)
    assert bool(real["diff"]["after"]) == real["changed"] == (bench.graph.state != before)
    if not real.get("failed"):
        again = run(bench, module, given)
        assert not again.get("failed") and again["changed"] is False, again


@pytest.mark.parametrize(("module", "options", "reason"), RUN_ONLY, ids=str)
def test_what_only_the_run_can_find_is_still_not_foretold(bench, module, options, reason):
    given = named(options, bench.graph)
    assert reason and not run(bench, module, given, check_mode=True).get("failed")
    assert run(bench, module, given)["failed"] is True


def changing(graph: Tenant) -> list[tuple]:
    """Requests that change something; a batch and a question may be POSTs too."""
    return [write for write in graph.writes if write[0] in ("PATCH", "PUT", "DELETE")]


@pytest.mark.parametrize("module", CASES)
def test_each_option_is_among_the_cases(module):
    spec = importlib.import_module(PLUGIN.format(module)).ActionModule.spec
    given = [*CASES[module], *(options for name, options, _reason in RUN_ONLY if name == module)]
    assert {name for options in given for name in options} == set(spec)

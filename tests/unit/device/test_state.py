# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts are built from raw observations, and say so where the witnesses disagree."""

from __future__ import annotations

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.device import package_facts, state

from . import scripted
from .scripted import OperationError, ScriptedDevice, key

ENROLLMENT = "8F0F2F0E-2D39-4F55-9F3B-B2A2B4B7B8AA"
MDM_THUMBPRINT = "A" * 40


def facts(device: ScriptedDevice, subsets=state.SUBSETS) -> dict:
    return state.build(device.session().run(state.observations(subsets)), subsets)


def joined() -> ScriptedDevice:
    device = ScriptedDevice()
    device.handlers["registry_read"] = scripted.registry(scripted.joined_registry())
    device.handlers["certificates"] = lambda _p: {"certificates": [scripted.join_certificate()]}
    device.handlers["dsregcmd_status"] = scripted.dsregcmd(True)
    return device


def test_a_fresh_device_is_joined_to_nothing():
    device = ScriptedDevice()
    join = facts(device)["join"]
    assert join["type"] == "none" and join["witnesses_agree"] is True
    assert {join[field] for field in ("device_id", "tenant_id", "joined_by", "thumbprint", "tpm_protected")} == {None}
    assert device.requests == 1


def test_a_joined_device_tells_its_tenant_and_its_id():
    join = facts(joined())["join"]
    assert join["type"] == "entra"
    assert (join["device_id"], join["tenant_id"]) == (scripted.DEVICE_ID, scripted.TENANT)
    assert join["tenant_name"] == "Contoso"
    assert join["joined_by"] == "package_x@contoso.onmicrosoft.com"
    assert join["certificate_expires"] == "2036-11-21T08:00:00.000Z"
    assert join["witnesses_agree"] is True


@pytest.mark.parametrize(
    "registry, certificate, dsregcmd, joined_by_most",
    [
        (True, True, False, True),
        (True, False, True, True),
        (False, True, True, True),
        (True, False, False, False),
        (False, True, False, False),
        (False, False, True, False),
    ],
)
def test_where_witnesses_disagree_most_win_and_the_facts_say_so(registry, certificate, dsregcmd, joined_by_most):
    device = ScriptedDevice()
    tree = scripted.joined_registry() if registry else scripted.fresh_registry()
    device.handlers["registry_read"] = scripted.registry(tree)
    device.handlers["certificates"] = lambda _p: {"certificates": [scripted.join_certificate()] if certificate else []}
    device.handlers["dsregcmd_status"] = scripted.dsregcmd(dsregcmd)
    join = facts(device)["join"]
    assert join["witnesses_agree"] is False
    assert (join["type"] == "entra") is joined_by_most


def test_a_certificate_of_another_registration_is_no_witness():
    device = joined()
    stale = scripted.join_certificate() | {"thumbprint": "F" * 40}
    device.handlers["certificates"] = lambda _p: {"certificates": [stale]}
    assert facts(device)["join"]["witnesses_agree"] is False


@pytest.mark.parametrize(
    "is_joined, in_domain, registered, expected",
    [
        (True, True, False, "hybrid"),
        (False, True, False, "domain"),
        (False, True, True, "domain"),
        (False, False, True, "registered"),
        (False, False, False, "none"),
        (True, False, True, "entra"),
    ],
)
def test_join_types(is_joined, in_domain, registered, expected):
    device = joined() if is_joined else ScriptedDevice()
    device.handlers["cim_query"] = scripted.cim(in_domain=in_domain)
    if registered:
        hive = {"S-1-5-21-1-2-3-1002": key(ABCD=key({"TenantId": scripted.TENANT}))}
        device.handlers["registry_users_read"] = lambda _p: {"users": hive}
    assert facts(device)["join"]["type"] == expected


def test_a_device_without_dsregcmd_is_judged_by_its_registry_and_certificate():
    device = joined()
    device.handlers["dsregcmd_status"] = lambda _p: {"present": False, "exit_code": None, "text": ""}
    join = facts(device)["join"]
    assert join["type"] == "entra" and join["witnesses_agree"] is True


def test_what_the_device_refuses_is_a_problem_said_aloud():
    device = ScriptedDevice()

    def refused(_params):
        raise OperationError("System.UnauthorizedAccessException", "no")

    device.handlers["scheduled_tasks"] = refused
    answer = device.session().run(state.observations())
    assert state.problems(answer) == ["enrollment_tasks could not be read: no (System.UnauthorizedAccessException)"]


def enrolled(**without) -> ScriptedDevice:
    device = ScriptedDevice()
    values = {
        "ProviderID": without.get("provider", "MS DM Server"),
        "UPN": "",
        "EnrollmentState": without.get("state", 1),
        "DMPCertThumbPrint": MDM_THUMBPRINT,
        "DiscoveryServiceFullURL": "https://enrollment.example/discovery.svc",
    }
    tree = scripted.fresh_registry() | {
        r"SOFTWARE\Microsoft\Enrollments": key(**{ENROLLMENT: key(values), "Context": key(), "Status": key()})
    }
    device.handlers["registry_read"] = scripted.registry(tree)
    mdm_certificate = scripted.join_certificate() | {"thumbprint": MDM_THUMBPRINT.lower()}
    certificates = [] if without.get("certificate") is False else [mdm_certificate]
    device.handlers["certificates"] = lambda _p: {"certificates": certificates}
    folders = [] if without.get("tasks") is False else [ENROLLMENT]
    device.handlers["scheduled_tasks"] = lambda _p: {"exists": True, "folders": folders, "tasks": []}
    return device


def test_an_enrollment_with_all_its_witnesses_counts():
    mdm = facts(enrolled(), ("mdm",))["mdm"]
    assert mdm == {
        "enrolled": True,
        "provider": "MS DM Server",
        "enrollment_id": ENROLLMENT.lower(),
        "upn": None,
        "discovery_url": "https://enrollment.example/discovery.svc",
        "channel": "intune",
        "tenant_id": None,
        "state": 1,
        "certificate_expires": "2036-11-21T08:00:00.000Z",
        "last_sync": None,
        "offered_by_tenant": None,
        "why_not": None,
        "co_managed": False,
        "workloads": None,
    }


@pytest.mark.parametrize("missing", [{"state": 0}, {"certificate": False}, {"tasks": False}], ids=str)
def test_an_enrollment_that_lacks_one_witness_is_none(missing):
    assert facts(enrolled(**missing), ("mdm",))["mdm"]["enrolled"] is False


def test_a_local_bridge_is_no_enrollment():
    assert facts(enrolled(provider="WMI_Bridge_Server"), ("mdm",))["mdm"]["enrolled"] is False


def test_the_worst_recorded_result_of_a_package_is_shown():
    device = ScriptedDevice()
    package = {
        "id": "{4A1F9E0C-7A55-4F0E-9D0B-0A52F3A7C111}",
        "name": "Join",
        "version": "1.0",
        "path": "",
        "installed": True,
    }
    device.handlers["provisioning_packages"] = lambda _p: {"available": True, "packages": [package]}
    results = key(
        **{
            "{4a1f9e0c-7a55-4f0e-9d0b-0a52f3a7c111}": key(
                {}, area=key({}, info=key({}, one=key({"LastResult": 0}), two=key({"LastResult": -2147024891})))
            )
        }
    )
    device.handlers["registry_read"] = scripted.registry({package_facts.ENGINE_RESULTS: results})
    assert facts(device, ("packages",))["packages"] == [
        {
            "id": scripted.PACKAGE,
            "name": "Join",
            "version": "1.0",
            "installed": True,
            "origin": "other",
            "pending": False,
            "last_result": "0x80070005",
        }
    ]


@pytest.mark.parametrize(
    ("leaf", "pending", "last_result"),
    [
        ({"LastResult": 0x02AB0003, "NumFailures": 0}, True, "0x02ab0003"),
        ({"LastResult": 0}, False, "0x00000000"),
        ({"State": 1}, False, None),
        ({"LastResult": "0"}, None, None),
    ],
)
def test_a_package_that_waits_is_pending_and_has_not_failed(leaf, pending, last_result):
    device = ScriptedDevice()
    package = {"id": scripted.PACKAGE, "name": "Join", "version": "1.0", "path": "", "installed": True}
    device.handlers["provisioning_packages"] = lambda _p: {"available": True, "packages": [package]}
    results = key(**{"{" + scripted.PACKAGE + "}": key({}, area=key({}, info=key({}, one=key(leaf))))})
    device.handlers["registry_read"] = scripted.registry({package_facts.ENGINE_RESULTS: results})
    [found] = facts(device, ("packages",))["packages"]
    assert (found["pending"], found["last_result"]) == (pending, last_result)


def test_nobody_knows_whether_a_package_waits_where_the_results_cannot_be_read():
    device = ScriptedDevice()
    package = {"id": scripted.PACKAGE, "name": "Join", "version": "1.0", "path": "", "installed": True}
    device.handlers["provisioning_packages"] = lambda _p: {"available": True, "packages": [package]}
    others = scripted.registry({})

    def read(parameters):
        if parameters["path"] == package_facts.ENGINE_RESULTS:
            raise scripted.OperationError("System.UnauthorizedAccessException", "Access is denied", -2147024891)
        return others(parameters)

    device.handlers["registry_read"] = read
    [found] = facts(device, ("packages",))["packages"]
    assert (found["pending"], found["last_result"]) == (None, None)


@pytest.mark.parametrize(
    "path, tree, reason",
    [
        (
            r"SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\RebootPending",
            key(),
            "component servicing",
        ),
        (
            r"SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired",
            key(),
            "windows update",
        ),
        (
            r"SYSTEM\CurrentControlSet\Control\Session Manager",
            key({"PendingFileRenameOperations": ["a", ""]}),
            "pending file renames",
        ),
        (
            r"SYSTEM\CurrentControlSet\Control\ComputerName",
            key(ActiveComputerName=key({"ComputerName": "OLD"}), ComputerName=key({"ComputerName": "NEW"})),
            "computer rename",
        ),
    ],
)
def test_each_place_where_windows_waits_for_a_restart_is_seen(path, tree, reason):
    device = ScriptedDevice()
    device.handlers["registry_read"] = scripted.registry(scripted.fresh_registry() | {path: tree})
    os = facts(device, ("os",))["os"]
    assert os["pending_reboot"] is True and os["pending_reboot_reasons"] == [reason]


@pytest.mark.parametrize(
    "values, cim, joinable",
    [
        ({}, {}, True),
        ({"EditionID": "CoreSingleLanguage"}, {}, False),
        ({"CurrentBuild": "14393"}, {}, False),
        ({"EditionID": "ServerStandard"}, {"product_type": 3}, False),
        (
            {"EditionID": "ServerDatacenter", "CurrentBuild": "20348"},
            {"product_type": 3, "asset_tag": "7783-7084-3265-9085-8269-3286-77"},
            True,
        ),
    ],
)
def test_which_windows_may_join(values, cim, joinable):
    device = ScriptedDevice()
    tree = scripted.fresh_registry()
    tree[state.CURRENT_VERSION]["values"].update(values)
    device.handlers["registry_read"] = scripted.registry(tree)
    device.handlers["cim_query"] = scripted.cim(**cim)
    os = facts(device, ("os",))["os"]
    assert os["joinable"] is joinable and (os["why_not_joinable"] is None) is joinable


def os_of(product_type: int, sku: int | None = None, arc: dict | None = None, **values) -> dict:
    """The facts of a Windows with these numbers, these values of its CurrentVersion, and this key of Arc's agent."""
    device = ScriptedDevice()
    tree = scripted.fresh_registry()
    tree[state.CURRENT_VERSION]["values"].update(values)
    device.handlers["registry_read"] = scripted.registry(tree | ({ARC_AGENT: arc} if arc else {}))
    basic = scripted.cim(product_type=product_type, asset_tag="7783-7084-3265-9085-8269-3286-77")

    def cim(params):
        [instance] = basic(params)["instances"]
        return {
            "instances": [
                instance | ({"OperatingSystemSKU": sku} if "OperatingSystemSKU" in params["properties"] else {})
            ]
        }

    device.handlers["cim_query"] = cim
    return facts(device, ("os",))["os"]


ARC_AGENT = r"SOFTWARE\Microsoft\Azure Connected Machine Agent"


@pytest.mark.parametrize(
    ("product_type", "sku", "values"),
    [
        (3, 175, {"EditionID": "ServerRdsh"}),
        (3, 175, {"EditionID": "Enterprise"}),
        (3, None, {"EditionID": "serverrdsh"}),
        (3, None, {"EditionID": "EnterpriseMultiSession"}),
        (3, None, {"EditionID": "Enterprise", "CompositionEditionID": "ServerRdsh"}),
        (1, 175, {"EditionID": "ServerRdsh"}),
    ],
)
def test_enterprise_multi_session_is_a_client(product_type, sku, values):
    os = os_of(product_type, sku, **values)
    assert (os["multi_session"], os["server"], os["joinable"]) == (True, False, True)


@pytest.mark.parametrize(("product_type", "server"), [(1, False), (2, True), (3, True)])
def test_what_is_not_multi_session_is_judged_by_its_product_type(product_type, server):
    os = os_of(product_type, 8, EditionID="ServerDatacenter", InstallationType="Server", CurrentBuild="20348")
    assert (os["multi_session"], os["server"]) == (False, server)


def test_a_server_core_is_not_joinable_and_says_why():
    os = os_of(3, 8, EditionID="ServerDatacenter", InstallationType="Server Core", CurrentBuild="20348")
    assert (os["installation_type"], os["joinable"]) == ("Server Core", False) and "Core" in os["why_not_joinable"]


@pytest.mark.parametrize(
    ("agent", "arc"),
    [
        (None, False),
        (key(), True),
        (key(Config=key({"Status": "Connected"})), True),
        (key(Config=key({"status": "disconnected"})), False),
        (key(Config=key({"Status": 1})), None),
    ],
)
def test_a_machine_of_azure_arc_is_known_by_its_agent(agent, arc):
    assert os_of(1, 48, agent)["arc"] is arc


def test_the_clock_is_compared_with_the_middle_of_the_exchange():
    answer = ScriptedDevice().session().run(state.observations(("clock",)))
    device_time = state.parse_utc(scripted.UTC).timestamp()
    object.__setattr__(answer, "asked_at", device_time - 310)
    object.__setattr__(answer, "answered_at", device_time - 290)
    assert state.build(answer, ("clock",))["clock"] == {
        "device_utc": scripted.UTC,
        "skew_seconds": 300.0,
        "uncertainty_seconds": 10.0,
    }


def test_a_subset_asks_the_device_for_no_more_than_it_needs():
    assert set(state.observations(("clock",))) == set()
    mdm = {"cloud_join", "certificates", "enrollments", "enrollment_tasks", "mdm_accounts", "configuration_manager"}
    mdm |= {"package_enrollments"}
    assert set(state.observations(("mdm",))) == mdm

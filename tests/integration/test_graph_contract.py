# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's Graph against Microsoft's own description of it: every route is asked, and every exchange is checked.

The description and its checker lie in a folder beside a checkout; where that is missing, only the checks against it are
skipped.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from azure import identity
from azure.core.exceptions import ClientAuthenticationError
from msgraph import GraphServiceClient
from msgraph.generated.models.device import Device
from msgraph.generated.models.group import Group
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.reference_create import ReferenceCreate

from tests.integration import contract_logs, contract_methods, contract_posture, contract_profiles
from tests.integration.graph_client import BareGraph
from tests.integration.play import PATIENCE
from tests.lab import hardware_hash
from tests.lab.device import device_link
from tests.lab.graph import server as _server  # noqa: F401  (registers the routes)
from tests.lab.graph.routing import ROUTES
from tests.lab.process import ROOT, RunningLab
from tests.lab.tenant import roles
from tests.lab.tenant.defaults import DEVICE_REGISTRATION, INTUNE

CONTRACT = ROOT.parent / "shared" / "graph"
described = pytest.mark.skipif(
    not (CONTRACT / "validate.py").exists(), reason="needs ../shared/graph, Microsoft's description of Graph"
)
MDM = "/policies/mobileDeviceManagementPolicies"
MAM = "/policies/mobileAppManagementPolicies"
ASSIGNMENTS = "/roleManagement/directory/roleAssignments"
#: Calls for which the published permissions name no devices, although the reference says that devices can be restored.
GUESSED = {("POST", "/directory/deletedItems/{id}/restore")}
IDENTITIES = "/deviceManagement/windowsAutopilotDeviceIdentities"
POLICIES = "/deviceManagement/configurationPolicies"
ASSOCIATED = "/deviceManagement/tenantAssociatedDevices"
CORPORATE = "/deviceManagement/importedDeviceIdentities"
SCENARIO = {
    "tenants": {
        "main": {
            "name": "Contoso",
            "domain": "contoso.example",
            "join": ["fleet"],
            "mdm": ["fleet"],
            "conditional_access": {"mfa": ["conditional_access"]},
            "apps": [{"name": "Filler", "count": 60}, {"name": "Portal", "type": "winGetApp"}],
            "users": {
                "anna": {
                    "name": "Anna",
                    "licences": ["m365_e3"],
                    "devices": 2,
                    "roles": ["global_reader"],
                    "passkeys": [{"aaguid": "2fc0579f-8113-47ea-b116-bb5a8db9202a"}],
                    "registered": ["passKeyDeviceBound"],
                },
                "bruno": {"enabled": False},
            },
            "groups": {
                "Devices": {"rule": '(device.deviceOSType -eq "Windows")'},
                "People": {"members": ["anna"], "role_assignable": True, "unique_name": "people"},
            },
            "preparation_policies": [{"name": "Office", "group": "People", "assigned": ["People"]}],
            "skus": {"m365_e3": 10},
            "devices": [
                {"name": "OLD", "count": 5, "days": 200, "owner": "anna"},
                {"name": "AD-PC", "trust": "ServerAd"},
                {"name": "PC-STATES"},
            ],
            "managed": contract_posture.MANAGED,
            "logs": contract_logs.LOGS,
            "autopilot": [{"serial": "SN001", "group_tag": "kiosk"}, {"serial": "SN 002"}],
        }
    },
    "devices": [{"kind": "joined", "count": 2}],
}


@pytest.fixture(scope="module")
def world(start_fleet) -> RunningLab:
    return start_fleet(SCENARIO)


def test_every_route_answers_as_described(world):
    """Reads and writes every resource as a careful client does; then nothing of it may contradict the description."""
    app = BareGraph(world.out)
    _policy(app)
    _directory(app)
    _groups(app)
    _people(app)
    _roles(app)
    _intune(app)
    _preparation(app)
    _autopilot(app)
    [people] = app.get("/groups?$filter=displayName eq 'People'")["value"]
    contract_profiles.ask(app, people["id"], world.post)
    contract_methods.ask(app, "anna@contoso.example", people["id"])
    contract_posture.ask(app, app.get("/users/anna@contoso.example")["id"])
    contract_logs.ask(app)
    _tenant_wide(app)
    _batches(app)
    _mobility(BareGraph(world.out, "device_code"), app)
    asked = set(world.get("/tenant/requests")["routes"])
    missing = {f"{r.method} /beta{r.template}" for r in ROUTES} - {a.replace("/v1.0/", "/beta/") for a in asked}
    assert not missing
    _validate(world.out / "graph.jsonl")


def _policy(app: BareGraph) -> None:
    path = "/policies/deviceRegistrationPolicy"
    for version in ("v1.0", "beta"):
        policy = {k: v for k, v in app.get(path, version).items() if not k.startswith("@")}
        for read_only in ("id", "displayName", "description"):
            policy.pop(read_only)
        reply = app.call("PUT", path, {**policy, "userDeviceQuota": 21}, version=version)
        assert (reply.status, reply.body["userDeviceQuota"]) == (200, 21)


def _directory(app: BareGraph) -> None:
    assert len(list(app.pages("/devices?$top=3"))) == 13
    stale = "$filter=approximateLastSignInDateTime le 2026-09-01T00:00:00Z and trustType eq 'AzureAd'"
    found = app.advanced(f"/devices?{stale}&$count=true&$select=id,deviceId,displayName&$top=999")
    assert found["@odata.count"] == 5 and set(found["value"][0]) == {"id", "deviceId", "displayName"}
    assert app.advanced("/devices/$count") == "13"
    assert len(app.advanced('/devices?$search="displayName:OLD"&$count=true&$orderby=displayName')["value"]) == 5
    old = found["value"][0]
    by_key = f"/devices(deviceId='{old['deviceId']}')"
    for version in ("v1.0", "beta"):
        device = app.get(f"/devices/{old['id']}?$expand=registeredOwners", version)
        assert device["registeredOwners"][0]["displayName"] == "Anna"
        assert app.get(by_key, version)["displayName"] == old["displayName"]
    for tail in ("registeredOwners", "registeredUsers", "memberOf", "transitiveMemberOf"):
        app.get(f"/devices/{old['id']}/{tail}")
    app.get(by_key + "/registeredOwners")
    assert app.call("PATCH", f"/devices/{old['id']}", {"accountEnabled": False}).status == 204
    tag = {"extensionAttributes": {"extensionAttribute1": "x"}}
    assert app.call("PATCH", by_key, tag, version="beta").status == 204
    assert app.get(by_key, "beta")["extensionAttributes"]["extensionAttribute1"] == "x"
    assert app.call("DELETE", f"/devices/{old['id']}").status == 204
    assert [d["id"] for d in app.get("/directory/deletedItems/microsoft.graph.device")["value"]] == [old["id"]]
    app.get(f"/directory/deletedItems/{old['id']}")
    assert app.call("POST", f"/directory/deletedItems/{old['id']}/restore").status == 200
    assert app.call("DELETE", by_key).status == 204
    assert app.call("DELETE", f"/directory/deletedItems/{old['id']}").status == 204
    assert app.call("GET", f"/devices/{old['id']}").status == 404
    for path in (
        "/directory/deviceLocalCredentials",
        "/deviceLocalCredentials",
        "/informationProtection/bitlocker/recoveryKeys",
    ):
        app.get(path)
    for path in ("/directory/deviceLocalCredentials/", "/deviceLocalCredentials/"):
        assert app.call("GET", path + old["deviceId"]).status == 404


def _groups(app: BareGraph) -> None:
    body = {
        "displayName": "O'Neil's",
        "description": None,
        "mailEnabled": False,
        "mailNickname": "oneil",
        "securityEnabled": True,
        "groupTypes": [],
    }
    made = app.call("POST", "/groups", body)
    assert made.status == 201
    group = f"/groups/{made.body['id']}"
    [found] = app.get("/groups?$filter=displayName eq 'O''Neil''s'")["value"]
    assert found["id"] == made.body["id"] and found["securityIdentifier"].startswith("S-1-12-1-")
    assert app.call("PATCH", group, {"description": "Ünïcode"}).status == 204
    assert app.get(group)["description"] == "Ünïcode"
    devices = [device["id"] for device in app.get("/devices")["value"]][:2]
    for id_ in devices:
        assert app.call("POST", group + "/members/$ref", app.reference(id_)).status == 204
    assert app.call("POST", group + "/members/$ref", app.reference(devices[0])).status == 400
    assert [m["@odata.type"] for m in app.get(group + "/members")["value"]] == ["#microsoft.graph.device"] * 2
    for tail in ("transitiveMembers", "members/microsoft.graph.device"):
        assert len(app.get(f"{group}/{tail}")["value"]) == 2
    assert app.advanced(group + "/members/$count") == "2" and int(app.advanced("/groups/$count")) > 2
    assert app.call("DELETE", f"{group}/members/{devices[0]}/$ref").status == 204
    assert app.call("DELETE", f"{group}/members/{devices[0]}/$ref").status == 404
    assert app.call("DELETE", group).status == 204
    named = "/groups(uniqueName='kiosks')"
    dynamic = {
        "displayName": "Kiosks",
        "mailEnabled": False,
        "mailNickname": "kiosks",
        "securityEnabled": True,
        "groupTypes": ["DynamicMembership"],
        "membershipRuleProcessingState": "On",
        "membershipRule": '(device.devicePhysicalIds -any (_ -eq "[OrderID]:kiosk"))',
    }
    assert app.call("PATCH", named, dynamic, Prefer="create-if-missing").status == 201
    assert app.call("PATCH", named, dynamic, Prefer="create-if-missing").status == 204
    id_ = app.get(named)["id"]
    status = [app.get(f"/groups/{id_}?$select=membershipRuleProcessingStatus", "beta") for _read in range(3)]
    assert status[-1]["membershipRuleProcessingStatus"]["status"] == "Succeeded"
    assert [m["displayName"] for m in app.get(f"/groups/{id_}/members")["value"]] == ["SN001"]
    assert app.call("DELETE", named).status == 204


def _people(app: BareGraph) -> None:
    assert len(list(app.pages("/users?$top=1&$select=id,accountEnabled"))) >= 4
    anna = app.get("/users/anna@contoso.example?$select=id,accountEnabled,assignedPlans,usageLocation")
    assert anna["accountEnabled"] and {p["capabilityStatus"] for p in anna["assignedPlans"]} == {"Enabled"}
    assert "accountEnabled" not in app.get(f"/users/{anna['id']}")
    assert app.get(f"/users/{anna['id']}/licenseDetails")["value"][0]["skuPartNumber"] == "SPE_E3"
    [people] = app.get("/groups?$filter=displayName eq 'People'")["value"]
    checked = app.call("POST", f"/users/{anna['id']}/checkMemberGroups", {"groupIds": [people["id"], INTUNE]})
    assert checked.body["value"] == [people["id"]]
    for relation in ("ownedDevices", "registeredDevices"):
        assert len(app.get(f"/users/{anna['id']}/{relation}")["value"]) == 6
        cast = f"/users/{anna['id']}/{relation}/microsoft.graph.device?$select=id,deviceId,trustType&$top=999"
        assert {d["trustType"] for d in app.get(cast)["value"]} == {"AzureAd"}
        assert app.advanced(f"/users/{anna['id']}/{relation}/$count") == "6"
    assert app.get(f"/users/{anna['id']}/transitiveMemberOf")["value"][0]["displayName"] == "People"


def _roles(app: BareGraph) -> None:
    role = roles.DEVICE_LOCAL_ADMINISTRATOR
    anna = app.get("/users/anna@contoso.example")["id"]
    app.get("/roleManagement/directory/roleDefinitions")
    app.get(f"/roleManagement/directory/roleDefinitions/{role}")
    body = {
        "@odata.type": "#microsoft.graph.unifiedRoleAssignment",
        "roleDefinitionId": role,
        "principalId": anna,
        "directoryScopeId": "/",
    }
    made = app.call("POST", ASSIGNMENTS, body)
    assert made.status == 201 and app.call("POST", ASSIGNMENTS, body).status == 400
    query = f"?$filter=roleDefinitionId eq '{role}'&$expand=principal"
    assert app.get(ASSIGNMENTS + query)["value"][0]["principal"]["userPrincipalName"] == "anna@contoso.example"
    app.get(f"{ASSIGNMENTS}/{made.body['id']}")
    assert app.call("DELETE", f"{ASSIGNMENTS}/{made.body['id']}").status == 204
    by_template = f"/directoryRoles(roleTemplateId='{role}')"
    assert app.call("GET", by_template + "/members").status == 404
    activated = app.call("POST", "/directoryRoles", {"roleTemplateId": role})
    assert activated.status == 201
    app.get("/directoryRoles")
    for path in (by_template, f"/directoryRoles/{activated.body['id']}"):
        app.get(path)
        assert app.call("POST", path + "/members/$ref", app.reference(anna)).status == 204
        assert [m["id"] for m in app.get(path + "/members")["value"]] == [anna]
        assert app.call("DELETE", f"{path}/members/{anna}/$ref").status == 204


def _intune(app: BareGraph) -> None:
    app.get("/deviceManagement/autopilotEvents", "beta")
    for version in ("v1.0", "beta"):
        listed = app.get("/deviceManagement/managedDevices", version)["value"]
        [first, _second] = [row for row in listed if row["deviceName"] != "PC-STATES"]
        [found] = app.get(
            f"/deviceManagement/managedDevices?$filter=azureADDeviceId eq '{first['azureADDeviceId']}'", version
        )["value"]
        assert app.get(f"/deviceManagement/managedDevices/{found['id']}", version)["deviceName"] == first["deviceName"]
        assert app.get(f"/deviceManagement/managedDevices/{found['id']}/users", version)["value"] == []
        identities = app.get(IDENTITIES, version)["value"]
        assert {row["serialNumber"] for row in identities} == {"SN001", "SN 002"}
        assert len(app.get(f"{IDENTITIES}?$filter=contains(serialNumber,'SN001')", version)["value"]) == 1
        app.get(f"{IDENTITIES}/{identities[0]['id']}", version)
        rows = app.get("/deviceManagement/deviceEnrollmentConfigurations", version)["value"]
        assert {row["@odata.type"].removeprefix("#microsoft.graph.deviceEnrollment") for row in rows} == {
            "LimitConfiguration",
            "PlatformRestrictionsConfiguration",
            "#microsoft.graph.windows10EnrollmentCompletionPageConfiguration",
        }
    for action in ("syncDevice", "rebootNow", "retire"):
        assert app.call("POST", f"/deviceManagement/managedDevices/{first['id']}/{action}").status == 204
    for version, more in (("v1.0", {}), ("beta", {"useProtectedWipe": False})):
        path, body = f"/deviceManagement/managedDevices/{first['id']}/wipe", {"keepUserData": False, **more}
        assert app.call("POST", path, body, version=version).status == 204
    allowed = f"{IDENTITIES}/{identities[0]['id']}/allowNextEnrollment"
    assert app.call("POST", allowed, version="beta").status == 204
    managed = app.get(f"/deviceManagement/managedDevices/{first['id']}")
    assert [result["actionState"] for result in managed["deviceActionResults"]] == ["pending"] * 5
    assert app.call("DELETE", f"/deviceManagement/managedDevices/{first['id']}").status == 204
    assert app.call("GET", f"/deviceManagement/managedDevices/{first['id']}").status == 404
    tagged = app.call("POST", f"{IDENTITIES}/{identities[0]['id']}/updateDeviceProperties", {"groupTag": "desk"})
    assert tagged.status == 204
    anchor = f"/devices(deviceId='{identities[0]['azureActiveDirectoryDeviceId']}')"
    assert "[OrderId]:desk" in app.get(anchor)["physicalIds"]
    assert app.call("DELETE", anchor).status == 403
    assert app.call("DELETE", f"{IDENTITIES}/{identities[0]['id']}").status == 204
    assert app.call("DELETE", anchor).status == 204


def _preparation(app: BareGraph) -> None:
    [policy] = app.get(POLICIES, "beta")["value"]
    template = app.get(f"{POLICIES}/{policy['id']}", "beta")["templateReference"]
    assert template["templateFamily"] == "enrollmentConfiguration"
    settings = app.get(f"{POLICIES}/{policy['id']}/settings", "beta")["value"]
    assert "enrollment_autopilot_dpp_accountype" in [one["settingInstance"]["settingDefinitionId"] for one in settings]
    assert app.get(f"{POLICIES}/{policy['id']}/assignments", "beta")["value"]
    [group] = app.get("/groups?$filter=displayName eq 'People'")["value"]
    assert app.get(f"/groups/{group['id']}/owners")["value"][0]["displayName"] == "Intune Provisioning Client"
    body = {"deviceLink": device_link.make("SN-1", INTUNE), "devicePreparationPolicyId": policy["id"]}
    made = app.call("POST", f"{ASSOCIATED}/importTenantAssociatedDevice", body, version="beta")
    assert made.status == 201 and app.get(f"{ASSOCIATED}/{made.body['id']}", "beta")["serialNumber"] == "SN-1"
    assert app.call("POST", f"{ASSOCIATED}/importTenantAssociatedDevice", body, version="beta").status == 409
    assert app.get(f"{ASSOCIATED}?$filter=serialNumber eq 'SN-1'", "beta")["value"] == []
    one = f"{ASSOCIATED}/{made.body['id']}"
    assert app.call("PATCH", one, {"devicePreparationPolicyId": None}, version="beta").status == 204
    assert app.call("DELETE", one, version="beta").status == 204
    assert app.call("GET", one, version="beta").status == 404
    row = {
        "importedDeviceIdentifier": "LENOVO,21FV,PF1",
        "importedDeviceIdentityType": "manufacturerModelSerial",
        "platform": "windows",
    }
    upload = f"{CORPORATE}/importDeviceIdentityList"
    body = {"importedDeviceIdentities": [row], "overwriteImportedDeviceIdentities": False}
    for status in (True, False):
        [taken] = app.call("POST", upload, body, version="beta").body["value"]
        assert taken["status"] is status
    [held] = app.get(CORPORATE, "beta")["value"]
    assert app.get(f"{CORPORATE}/{held['id']}", "beta")["platform"] == "windows"
    assert app.call("DELETE", f"{CORPORATE}/{held['id']}", version="beta").status == 204


def _autopilot(app: BareGraph) -> None:
    """The identity that _intune has left, and one that is imported; its import is not waited for."""
    imports = "/deviceManagement/importedWindowsAutopilotDeviceIdentities"
    [left] = app.get(IDENTITIES)["value"]
    place = f"{IDENTITIES}/{left['id']}"
    someone = {"userPrincipalName": "anna@contoso.example", "addressableUserName": "Anna"}
    assert app.call("POST", place + "/assignUserToDevice", someone).status == 204
    foreign = {"userPrincipalName": "anna@elsewhere.example"}
    assert app.call("POST", place + "/assignUserToDevice", foreign).status == 400
    assert app.get(place)["userPrincipalName"] == "anna@contoso.example"
    assert app.get(place, "beta")["deploymentProfileAssignmentStatus"] == "unknown"
    assert app.call("POST", place + "/unassignUserFromDevice").status == 204
    device = {"serialNumber": "SN003", "hardwareIdentifier": hardware_hash.make("SN003"), "groupTag": "desk"}
    for version in ("v1.0", "beta"):
        body = {"importedWindowsAutopilotDeviceIdentities": [device]}
        taken = app.call("POST", imports + "/import", body, version=version)
        assert taken.status == 200 and taken.body["value"][0]["state"]["deviceImportStatus"] == "unknown"
        receipt = taken.body["value"][0]["id"]
        assert receipt in [row["id"] for row in app.get(imports, version)["value"]]
        assert app.get(f"{imports}/{receipt}", version)["serialNumber"] == "SN003"
        assert app.call("DELETE", f"{imports}/{receipt}", version=version).status == 204
        assert app.call("GET", f"{imports}/{receipt}", version=version).status == 404
    settings = "/deviceManagement/windowsAutopilotSettings"
    assert app.get(settings, "beta")["syncStatus"] == "completed"
    assert [app.call("POST", settings + "/sync", version="beta").status for _twice in range(2)] == [204, 429]
    deleted = app.call("POST", IDENTITIES + "/deleteDevices", {"serialNumbers": [left["serialNumber"], "SN404"]})
    assert [row["deletionState"] for row in deleted.body["value"]] == ["accepted", "failed"]


def _tenant_wide(app: BareGraph) -> None:
    for version in ("v1.0", "beta"):
        policies = app.get("/identity/conditionalAccess/policies", version)["value"]
        app.get(f"/identity/conditionalAccess/policies/{policies[0]['id']}", version)
        assert app.get("/policies/identitySecurityDefaultsEnforcementPolicy", version)["isEnabled"] is False
        assert app.get("/organization", version)["value"][0]["verifiedDomains"][0]["name"] == "contoso.example"
        assert app.get("/subscribedSkus", version)["value"][0]["consumedUnits"] == 1
        assert app.get(f"/servicePrincipals(appId='{DEVICE_REGISTRATION}')", version)["accountEnabled"]
        assert app.get(f"/servicePrincipals?$filter=appId eq '{INTUNE}'", version)["value"]


def _batches(app: BareGraph) -> None:
    ids = [row["deviceId"] for row in app.get("/devices?$select=deviceId")["value"]]
    asked = [
        {"id": str(n), "method": "GET", "url": f"/devices(deviceId='{id_}')?$select=id,deviceId,displayName"}
        for n, id_ in enumerate([*ids, INTUNE])
    ]
    found = app.batch(*asked)
    assert [found[str(n)]["status"] for n in range(len(asked))] == [200] * len(ids) + [404]
    device = found["0"]["body"]["id"]
    found = app.batch(
        {
            "id": "a",
            "method": "PATCH",
            "url": f"/devices/{device}",
            "body": {"accountEnabled": True},
            "headers": {"Content-Type": "application/json"},
        },
        {"id": "b", "method": "GET", "url": f"/devices/{device}", "dependsOn": ["a"]},
        {"id": "c", "method": "GET", "url": "/devices/$count", "headers": {"ConsistencyLevel": "eventual"}},
    )
    assert {id_: item["status"] for id_, item in found.items()} == {"a": 204, "b": 200, "c": 200}


def _mobility(user: BareGraph, app: BareGraph) -> None:
    [people] = app.get("/groups?$filter=displayName eq 'People'")["value"]
    for path in (MDM, MAM):
        assert app.call("GET", path, version="beta").status == 401
        rows = user.get(path + "?$expand=includedGroups", "beta")["value"]
        policy = f"{path}/{INTUNE}"
        assert INTUNE in [row["id"] for row in rows]
        user.get(policy, "beta")
        assert user.call("PATCH", policy, {"appliesTo": "none"}, version="beta").status == 204
        reference = {"@odata.id": f"https://graph.microsoft.com/odata/groups('{people['id']}')"}
        assert user.call("POST", policy + "/includedGroups/$ref", reference, version="beta").status == 204
        assert user.get(policy, "beta")["appliesTo"] == "selected"
        assert [g["id"] for g in user.get(policy + "/includedGroups", "beta")["value"]] == [people["id"]]
        assert user.call("DELETE", f"{policy}/includedGroups/{people['id']}/$ref", version="beta").status == 204
        assert user.call("PATCH", policy, {"appliesTo": "all"}, version="beta").status == 204


def _validate(recording: Path) -> None:
    if not (CONTRACT / "validate.py").exists():
        print("skipped: the check of the recording needs ../shared/graph")
        return
    checked = subprocess.run(
        [sys.executable, str(CONTRACT / "validate.py"), "--strict", str(recording)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert "exchanges" in checked.stdout and not contract_methods.violations(checked.stdout), checked.stdout[-4000:]


@described
def test_permissions_are_those_that_microsoft_publishes():
    """Whoever may call a route here may do so there. Where nothing is published, the lab's choice stands."""
    surplus = {}
    for route in ROUTES:
        published = _published(route.versions[-1], route.template, route.method)
        for kind in ("application", "delegated"):
            granted = set(getattr(route, kind)) - {name.lstrip("*") for name in published.get(kind, [])}
            if published and granted and (route.method, route.template) not in GUESSED:
                surplus[f"{route.method} {route.template} {kind}"] = sorted(granted)
    assert not surplus


@described
def test_the_property_lists_are_those_of_the_description():
    tool = _load(ROOT / "tests" / "tools" / "graph_types.py")
    assert tool.TARGET.read_text(encoding="utf-8") == tool.text(tool.collect(CONTRACT))


def _published(version: str, template: str, method: str) -> dict:
    contract = _load(CONTRACT / "validate.py").Contract(CONTRACT / f"openapi-{version}.json")
    path = template.replace("{", "").replace("}", "")
    _found, item = contract.find(path)
    assert item is not None, template
    return item.get(method.lower(), {}).get("x-permissions", {})


_LOADED: dict[Path, object] = {}


def _load(path: Path):
    if path not in _LOADED:
        spec = importlib.util.spec_from_file_location(path.stem, path)
        _LOADED[path] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(_LOADED[path])
    return _LOADED[path]


@pytest.mark.filterwarnings("ignore::DeprecationWarning:msgraph")
def test_microsofts_own_clients_work(world, monkeypatch):
    """The typed SDK and the credentials of azure-identity, which share nothing with this lab."""
    tenant = json.loads((world.out / "tenant.json").read_text(encoding="utf-8"))
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", tenant["managed_identity"])
    monkeypatch.setenv("SSL_CERT_FILE", tenant["ca_file"])
    common = {
        "authority": tenant["authority"],
        "disable_instance_discovery": True,
        "connection_verify": tenant["ca_file"],
    }
    app = tenant["applications"]["everything"]
    credentials = [
        identity.CertificateCredential(tenant["tenant_id"], app["client_id"], tenant["certificate_path"], **common),
        identity.WorkloadIdentityCredential(
            tenant_id=tenant["tenant_id"],
            client_id=app["client_id"],
            token_file_path=tenant["federated_token_file"],
            **common,
        ),
        identity.DeviceCodeCredential(
            tenant["sign_in"]["client_id"], tenant_id=tenant["tenant_id"], prompt_callback=lambda *shown: None, **common
        ),
        identity.ManagedIdentityCredential(),
        identity.ClientSecretCredential(tenant["tenant_id"], app["client_id"], app["client_secret"], **common),
    ]
    for credential in credentials:
        assert credential.get_token("https://graph.microsoft.com/.default").token.count(".") == 2
    with pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
        identity.ClientSecretCredential(tenant["tenant_id"], app["client_id"], "wrong", **common).get_token(
            "https://graph.microsoft.com/.default"
        )
    asyncio.run(_typed(credentials[-1], tenant["graph_url"]))
    _validate(world.out / "graph.jsonl")


async def _typed(credential: identity.ClientSecretCredential, root: str) -> None:
    client = GraphServiceClient(credential)
    client.request_adapter.base_url = root + "/v1.0"
    policy = await client.policies.device_registration_policy.get()
    assert policy.azure_a_d_join.allowed_to_join.odata_type.endswith("enumeratedDeviceRegistrationMembership")
    body = Group(display_name="typed", mail_enabled=False, mail_nickname="typed", security_enabled=True)
    made = await client.groups.post(body)
    devices = (await client.devices.get()).value
    reference = ReferenceCreate(odata_id=f"https://graph.microsoft.com/v1.0/directoryObjects/{devices[0].id}")
    await client.groups.by_group_id(made.id).members.ref.post(reference)
    members = await client.groups.by_group_id(made.id).members.get()
    assert [(type(member), member.device_id) for member in members.value] == [(Device, devices[0].device_id)]
    with pytest.raises(ODataError) as refused:
        await client.devices.by_device_id("none").get()
    assert refused.value.error.code == "Request_ResourceNotFound" and refused.value.error.inner_error.request_id
    await client.groups.by_group_id(made.id).delete()


def test_the_recording_holds_no_secret(world):
    text = (world.out / "graph.jsonl").read_text(encoding="utf-8")
    tenant = json.loads((world.out / "tenant.json").read_text(encoding="utf-8"))
    secrets = [a["client_secret"] for a in tenant["applications"].values() if a["client_secret"]]
    assert secrets and not any(secret in text for secret in secrets)
    assert '"authorization"' not in text.lower() and "Bearer " not in text
    assert not re.search(r"eyJ[\w-]+\.[\w-]+\.", text)  # a token; what is only base64 of JSON begins like one

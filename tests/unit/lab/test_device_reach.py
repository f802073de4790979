# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a device reaches, as whom and by which way; and what reaches the device."""

from __future__ import annotations

import base64

import pytest

from tests.lab.device import network, winrm
from tests.lab.device.dump import dump

from .world_lab import Lab, code, run

HOSTS = (network.LOGIN, network.REGISTRATION, network.MDM)


def targets(*urls: str) -> list[dict]:
    return [{"name": str(number), "url": url, "headers": {}} for number, url in enumerate(urls)]


async def ask(lab, device, *urls: str, system: bool = False, timeout: int = 30) -> list[dict]:
    value = await lab.value(device, "endpoints", system=system, targets=targets(*urls), timeout=timeout)
    return value["results"]


async def outcomes(lab, device, system: bool) -> list:
    """The status or the type of error of the three hosts."""
    found = await ask(lab, device, *(f"https://{host}/x" for host in HOSTS), system=system)
    return [item["status"] or (item["error"]["type"], code(item["error"]["hresult"])) for item in found]


@pytest.mark.parametrize(
    ("kind", "as_system", "as_user"),
    [
        ("unjoined_pro", [200, 404, 200], [200, 404, 200]),
        ("blocked_for_system", [200, ("timeout", "0x80072ee2"), 200], [200, 404, 200]),
        ("blocked_for_user", [200, 404, 200], [("timeout", "0x80072ee2"), ("timeout", "0x80072ee2"), 200]),
        ("names_unresolved", [("dns", "0x80072ee7")] * 3, [("dns", "0x80072ee7")] * 3),
        ("proxy_gone", [("proxy", "0x80072efd")] * 3, [("proxy", "0x80072efd")] * 3),
        ("proxy_not_set", [("timeout", "0x80072ee2")] * 3, [200, 404, 200]),
        ("proxy_works", [200, 404, 200], [200, 404, 200]),
        ("tls_inspected", [200, ("certificate", "0x80072f8f"), 200], [200, ("certificate", "0x80072f8f"), 200]),
        ("tls12_disabled", [("tls", "0x80072f7d")] * 3, [("tls", "0x80072f7d")] * 3),
        ("wrong_clock", [("certificate", "0x80072f8f")] * 3, [("certificate", "0x80072f8f")] * 3),
        ("clock_off", [200, 404, 200], [200, 404, 200]),
    ],
)
def test_endpoints_answer_by_context(kind, as_system, as_user, tmp_path):
    @run
    async def look(lab: Lab):
        assert await outcomes(lab, lab.device(kind), system=True) == as_system
        assert await outcomes(lab, lab.device(kind), system=False) == as_user

    look(tmp_path)


@run
async def test_requests_run_at_the_same_time_and_each_has_its_limit(lab: Lab):
    device = lab.device("proxy_not_set")
    begun = lab.clock.elapsed()
    found = await ask(lab, device, *(f"https://{host}/" for host in HOSTS * 3), system=True, timeout=10)
    assert lab.clock.elapsed() - begun == pytest.approx(10)
    assert [item["seconds"] for item in found] == [pytest.approx(10)] * 9


@run
async def test_the_discover_call_knows_the_tenants_of_the_world(lab: Lab):
    device, base = lab.device("unjoined_pro"), "https://enterpriseregistration.windows.net"
    found = await ask(
        lab,
        device,
        *(
            f"{base}/{tenant}/discover?api-version=1.7"
            for tenant in (lab.world.tenant.id, "contoso.example", "nobody.example")
        ),
        "https://nowhere.invalid/",
    )
    assert [item["status"] for item in found] == [200, 200, 400, None]
    assert found[0]["body_start"].startswith("{") and len(found[0]["body_start"]) <= 200
    assert found[3]["error"]["type"] == "dns"
    error = await lab.error(device, "endpoints", targets=targets("http://x/"), timeout=5)
    assert error["type"] == "System.ArgumentException"


INFO = "http://169.254.169.254/metadata/identity/info?api-version=2018-02-01"


@pytest.mark.parametrize(
    ("kind", "status", "body"),
    [
        ("azure_vm", 200, '"tenantId": "{main}"'),
        ("azure_vm_of_another_tenant", 200, '"tenantId": "{other}"'),
        ("azure_vm_without_identity", 400, "Identity not found"),
        ("azure_vm_cut_off", None, None),
        ("unjoined_pro", None, None),
    ],
)
def test_the_metadata_service_answers_inside_azure(kind, status, body, tmp_path):
    @run
    async def look(lab: Lab):
        ids = {label: tenant.id for label, tenant in lab.world.tenants.items()}
        value = await lab.value(
            lab.device(kind),
            "endpoints",
            system=True,
            timeout=5,
            targets=[
                {"name": "good", "url": INFO, "headers": {"Metadata": "true"}},
                {"name": "bare", "url": INFO, "headers": {}},
                {"name": "old", "url": INFO.partition("?")[0], "headers": {"Metadata": "true"}},
            ],
        )
        good, bare, old = value["results"]
        assert good["status"] == status and (body is None or body.format(**ids) in good["body_start"])
        assert bare["status"] == old["status"] == (400 if status else None)
        assert status or good["error"]["type"] == "timeout"

    look(tmp_path)


@run
async def test_a_probe_looks_as_system_and_leaves_nothing(lab: Lab):
    device = lab.device("blocked_for_system")
    before = dump(device)["digest"]
    step = {"op": "endpoints", "targets": targets(f"https://{network.REGISTRATION}/"), "timeout": 5}
    value = await lab.value(device, "system_probe", ops=[step], timeout=30)
    assert value["answer"]["device"]["system"] is True
    assert value["answer"]["results"][0]["value"]["results"][0]["error"]["type"] == "timeout"
    late = await lab.value(device, "system_probe", ops=[{**step, "timeout": 20}], timeout=4)
    assert late == {"answer": None}
    assert dump(device)["digest"] == before


@pytest.mark.parametrize(
    "step",
    [{"op": "restart", "delay": 0, "comment": ""}, {"op": "system_probe", "ops": [], "timeout": 1}, {"op": "no such"}],
)
def test_a_probe_does_not_change_anything(step, tmp_path):
    @run
    async def refused(lab: Lab):
        device = lab.device("unjoined_pro")
        before = dump(device)["digest"]
        error = await lab.error(device, "system_probe", ops=[{"op": "dsregcmd_status"}, step], timeout=30)
        assert code(error["hresult"]) == "0x80070005" and dump(device)["digest"] == before

    refused(tmp_path)


@run
async def test_a_join_meets_what_the_endpoints_foretell(lab: Lab):
    for kind in (
        "names_unresolved",
        "proxy_gone",
        "proxy_not_set",
        "tls_inspected",
        "tls12_disabled",
        "disk_full",
        "tpm_fips",
        "blocked_for_system",
        "login_blocked",
        "clock_off",
    ):
        device = lab.device(kind)
        answer = await lab.install(device)
        assert code(answer["error"]["hresult"]) == _at_the_engine(device.expect["code"]), kind
    for kind in ("blocked_for_user", "proxy_works", "clock_nearly_right", "crowded", "joined_half_left"):
        assert (await lab.install(lab.device(kind)))["error"]["type"] is None, kind


def _at_the_engine(expected: str) -> str:
    """A timeout of the discovery comes out of the engine in a wrapper; the event below it has the cause."""
    return "0x801c0021" if expected == "0x80072ee2" else expected


@run
async def test_the_winhttp_proxy_is_in_the_registry_as_netsh_writes_it(lab: Lab):
    async def settings(kind: str) -> bytes:
        key = (await lab.value(lab.device(kind), "registry_read", path=network.WINHTTP))["key"]
        return base64.b64decode(key["values"]["WinHttpSettings"]["base64"])

    blob = await settings("proxy_works")
    assert blob[8] & 2 and b"proxy.corp.contoso.example:8080" in blob and b"*.contoso.example;<local>" in blob
    assert not (await settings("unjoined_pro"))[8] & 2
    text = (await lab.value(lab.device("proxy_works"), "dsregcmd_status"))["text"]
    assert "proxy.corp.contoso.example:8080" in text
    users = await lab.value(lab.device("proxy_not_set"), "registry_users_read", path=network.USERS_PROXY)
    assert all(key["values"]["ProxyEnable"] == 1 for key in users["users"].values()) and users["users"]


# --- what reaches the device --------------------------------------------------------------------------------------


@run
async def test_listeners_and_their_certificate_are_in_the_registry(lab: Lab):
    async def listener(kind: str) -> tuple[dict, list[dict]]:
        device = lab.device(kind)
        keys = (await lab.value(device, "registry_read", path=winrm.LISTENERS, depth=1))["key"]["keys"]
        assert keys["*+HTTP"]["values"]["Port"] == 5985
        values = keys["*+HTTPS"]["values"]
        found = (await lab.value(device, "certificates", store="My", issuers=[]))["certificates"]
        return values, [c for c in found if c["thumbprint"] == values["certThumbprint"]]

    values, [certificate] = await listener("unjoined_pro")
    assert certificate["subject"] == f"CN={values['hostname']}" == certificate["issuer"]
    assert (await listener("listener_certificate_gone"))[1] == []
    _values, [old] = await listener("listener_certificate_expired")
    assert old["not_after"] < "2026-11-21"
    _values, [issued] = await listener("listener_certificate_of_ad")
    assert "DC=corp" in issued["issuer"]
    _values, [future] = await listener("wrong_clock")
    assert future["not_after"] > "2026-11-21", "by the true time, not the device's"


@pytest.mark.parametrize(
    ("kind", "reachable", "category"),
    [
        ("unjoined_pro", True, 1),
        ("hybrid", True, 2),
        ("winrm_in_domain", True, 2),
        ("winrm_from_subnet", False, 0),
        ("shut_out_by_baseline", True, 0),
    ],
)
def test_the_firewall_decides_by_the_category_of_the_network(kind, reachable, category, tmp_path):
    @run
    async def look(lab: Lab):
        device = lab.device(kind)
        found = await lab.value(
            device,
            "cim_query",
            **{
                "class": "MSFT_NetConnectionProfile",
                "namespace": "root/StandardCimv2",
                "properties": ["NetworkCategory"],
            },
        )
        assert found["instances"] == [{"NetworkCategory": category}]
        assert winrm.reachable(device) is reachable
        if kind == "winrm_in_domain":
            device.network.category = 0
            assert winrm.reachable(device) is False

    look(tmp_path)

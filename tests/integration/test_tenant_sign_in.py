# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every way to sign in to a tenant: one token for a loop, none of the secrets anywhere, and clear refusals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.integration.conftest import StartFleet
from tests.integration.lab_tenant import LabTenant
from tests.integration.play import Player

HOST = "localhost"
READ = {"name": "read", "winops.entra.registration_policy": {}}


@pytest.fixture(scope="module")
def tenant(start_fleet: StartFleet, player: Player) -> LabTenant:
    return LabTenant(start_fleet("healthy"), player)


def sign_ins(tenant: LabTenant) -> dict[str, dict]:
    app = tenant.facts["applications"]["everything"]["client_id"]
    return {
        "client_secret": tenant.credential(),
        "certificate": {**tenant.place(), "client_id": app, "certificate_path": tenant.facts["certificate_path"]},
        "workload_identity": {
            **tenant.place(),
            "client_id": app,
            "federated_token_file": tenant.facts["federated_token_file"],
        },
        "device_code": tenant.user(),
    }


@pytest.mark.parametrize("kind", ["client_secret", "certificate", "workload_identity", "device_code"])
def test_each_kind_signs_in(tenant, kind):
    play = tenant.run([READ], sign_in=sign_ins(tenant)[kind])
    assert play.exit_code == 0, play.output
    assert play.result(HOST, "read")["policy"]["devices_per_user"] == 50
    if kind == "device_code":
        assert "enter the code" in play.output


def test_a_managed_identity_signs_in(tenant, monkeypatch):
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", tenant.facts["managed_identity"])
    play = tenant.run([READ], sign_in={**tenant.place(), "auth": "managed_identity"})
    assert play.exit_code == 0, play.output


@pytest.mark.parametrize("options", [{}, {"auth": "environment"}], ids=str)
def test_the_environment_signs_in(tenant, monkeypatch, options):
    for name, value in tenant.facts["environment"].items():
        monkeypatch.setenv(name, value)
    play = tenant.run([READ], sign_in=options)
    assert play.exit_code == 0, play.output


def test_a_loop_of_a_hundred_items_asks_for_one_token(tenant):
    before = tenant.token_requests()
    play = tenant.run([{**READ, "loop": list(range(100))}])
    assert play.exit_code == 0, play.output
    assert tenant.token_requests() - before == 1


def test_vvv_has_a_line_for_each_request_and_no_secret(tenant, tmp_path):
    cache = tmp_path / "cache"
    named = {"name": "group", "winops.entra.group": {"name": "Line by line", "users": tenant_users(tenant, 2)}}
    play = tenant.run([named], "-vvv", sign_in={**tenant.credential(), "token_cache": str(cache)})
    assert play.exit_code == 0, play.output
    for line in (
        "group: GET /v1.0/groups: 200 in ",
        "group: POST /v1.0/groups: 201 in ",
        "group: POST /v1.0/$batch (2 ",
    ):
        assert line in play.output, play.output
    assert "request id " in play.output
    (kept,) = cache.iterdir()
    token = json.loads(kept.read_text(encoding="utf-8"))["token"]
    assert len(token) > 20 and token not in play.output and tenant.secrets["everything"] not in play.output
    quiet = tenant.run([named], "-vv")
    assert quiet.exit_code == 0 and "group: GET" not in quiet.output


def tenant_users(tenant: LabTenant, count: int) -> list[str]:
    return [user["userPrincipalName"] for user in tenant.state()["users"].values()][:count]


def test_tasks_share_a_token_through_the_cache_that_is_asked_for(tenant, tmp_path):
    before = tenant.token_requests()
    play = tenant.run([READ, READ, READ], sign_in={**tenant.credential(), "token_cache": str(tmp_path / "cache")})
    assert play.exit_code == 0, play.output
    assert tenant.token_requests() - before == 1
    tenant.lab.post("/tenant/tokens/expire")
    assert tenant.run([READ], sign_in={**tenant.credential(), "token_cache": str(tmp_path / "cache")}).exit_code == 0
    assert tenant.token_requests() - before == 2


@pytest.mark.parametrize(
    ("change", "name", "side"),
    [
        ({"client_secret": "not-the-secret-of-this-application-at-all"}, "client_secret_wrong", "tenant"),
        ({"client_id": "00000000-1111-2222-3333-444444444444"}, "application_unknown", "tenant"),
        ({"tenant_id": "00000000-1111-2222-3333-444444444444"}, "tenant_unknown", "tenant"),
        ({"authority": "https://127.0.0.1:9"}, "network_unreachable", "network"),
        ({"graph_url": "https://127.0.0.1:9", "timeout": 2}, "network_unreachable", "network"),
        ({"ca_file": "{{ undefined_ca | default('/etc/ssl/certs/ca-certificates.crt') }}"}, "tls_untrusted", "network"),
        ({"certificate_path": "/nowhere.pem"}, "bad_option", "controller"),
    ],
    ids=str,
)
def test_what_is_wrong_is_said(tenant, change, name, side):
    play = tenant.run([READ], sign_in={**tenant.credential(), **change})
    error = play.result(HOST, "read")["error"]
    assert (error["name"], error["side"]) == (name, side), play.output
    assert tenant.secrets["everything"] not in play.output


def test_no_secret_is_in_any_byte_of_a_talkative_run(tenant, tmp_path):
    kinds = sign_ins(tenant)
    tasks = [
        {**READ, "name": kind, "winops.entra.registration_policy": options, "ignore_errors": True}
        for kind, options in kinds.items()
    ]
    tasks += [
        {
            "name": "wrong",
            "ignore_errors": True,
            "winops.entra.registration_policy": {
                **kinds["client_secret"],
                "client_id": kinds["device_code"]["client_id"],
            },
        },
        {"name": "denied", "winops.entra.mdm_scope": {**kinds["client_secret"], "scope": "all"}, "ignore_errors": True},
        {"name": "loop", "winops.entra.group": {**kinds["client_secret"], "name": "{{ item }}"}, "loop": ["a", "b"]},
    ]
    nobody = {"device_ids": ["00000000-0000-4000-8000-000000000001"]}
    others = {
        "directory_device": {**nobody, "state": "disabled"},
        "directory_device_info": {"names": ["no such device"]},
        "device_removal": {"devices": [{"device_id": nobody["device_ids"][0]}]},
        "readiness_info": {"fail_on": ["unknown"]},
        "local_admin_role": {"users": ["no.such.user@contoso.example"]},
    }
    tasks += [
        {"name": name, f"winops.entra.{name}": {**kinds["client_secret"], **options}, "ignore_errors": True}
        for name, options in others.items()
    ]
    play = tenant.run(tasks, "-vvvvv", "--diff", sign_in={})
    secret = tenant.secrets["everything"].encode()
    key = [line for line in Path(tenant.facts["certificate_path"]).read_bytes().splitlines() if len(line) > 40]
    assertion = Path(tenant.facts["federated_token_file"]).read_bytes().strip()
    needles = [secret, assertion, *key[:3], b"Bearer ey", b"eyJ0eXAi"]
    written = {play.directory / "variables.yml"}  # the test's own, where the secret was put in
    for file in [*play.directory.rglob("*"), *tenant.lab.out.rglob("*.jsonl"), *tenant.lab.out.glob("*.log")]:
        if file.is_file() and file not in written:
            content = file.read_bytes()
            assert not [needle for needle in needles if needle in content], file

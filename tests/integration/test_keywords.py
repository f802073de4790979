# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keywords of Ansible as playbooks use them: environment, loops that delegate, no_log, become, async; and callbacks."""

from __future__ import annotations

import json
import stat
import typing as t
import urllib.parse
import urllib.request
from pathlib import Path
from ssl import create_default_context

import pytest

from tests.integration import inspection, joins
from tests.integration.conftest import StartFleet
from tests.integration.lab_tenant import LabTenant
from tests.integration.play import Play, Player
from tests.integration.test_join import PSRP

HOST = "localhost"
READ: dict[str, t.Any] = {"winops.entra.registration_policy": {}}
FACTS: dict[str, t.Any] = {"winops.entra.device_facts": {"gather_subset": ["os"]}}
SCENARIO = {
    "tenants": {"other": {"name": "Fabrikam", "domain": "fabrikam.example"}},
    "devices": [
        {"kind": "unjoined_pro", "name": "first"},
        {"kind": "unjoined_pro", "name": "second"},
        {"kind": "unjoined_pro", "name": "third", "variables": PSRP},
        {"kind": "unjoined_pro", "name": "fourth", "variables": PSRP},
    ],
}
DEVICES = ["first", "second", "third", "fourth"]
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def tenant(start_fleet: StartFleet, player: Player) -> LabTenant:
    return LabTenant(start_fleet(SCENARIO), player)


# --- environment ------------------------------------------------------------------------------------------------------


class Stories(t.NamedTuple):
    """One run of many tasks on localhost, and the ids of the tenants: the controller's, and the other."""

    play: Play
    tenant: LabTenant
    main: str
    other: str

    def of(self, task: str) -> dict[str, t.Any]:
        return self.play.result(HOST, task)


@pytest.fixture(scope="module")
def stories(tenant: LabTenant, player: Player, tmp_path_factory: pytest.TempPathFactory) -> Stories:
    """Each story is a task. The controller's environment signs in to the main tenant."""
    directory = tmp_path_factory.mktemp("environment")
    facts = tenant.facts
    other, everything = facts["tenants"]["other"], facts["applications"]["everything"]
    credential = {
        "AZURE_TENANT_ID": "{{ other.tenant_id }}",
        "AZURE_CLIENT_ID": "{{ other.client_id }}",
        "AZURE_CLIENT_SECRET": "{{ other.client_secret }}",
    }
    variables = {
        "other": {"tenant_id": other["tenant_id"], **other["applications"]["everything"]},
        "main": {"tenant_id": facts["tenant_id"], **everything},
        "both": ["other", "main"],
        "secret_of_both": {"AZURE_CLIENT_SECRET": "{{ other.client_secret }}"},
    }
    azure_cli = {"PATH": f"{_az(directory)}:/usr/bin:/bin", "AZURE_CONFIG_DIR": str(_signed_in(directory, tenant))}
    identity = {"AZURE_POD_IDENTITY_AUTHORITY_HOST": facts["managed_identity"]}
    named = {"name": "Kiosks of the task"}
    options = {name: "{{ main." + name + " }}" for name in ("tenant_id", "client_id", "client_secret")}
    of_item = {
        "AZURE_TENANT_ID": "{{ vars[item].tenant_id }}",
        "AZURE_CLIENT_ID": "{{ vars[item].client_id }}",
        "AZURE_CLIENT_SECRET": "{{ vars[item].client_secret }}",
        "WINOPS_ENTRA_TOKEN_CACHE": str(directory / "tokens"),
    }
    tasks: list[dict[str, t.Any]] = [
        {"name": "controller", **READ},
        {"name": "task", "winops.entra.group": named, "environment": credential},
        {"name": "controller again", **READ},
        {
            "name": "block",
            "environment": [{"AZURE_CLIENT_SECRET": "the-secret-of-nobody-that-the-task-replaces"}, credential],
            "block": [{"name": "merged", **READ, "environment": ["{{ secret_of_both }}"]}],
        },
        {"name": "option", "winops.entra.registration_policy": options, "environment": credential},
        {"name": "loop", **READ, "environment": of_item, "loop": "{{ both + both }}"},
        {
            "name": "variables of azure-identity",
            "winops.entra.registration_policy": {"auth": "environment"},
            "environment": credential,
        },
        {
            "name": "identity",
            "winops.entra.registration_policy": {"auth": "managed_identity"},
            "environment": {**identity, "AZURE_CLIENT_ID": ""},
        },
        {
            "name": "az",
            "winops.entra.registration_policy": {
                "auth": "azure_cli",
                "tenant_id": "{{ nothing | default(omit, true) }}",
            },
            "environment": {**azure_cli, "AZURE_TENANT_ID": ""},
        },
        {"name": "proxy", **READ, "environment": {"HTTPS_PROXY": NOWHERE}, "ignore_errors": True},
        {"name": "no proxy", **READ, "environment": {"HTTPS_PROXY": NOWHERE, "NO_PROXY": "127.0.0.1"}},
        {
            "name": "ca",
            **READ,
            "environment": {"WINOPS_ENTRA_CA_FILE": "/etc/ssl/certs/ca-certificates.crt"},
            "ignore_errors": True,
        },
        {"name": "null", **READ, "environment": {"AZURE_TENANT_ID": "{{ nothing }}"}, "ignore_errors": True},
        {"name": "omitted", **READ, "environment": {"AZURE_TENANT_ID": "{{ nothing | default(omit, true) }}"}},
        {"name": "empty", **READ, "environment": {"AZURE_CLIENT_SECRET": ""}, "ignore_errors": True},
        {"name": "become", **READ, "become": True},
        {"name": "async", **READ, "async": 60, "poll": 1, "ignore_errors": True},
        {
            "name": "quiet code",
            "winops.entra.registration_policy": {"auth": "device_code", "client_id": facts["sign_in"]["client_id"]},
            "no_log": True,
            "ignore_errors": True,
        },
        {"name": "extra", "winops.entra.group": {"name": "Extra", "nmae": "x"}, "ignore_errors": True},
        {
            "name": "directory",
            "winops.entra.rollout_report": {"work": "join", "dest": str(directory)},
            "ignore_errors": True,
        },
    ]
    play = {"hosts": HOST, "gather_facts": False, "vars": {"nothing": None}, "tasks": tasks}
    of_play = {**credential, "AZURE_CLIENT_ID": "of the play", "AZURE_TENANT_ID": "{{ nothing | default(omit, true) }}"}
    levels = {
        "hosts": HOST,
        "gather_facts": False,
        "vars": {"nothing": None},
        "environment": of_play,
        "tasks": [
            {
                "environment": {"AZURE_CLIENT_ID": "of the block", "AZURE_TENANT_ID": "{{ other.tenant_id }}"},
                "block": [
                    {
                        "name": name,
                        **task,
                        "environment": [{"AZURE_CLIENT_ID": "{{ other.client_id }}"}, {"LANG": "C"}],
                    }
                    for name, task in (
                        ("levels", READ),
                        ("seen", {"ansible.builtin.command": "printenv AZURE_TENANT_ID AZURE_CLIENT_ID"}),
                    )
                ],
            }
        ],
    }
    environment = {**facts["environment"], "ANSIBLE_STDOUT_CALLBACK": "documents"}
    run = player.run(tenant.lab, [play, levels], variables=variables, environment=environment, apart=True)
    return Stories(run, tenant, facts["tenant_id"], other["tenant_id"])


def _az(directory: Path) -> Path:
    """A directory with a program az: who is signed in is in its configuration directory."""
    programs = directory / "bin"
    programs.mkdir()
    (programs / "az").write_text('#!/bin/sh\nexec cat "$AZURE_CONFIG_DIR/answer.json"\n', encoding="ascii")
    (programs / "az").chmod(stat.S_IRWXU)
    return programs


def _signed_in(directory: Path, tenant: LabTenant) -> Path:
    """The configuration directory of an az that is signed in to the other tenant."""
    facts = tenant.facts
    other = facts["tenants"]["other"]
    form = {
        "grant_type": "client_credentials",
        "client_id": other["applications"]["everything"]["client_id"],
        "client_secret": other["applications"]["everything"]["client_secret"],
        "scope": "https://graph.microsoft.com/.default",
    }
    request = urllib.request.Request(
        f"{facts['authority']}/{other['tenant_id']}/oauth2/v2.0/token", urllib.parse.urlencode(form).encode()
    )
    with urllib.request.urlopen(request, context=create_default_context(cafile=facts["ca_file"])) as answer:
        token = json.load(answer)["access_token"]
    config = directory / "azure"
    config.mkdir()
    told = {"accessToken": token, "expiresOn": "2099-01-01 00:00:00.000000", "expires_on": 4_070_908_800}
    (config / "answer.json").write_text(json.dumps({**told, "tokenType": "Bearer"}), encoding="ascii")
    return config


def signed_in(result: dict[str, t.Any]) -> tuple[str, str]:
    return result["tenant"]["tenant_id"], result["tenant"]["tenant_id_from"]


def test_the_environment_of_a_task_goes_before_the_controllers(stories: Stories) -> None:
    assert signed_in(stories.of("controller")) == (stories.main, "controller_environment")
    assert signed_in(stories.of("task")) == (stories.other, "task_environment")
    assert signed_in(stories.of("controller again")) == (stories.main, "controller_environment")
    assert (
        stories.of("task")["changed"] is True and stories.of("task")["tenant"]["client_id_from"] == "task_environment"
    )


def test_the_write_is_in_the_tenant_that_the_task_names(stories: Stories) -> None:
    there = [group["displayName"] for group in stories.tenant.lab.get("/tenants/other")["groups"].values()]
    assert there.count("Kiosks of the task") == 1
    assert stories.tenant.group("Kiosks of the task") is None


def test_the_environments_of_play_block_and_task_are_merged_as_ansible_merges_them(stories: Stories) -> None:
    assert signed_in(stories.of("merged")) == (stories.other, "task_environment")
    told = stories.of("levels")["tenant"]
    assert [told["tenant_id"], told["client_id"]] == stories.of("seen")["stdout_lines"]
    assert signed_in(stories.of("levels")) == (stories.other, "task_environment")


def test_an_option_goes_before_every_environment(stories: Stories) -> None:
    assert signed_in(stories.of("option")) == (stories.main, "option")


def test_the_items_of_a_loop_have_an_environment_and_a_token_each(stories: Stories) -> None:
    told = [signed_in(item) for item in stories.of("loop")["results"]]
    assert told == [(stories.other, "task_environment"), (stories.main, "task_environment")] * 2
    names = [item["policy"] for item in stories.of("loop")["results"]]
    assert len(names) == 4


@pytest.mark.parametrize(
    ("task", "of_other", "source"),
    [
        ("variables of azure-identity", True, "task_environment"),
        ("identity", False, "access_token"),
        ("az", True, "access_token"),
    ],
)
def test_what_azure_identity_and_az_read_themselves_is_the_tasks(
    stories: Stories, task: str, of_other: bool, source: str
) -> None:
    assert signed_in(stories.of(task)) == (stories.other if of_other else stories.main, source)


def test_proxies_and_cas_are_those_of_the_task(stories: Stories) -> None:
    assert stories.of("proxy")["error"]["side"] == "network"
    assert stories.of("ca")["error"]["name"] == "tls_untrusted"
    assert stories.of("no proxy")["policy"]["devices_per_user"] == 50


def test_a_variable_that_is_none_is_refused_and_an_empty_one_takes_away_the_controllers(stories: Stories) -> None:
    error = stories.of("null")["error"]
    assert (error["name"], error["side"]) == ("bad_environment", "controller") and "AZURE_TENANT_ID" in error["cause"]
    assert "no credential is given" in stories.of("empty")["msg"]
    assert signed_in(stories.of("omitted")) == (stories.main, "controller_environment")


def test_no_secret_of_an_environment_is_in_any_result(stories: Stories) -> None:
    text = json.dumps(stories.play.lines)
    assert stories.tenant.secrets["everything"] not in text
    assert "the-secret-of-nobody" not in text


# --- keywords that mean nothing ---------------------------------------------------------------------------------------


def test_become_is_warned_of_and_async_refused_on_the_controller(stories: Stories) -> None:
    (said,) = stories.of("become")["warnings"]
    assert said.startswith("become has no effect on winops.entra.registration_policy")
    assert stories.of("async")["error"]["name"] == "bad_keyword" and "async" in stories.of("async")["msg"]


def test_a_code_to_sign_in_with_is_not_asked_for_where_nothing_may_be_shown(stories: Stories) -> None:
    assert "enter the code" not in stories.play.errors
    assert stories.play.status(HOST, "quiet code") == "ignored"


@pytest.mark.parametrize(("task", "named"), [("extra", "nmae"), ("directory", "dest")])
def test_a_plain_mistake_is_refused_in_one_shape(stories: Stories, task: str, named: str) -> None:
    result = stories.of(task)
    assert (result["error"]["name"], result["error"]["side"]) == ("bad_option", "controller"), result
    assert named in result["msg"] and result["changed"] is False
    assert stories.tenant.group("Extra") is None


# --- devices ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def devices(tenant: LabTenant, player: Player) -> Play:
    """One run on localhost, whose tasks are delegated to devices behind one address."""
    lab = tenant.lab
    join = {
        "src": str(inspection.package_file(lab, "fleet")),
        "tenant_id": inspection.tenant_id(lab),
        "expect_mdm": False,
        "poll_interval": 1,
        "timeout": joins.LONG,
    }
    each = {"loop": DEVICES, "delegate_to": "{{ item }}"}
    one = {"delegate_to": "first"}
    report = {"work": "join", "hosts": DEVICES}
    tasks: list[dict[str, t.Any]] = [
        {"name": "facts", **FACTS, **each},
        {"name": "join", "winops.entra.join": join, **each, "loop": DEVICES[:2]},
        {"name": "quiet", "winops.entra.join": join, "delegate_to": "third", "no_log": True},
        {"name": "become", **FACTS, **one, "become": True, "become_method": "runas", "become_user": "SYSTEM"},
        {"name": "async", **FACTS, **one, "async": 60, "poll": 0, "ignore_errors": True},
        {"name": "report", "winops.entra.rollout_report": {**report, "dest": "{{ run_directory }}/a.json"}},
        {
            "name": "quiet report",
            "winops.entra.rollout_report": {**report, "dest": "{{ run_directory }}/b.json"},
            "no_log": True,
        },
    ]
    play = {"hosts": HOST, "gather_facts": False, "tasks": tasks}
    documents = {"ANSIBLE_STDOUT_CALLBACK": "documents"}
    return player.run(lab, [play], environment=documents, apart=True)


def test_a_loop_over_devices_behind_one_address_reaches_each_of_them(devices: Play, tenant: LabTenant) -> None:
    assert [item["changed"] for item in devices.result(HOST, "facts")["results"]] == [False] * len(DEVICES)
    commands = sorted(tenant.lab.commands(), key=lambda command: command["utc"])
    assert [command["device"] for command in commands[: len(DEVICES)]] == DEVICES
    joined = {name: tenant.lab.get(f"/devices/{name}")["join"]["type"] for name in DEVICES}
    assert joined == {"first": "entra", "second": "entra", "third": "entra", "fourth": "none"}


@pytest.mark.parametrize("run", ["stories", "devices"])
def test_standard_output_is_the_callbacks(request: pytest.FixtureRequest, run: str) -> None:
    found = request.getfixturevalue(run)
    play = found.play if isinstance(found, Stories) else found
    documents = [json.loads(line) for line in play.output.splitlines()]
    assert {line["task"] for line in documents} >= {"become", "async"}


def test_progress_names_the_device_and_no_log_silences_it(devices: Play) -> None:
    lines = [line for line in devices.errors.splitlines() if line.startswith("join: ")]
    assert {line.split("]")[0] for line in lines} == {"join: [localhost -> first", "join: [localhost -> second"}
    assert f"report: {devices.directory}/a.json" in devices.errors.splitlines()
    assert (
        "4 devices: " in devices.errors and "b.json" not in devices.errors and (devices.directory / "b.json").exists()
    )


def test_become_is_warned_of_and_async_refused_on_a_device(devices: Play) -> None:
    (said,) = devices.result(HOST, "become")["warnings"]
    assert said.startswith("become has no effect on winops.entra.device_facts")
    refused = devices.result(HOST, "async")
    assert (refused["error"]["name"], refused["changed"], refused["changes"]) == ("bad_keyword", False, [])

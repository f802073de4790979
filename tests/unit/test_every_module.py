# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every module refuses every bad option in one shape, before anything is asked of a device or a tenant."""

from __future__ import annotations

import copy
import dataclasses
import importlib
import types
from pathlib import Path

import pytest
import yaml

from ansible_collections.winops.entra.plugins.plugin_utils import action as declared
from ansible_collections.winops.entra.plugins.plugin_utils import task
from ansible_collections.winops.entra.plugins.plugin_utils.device.session import DeviceSession
from ansible_collections.winops.entra.plugins.plugin_utils.result import ERROR_FIELDS, Failure
from ansible_collections.winops.entra.plugins.plugin_utils.tenant import side as tenant_side

PLUGINS = Path(task.__file__).resolve().parents[1]
MODULES = sorted(path.stem for path in (PLUGINS / "modules").glob("*.py"))
SECRET = "nQ7-vertical-cactus-orbit"
#: Values that are right, so that the bad one is the only one: a module with required options needs an entry.
GOOD = {
    "autopilot_device": {"devices": [{"serial_number": "SN-1"}]},
    "autopilot_profile": {"name": "Office"},
    "corporate_identifier": {"devices": []},
    "device_association": {"devices": []},
    "device_removal": {"devices": []},
    "device_reset": {"confirm_serial_number": "PF3K9Z1A"},
    "directory_device": {"names": ["PC-1"]},
    "enrollment_status_page": {"name": "Office"},
    "group": {"name": "Staff"},
    "join": {"tenant_id": "d10f84e2-ba05-45c0-90b7-994f1fafa537", "src": "join.ppkg"},
    "local_admin_role": {"users": []},
    "managed_device_reset": {"action": "wipe", "devices": []},
    "ppkg": {"src": "join.ppkg"},
    "ppkg_build": {"description": {"name": "Contoso"}, "template": "template.ppkg", "dest": "built/join.ppkg"},
    "ppkg_media": {"src": "join.ppkg", "dest": "stick"},
    "rollout_report": {"work": "join"},
    "directory_diagnosis": {"devices": [{"name": "PC-1"}]},
    "directory_posture": {"device_ids": ["1f0c9a0e-6f5d-4f3c-8a70-5f3c4f1a2b3c"]},
    "wait_for_management": {"device_ids": ["1f0c9a0e-6f5d-4f3c-8a70-5f3c4f1a2b3c"]},
    "user_method_info": {"users": ["ada@contoso.com"]},
}
GUID, OTHER_GUID = "d10f84e2-ba05-45c0-90b7-994f1fafa537", "0c1a2b3c-4d5e-6f70-8192-a3b4c5d6e7f8"
DOCUMENTED = "ansible_collections.winops.entra.plugins.modules.{}"
SETTINGS = tenant_side.credentials.settings
WRONG_TYPES = {"int": "many", "bool": "perhaps", "dict": "text"}


def plugin(module: str):
    return importlib.import_module(f"ansible_collections.winops.entra.plugins.action.{module}").ActionModule


def spec_of(module: str) -> dict[str, dict]:
    return {**task.spec_of_sides(plugin(module).sides), **plugin(module).spec}


def bad_values(module: str) -> list[tuple[str, object]]:
    """(option, a value that must be refused) for all that an argument spec can say."""
    found: list[tuple[str, object]] = [("misspeled", True)]
    for name, option in spec_of(module).items():
        kind = option["type"]
        if kind == "int":
            found.append((name, option.get("least", 1) - 1))
        if kind in WRONG_TYPES:
            found.append((name, WRONG_TYPES[kind]))
        if option.get("choices"):
            found.append((name, ["nonsense"] if kind == "list" else "nonsense"))
        if kind == "dict" and option.get("options"):
            found.append((name, {"misspeled": True}))
        if option.get("required"):
            found.append((name, None))
    return found


TENANT_MODULES = [module for module in MODULES if tenant_side.TENANT_SIDE in plugin(module).sides]
CASES = [(module, option, value) for module in MODULES for option, value in bad_values(module)]


@pytest.fixture
def run(monkeypatch):
    """A function that runs a module's action plugin with options; whatever would make contact ends the test."""

    def refuse(*_args, **_options):
        raise AssertionError("contact was made")

    monkeypatch.setattr(DeviceSession, "run", refuse)
    monkeypatch.setattr(DeviceSession, "put_file", refuse)
    monkeypatch.setattr(tenant_side, "session_for", refuse)
    monkeypatch.setattr(tenant_side.credentials, "settings", refuse)

    def perform(module: str, options: dict, kind: type | None = None, become: object = None, **keywords) -> dict:
        play_task = types.SimpleNamespace(
            args=options,
            action=f"winops.entra.{module}",
            check_mode=False,
            diff=False,
            **{"async_val": 0, "timeout": 0, "delegate_to": None, **keywords},
        )
        shell = types.SimpleNamespace(tmpdir=None)
        connection = types.SimpleNamespace(
            _shell=shell, transport="winrm", has_pipelining=False, get_options=dict, become=become
        )
        made = (kind or plugin(module))(play_task, connection, None, None, None, None)
        made._load_name = module  # as the loader of ansible-core 2.16 does
        monkeypatch.setattr(made, "_make_tmp_path", lambda *_args: None)
        return made.run(task_vars={"inventory_hostname": "pc", "hostvars": {}})

    return perform


def promised(module: str) -> set[str]:
    """What a result always has, by the module's documentation."""
    text = importlib.import_module(f"ansible_collections.winops.entra.plugins.modules.{module}").RETURN
    return {name for name, field in yaml.safe_load(text).items() if field["returned"] == "always"}


@pytest.mark.parametrize(("module", "option", "value"), CASES, ids=str)
def test_a_bad_option_is_refused_in_one_shape(run, module, option, value):
    given = {**GOOD.get(module, {}), option: value}
    if value is None:
        del given[option]
    result = run(module, given)
    error = result["error"]
    assert (result["failed"], result["changed"], result["changes"]) == (True, False, [])
    assert set(error) == set(ERROR_FIELDS)
    assert (error["side"], error["name"]) == ("controller", "bad_option")
    assert option in result["msg"] and error["cause"] and error["fix"]
    assert (error["evidence"], error["permissions"]) == ([], [])
    assert promised(module) <= set(result)


@pytest.mark.parametrize("module", MODULES)
def test_the_options_beside_the_bad_one_are_right(run, module):
    """Else a case above could be refused for another reason."""
    with pytest.raises(AssertionError, match="contact was made"):
        run(module, copy.deepcopy(GOOD.get(module, {})), _reaching(module))


def _reaching(module: str) -> type:
    """The module's options with work that makes contact at once."""
    kind = plugin(module)

    def work(made):
        if made.client is None:
            DeviceSession.run(made.session, {})

    return type("ActionModule", (kind,), {"work": staticmethod(work)})


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_a_declaration(module):
    kind = plugin(module)
    assert kind.__mro__[1] is declared.Action and "run" not in vars(kind)
    assert callable(kind.work)


@pytest.mark.parametrize("module", MODULES)
def test_a_connection_is_asked_of_ansible_only_where_it_is_used(module):
    kind = plugin(module)
    assert kind._requires_connection is any(side.connects for side in kind.sides)


def test_each_module_has_its_action_plugin_and_each_plugin_its_module():
    assert MODULES == sorted(path.stem for path in (PLUGINS / "action").glob("*.py"))


def test_the_action_group_holds_every_module_of_the_tenant_and_no_other():
    """By it one ``module_defaults`` signs in for all of them."""
    groups = yaml.safe_load((PLUGINS.parent / "meta" / "runtime.yml").read_text(encoding="utf-8"))["action_groups"]
    tenant = [module for module in MODULES if tenant_side.TENANT_SIDE in plugin(module).sides]
    assert sorted(groups["tenant"]) == tenant


@pytest.mark.parametrize("module", MODULES)
def test_what_every_result_holds_is_documented(module):
    text = importlib.import_module(f"ansible_collections.winops.entra.plugins.modules.{module}").RETURN
    fields = yaml.safe_load(text)
    assert fields["changes"]["returned"] == "always" and fields["error"]["returned"] == "failure"
    assert set(plugin(module).refused) <= promised(module)


@pytest.mark.parametrize("module", TENANT_MODULES)
def test_a_tenants_module_says_who_signs_in_where_and_by_whose_word(run, monkeypatch, module):
    """Also where the sign-in fails; never with the secret."""
    monkeypatch.setattr(tenant_side.credentials, "settings", SETTINGS)
    monkeypatch.setattr(tenant_side, "session_for", _refuse)
    monkeypatch.setenv("AZURE_CLIENT_ID", OTHER_GUID)
    options = {**copy.deepcopy(GOOD.get(module, {})), "client_secret": SECRET}
    result = run(module, options, environment={"AZURE_TENANT_ID": GUID})
    assert result["error"]["name"] == "no_session" and SECRET not in str(result)
    assert result["tenant"] == {
        "auth": "client_secret",
        "tenant_id": GUID,
        "tenant_id_from": "task_environment",
        "client_id": OTHER_GUID,
        "client_id_from": "controller_environment",
    }


def _refuse(*_args):
    raise Failure("no session", side="tenant", name="no_session")


def test_every_tenants_module_documents_it_in_the_same_words():
    returned = {
        module: yaml.safe_load(importlib.import_module(DOCUMENTED.format(module)).RETURN)["tenant"]
        for module in TENANT_MODULES
    }
    assert len(returned) >= 8 and all(field == returned["group"] for field in returned.values())


@pytest.mark.parametrize("module", MODULES)
def test_an_environment_that_cannot_be_one_is_refused_only_where_it_is_read(run, module):
    options, broken = copy.deepcopy(GOOD.get(module, {})), {"HTTPS_PROXY": None}
    if module in TENANT_MODULES:
        assert run(module, options, environment=broken)["error"]["name"] == "bad_environment"
        return
    with pytest.raises(AssertionError, match="contact was made"):
        run(module, options, _reaching(module), environment=broken)


@pytest.mark.parametrize("module", MODULES)
def test_async_is_refused_by_name_before_the_options_are_looked_at(run, module):
    result = run(module, {"misspeled": True}, async_val=60)
    assert (result["error"]["name"], result["error"]["side"]) == ("bad_keyword", "controller")
    assert "async" in result["msg"] and (result["failed"], result["changed"], result["changes"]) == (True, False, [])
    assert promised(module) <= set(result) and set(result["error"]) == set(ERROR_FIELDS)


@pytest.mark.parametrize("module", MODULES)
def test_become_is_warned_of_by_name(run, module):
    kind = plugin(module)
    sides = tuple(dataclasses.replace(side, open=lambda *_args: None, close=lambda _task: None) for side in kind.sides)
    idle = type("ActionModule", (kind,), {"sides": sides, "work": staticmethod(lambda _task: {})})
    (said,) = run(module, copy.deepcopy(GOOD.get(module, {})), idle, become=object())["warnings"]
    assert said.startswith(f"become has no effect on winops.entra.{module}: it works ")
    assert ("SYSTEM" in said) is any(side.connects for side in kind.sides)
    assert "warnings" not in run(module, copy.deepcopy(GOOD.get(module, {})), idle)


@pytest.mark.parametrize("module", [name for name in MODULES if "client_secret" in spec_of(name)])
def test_a_secret_in_a_refusal_is_masked(run, module):
    """Whatever Ansible's own sentence quotes."""
    options = {**GOOD.get(module, {}), "client_secret": SECRET, SECRET: True}
    result = run(module, options)
    assert result["error"]["name"] == "bad_option" and SECRET not in str(result)

# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles over devices have the same entry points: one that tries and records, one that fails the host."""

from __future__ import annotations

import importlib
import re

import pytest
import yaml

from ansible_collections.winops.entra.plugins.modules import user_method_info
from ansible_collections.winops.entra.plugins.plugin_utils.option_door import refuse_odd_values

from .roles import NAMES, ROLES, argument_specs

OVER_DEVICES = [role for role in NAMES if role != "tenant"]


@pytest.mark.parametrize("role", OVER_DEVICES)
def test_a_role_over_devices_tries_and_judges(role: str) -> None:
    assert {"main", "attempt", "verdict"} <= set(argument_specs(role))


@pytest.mark.parametrize("role", NAMES)
def test_each_entry_point_has_tasks_and_documentation(role: str) -> None:
    assert set(argument_specs(role)) == {file.stem for file in (ROLES / role / "tasks").glob("*.yml")}


@pytest.mark.parametrize("role", OVER_DEVICES)
def test_an_attempt_fails_no_host_and_leaves_a_fact(role: str) -> None:
    first, *rest = yaml.safe_load((ROLES / role / "tasks/attempt.yml").read_text(encoding="utf-8"))
    assert (first["ignore_errors"], first["ignore_unreachable"]) == (True, True)
    assert f"{role}_outcome" in rest[-1]["ansible.builtin.set_fact"]


def test_the_tenant_role_has_modules_of_the_tenant_alone() -> None:
    text = (ROLES / "tenant/tasks/main.yml").read_text(encoding="utf-8")
    group = yaml.safe_load((ROLES.parent / "meta/runtime.yml").read_text(encoding="utf-8"))["action_groups"]["tenant"]
    modules = set(re.findall(r"(?m)^\s+([a-z_]+\.[a-z_]+\.[a-z_]+):", text))
    assert modules and modules <= {f"winops.entra.{name}" for name in group}


def test_the_disconnect_role_asks_the_tenant_where_that_is_asked_for_and_nowhere_else() -> None:
    """What each of its files does for the tenant, and under which condition it is included."""
    tasks = ROLES / "disconnect/tasks"
    group = yaml.safe_load((ROLES.parent / "meta/runtime.yml").read_text(encoding="utf-8"))["action_groups"]["tenant"]
    asking = {
        file.name
        for file in tasks.glob("*.yml")
        if any(f"winops.entra.{name}:" in file.read_text(encoding="utf-8") for name in group)
    }
    assert asking == {"tenant.yml"}
    included = [
        task.get("when")
        for file in tasks.glob("*.yml")
        for task in yaml.safe_load(file.read_text(encoding="utf-8"))
        if "tenant.yml" in task.values()
    ]
    assert included == ["disconnect_remove_from_tenant | bool"]


def test_the_autopilot_role_resets_where_that_is_asked_for_and_what_the_inventory_confirms() -> None:
    """A reset is included under its switch, which is off by default, and is confirmed by what the inventory says."""
    main = yaml.safe_load((ROLES / "autopilot/tasks/main.yml").read_text(encoding="utf-8"))
    included = {task["ansible.builtin.include_tasks"]: task.get("when") for task in main}
    assert included["reset.yml"] == "autopilot_reset | bool"
    defaults = yaml.safe_load((ROLES / "autopilot/defaults/main.yml").read_text(encoding="utf-8"))
    assert (defaults["autopilot_reset"], defaults["autopilot_serial_number"]) == (False, None)
    resets = [
        task["winops.entra.device_reset"]
        for file in (ROLES / "autopilot/tasks").glob("*.yml")
        for task in yaml.safe_load(file.read_text(encoding="utf-8"))
        if "winops.entra.device_reset" in task
    ]
    [options] = resets
    confirmed = re.findall(r"\bautopilot_\w+", options["confirm_serial_number"] + options["confirm_uuid"])
    assert set(confirmed) == {"autopilot_serial_number", "autopilot_smbios_uuid"}


def test_the_role_for_security_keys_looks_whom_a_policy_locks_out_before_it_writes() -> None:
    """Nothing is written before the look, which is made unless it is switched off; what is not given is not written."""
    tasks = yaml.safe_load((ROLES / "security_keys/tasks/tenant.yml").read_text(encoding="utf-8"))
    policies = [task for task in tasks if "winops.entra.security_key_policy" in task]
    look, refuse, write = tasks[:3]
    assert policies == [look, write] and look["check_mode"] is True and "check_mode" not in write
    assert (
        look["when"] == "security_keys_policy.key_restrictions is defined and not security_keys_allow_shut_out | bool"
    )
    assert look["winops.entra.security_key_policy"] == write["winops.entra.security_key_policy"]
    assert all("default(omit)" in value for value in write["winops.entra.security_key_policy"].values())
    conditions = " ".join(refuse["when"])
    assert "shut_out_unread is not none" in conditions and "shut_out | length > 0" in conditions
    assert "ansible.builtin.fail" in refuse
    assert write["when"] == "security_keys_policy | length > 0 or security_keys_ask_users | bool"
    defaults = yaml.safe_load((ROLES / "security_keys/defaults/main.yml").read_text(encoding="utf-8"))
    assert (defaults["security_keys_allow_shut_out"], defaults["security_keys_policy"]) == (False, {})
    [passes] = [task for task in tasks if "winops.entra.temporary_access_pass" in task]
    assert passes["when"] == "security_keys_pass_policy | length > 0" and defaults["security_keys_pass_policy"] == {}


def test_the_role_for_security_keys_gives_passes_where_that_is_asked_for() -> None:
    main = yaml.safe_load((ROLES / "security_keys/tasks/main.yml").read_text(encoding="utf-8"))
    included = {task["ansible.builtin.include_tasks"]: task.get("when") for task in main}
    assert included["passes.yml"] == "security_keys_passes != 'nobody'"
    defaults = yaml.safe_load((ROLES / "security_keys/defaults/main.yml").read_text(encoding="utf-8"))
    assert (defaults["security_keys_passes"], defaults["security_keys_set_directly"]) == ("nobody", False)


#: Options of the role that are those of a module, and which of these the role gives itself.
OF_MODULES = {
    "security_keys_policy": ("security_key_policy", "tenant", set()),
    "security_keys_media": ("ppkg_media", "media", set()),
    "security_keys_first_contact": ("first_contact", "contact", {"poll_interval"}),
}


@pytest.mark.parametrize("variable", OF_MODULES)
def test_the_options_of_a_module_are_known_to_the_role_and_reach_the_module(variable: str) -> None:
    """One that is misspelt would not be known, and is refused by Ansible before anything is asked."""
    module, entry, own = OF_MODULES[variable]
    spec = importlib.import_module(f"ansible_collections.winops.entra.plugins.modules.{module}").ARGUMENT_SPEC
    known = argument_specs("security_keys")[entry]["options"][variable]["options"]
    assert {name: one["type"] for name, one in known.items()} == {name: one["type"] for name, one in spec.items()}
    tasks = yaml.safe_load((ROLES / f"security_keys/tasks/{entry}.yml").read_text(encoding="utf-8"))
    given = next(task[f"winops.entra.{module}"] for task in tasks if f"winops.entra.{module}" in task)
    assert set(given) - own == set(spec)
    assert all(f"{variable}.{name}" in given[name] for name in spec)


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("ada@contoso.com", True),
        ("Ada.O'Brien_x#EXT#@contoso.onmicrosoft.com", True),
        ("1f0c3c7a-0000-4000-8000-0123456789AB", True),
        ("<script>alert(1)</script>@x", True),
        ("ada", False),
        ("", False),
        ("ada@", False),
        ("ada lovelace@contoso.com", False),
        ("ada@contoso.com\n", False),
        ("1f0c3c7a-0000-4000-8000-0123456789ab\n", False),
        ("a\u202eda@contoso.com", False),
        ("ada@contoso\x00.com", False),
        ("ada@contoso\ud800.com", False),
        ("a" * 1100 + "@contoso.com", False),
    ],
)
def test_the_role_for_security_keys_takes_the_users_that_its_modules_take(name: str, taken: bool) -> None:
    """For one that a module refuses, it would refuse the users of all devices."""
    tasks = yaml.safe_load((ROLES / "security_keys/tasks/attempt.yml").read_text(encoding="utf-8"))
    patterns = next(task["vars"] for task in tasks if task["name"] == "Refuse what no user can be")
    fits = re.match(patterns["security_keys_name"], name) and not re.search(patterns["security_keys_unseen"], name)
    assert bool(fits) is taken
    if taken:
        refuse_odd_values({"users": [name]}, user_method_info.ARGUMENT_SPEC)


#: The modules that ask a second administrator where the tenant wants one.
APPROVED = {
    path.stem
    for path in (ROLES.parent / "plugins/modules").glob("*.py")
    if "- winops.entra.approval\n" in path.read_text(encoding="utf-8")
}


@pytest.mark.parametrize("role", OVER_DEVICES)
def test_what_may_need_an_approval_is_given_the_role_s_own_options(role: str) -> None:
    """Each task of such a module passes both; each entry point that has one knows the role's variables for them."""
    specs = argument_specs(role)
    for file in (ROLES / role / "tasks").glob("*.yml"):
        for task in yaml.safe_load(file.read_text(encoding="utf-8")):
            for module in APPROVED & {key.removeprefix("winops.entra.") for key in task}:
                given = task[f"winops.entra.{module}"]
                for option in ("approval_justification", "approval_timeout"):
                    named = set(re.findall(rf"\b{role}\w*_{option}\b", given[option]))
                    assert len(named) == 1 and named <= set(specs[file.stem]["options"]), (module, option)
                    assert named <= set(specs["main"]["options"])


def test_the_roles_have_tasks_that_may_need_an_approval() -> None:
    texts = "".join(file.read_text(encoding="utf-8") for file in ROLES.glob("*/tasks/*.yml"))
    used = {module for module in APPROVED if f"winops.entra.{module}:" in texts}
    assert used == {"autopilot_device", "autopilot_profile", "device_removal", "enrollment_status_page"}

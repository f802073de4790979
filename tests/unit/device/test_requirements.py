# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules that a join refuses by and a preflight reports by."""

from __future__ import annotations

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.device import requirements as rules
from ansible_collections.winops.entra.plugins.plugin_utils.device.reading import Names

PRO = {"edition": "Professional", "build": "26100.2314", "server": False, "azure_vm": False}
SERVER = {"edition": "ServerStandard", "build": "20348.1", "server": True, "azure_vm": False}
CORE = SERVER | {"azure_vm": True, "installation_type": "Server Core"}
ARC = SERVER | {"build": "26100.1742", "arc": True}
PACKAGE, AZURE = "provisioning_package", "azure_vm"


@pytest.mark.parametrize(
    ("os", "method", "name"),
    [
        (PRO, PACKAGE, None),
        (PRO | {"edition": "Core"}, PACKAGE, "home_edition"),
        (PRO | {"build": "15062.1"}, PACKAGE, "build_too_old"),
        (PRO | {"build": "15063"}, PACKAGE, None),
        (PRO | {"build": None}, PACKAGE, "windows_unreadable"),
        (PRO | {"server": None}, PACKAGE, "windows_unreadable"),
        (PRO, AZURE, "not_an_azure_vm"),
        (SERVER, PACKAGE, "server_outside_azure"),
        (SERVER | {"azure_vm": True}, PACKAGE, "server_needs_azure_vm_method"),
        (SERVER | {"azure_vm": True}, AZURE, None),
        (SERVER | {"azure_vm": True, "build": "17762.1"}, AZURE, "build_too_old"),
        (CORE, AZURE, "server_core"),
        (CORE | {"azure_vm": False, "arc": True}, AZURE, "server_core"),
        (PRO | {"installation_type": "Server Core"}, PACKAGE, None),
        (ARC, AZURE, "arc_needs_extension"),
        (ARC, PACKAGE, "arc_needs_extension"),
        (ARC | {"build": "20348.2762"}, AZURE, "arc_build_too_old"),
        (ARC | {"azure_vm": True}, AZURE, None),
        (ARC | {"azure_vm": None}, AZURE, "windows_unreadable"),
        (PRO | {"arc": True}, AZURE, "arc_needs_extension"),
        (PRO | {"arc": True}, PACKAGE, None),
        (PRO | {"arc": None}, PACKAGE, None),
    ],
)
def test_windows_is_refused_by_the_first_rule_that_it_breaks(os, method, name):
    refusal = rules.windows_refusal(os, method)
    assert (refusal and refusal.name) == name
    assert refusal is None or (refusal.cause and refusal.fix)


@pytest.mark.parametrize(
    ("policies", "refused"),
    [({}, False), ({"AllowAddProvisioningPackage": 1}, False), ({"AllowAddProvisioningPackage": 0}, True)],
)
def test_a_policy_that_forbids_packages_is_a_reason(policies, refused):
    assert bool(rules.package_policy_refusal(Names(policies))) == refused


@pytest.mark.parametrize("os", [SERVER, ARC])
def test_a_server_outside_azure_is_shown_the_extension_that_joins_one(os):
    assert "AADLoginForWindows" in rules.server_refusal(os, AZURE).fix


def test_who_has_windows_home_is_shown_what_home_can_do():
    assert "Access work or school" in rules.edition_refusal(PRO | {"edition": "CoreSingleLanguage"}).fix


def test_a_join_whose_tenant_nobody_knows_is_not_called_another_tenants():
    join = {"type": "entra", "tenant_id": None, "tenant_name": None}
    assert rules.join_state_refusal(join, "any").name == "joined_tenant_unknown"

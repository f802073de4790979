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

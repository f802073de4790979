# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of dynamic groups."""

from __future__ import annotations

import pytest

from tests.lab.tenant.membership_rules import RuleError, compile_rule

DEVICE = {
    "displayName": "PC-1",
    "physicalIds": ["[ZTDID]:9f06", '[OrderId]:Kiosk "A"'],
    "operatingSystem": "Windows",
    "trustType": "AzureAd",
    "accountEnabled": True,
    "deviceOwnership": None,
    "manufacturer": "Lab",
    "extensionAttributes": {"extensionAttribute3": "x"},
}


@pytest.mark.parametrize(
    "rule",
    [
        '(device.devicePhysicalIDs -any (_ -contains "[ZTDId]"))',
        '(device.devicePhysicalIDs -any (_ -startsWith "[ZTDid]"))',
        'device.devicePhysicalIds -any (_ -eq "[OrderID]:kiosk `"A`"")',
        'device.displayName -eq "pc-1"',
        'device.displayName -ne "PC-2"',
        'device.displayName -match "^PC-[0-9]$"',
        'device.displayName -notContains "X"',
        'device.deviceOSType -in ["Windows", "Linux"]',
        'device.deviceOSType -notIn ["Linux"]',
        "device.accountEnabled -eq true",
        "device.deviceOwnership -eq null",
        'device.extensionAttribute3 -eq "X"',
        'not (device.displayName -eq "x")',
        '(device.deviceTrustType -eq "AzureAD") -and (device.deviceManufacturer -startsWith "l")',
        'device.displayName -eq "x" -or device.displayName -eq "PC-1" -and device.deviceOSType -eq "Windows"',
    ],
)
def test_rules_that_fit(rule):
    subject, test = compile_rule(rule)
    assert subject == "device" and test(DEVICE)


@pytest.mark.parametrize(
    "rule",
    [
        '(device.devicePhysicalIDs -any (_ -eq "[ZTDId]"))',
        '(device.devicePhysicalIDs -all (_ -contains "[ZTDId]"))',
        'device.displayName -eq "PC"',
        "device.accountEnabled -eq false",
        'device.extensionAttribute4 -eq "x"',
        'device.displayName -eq "PC-1" -and device.deviceOSType -eq "Linux"',
    ],
)
def test_rules_that_do_not_fit(rule):
    assert not compile_rule(rule)[1](DEVICE)


def test_a_rule_over_users():
    subject, test = compile_rule('user.department -eq "Sales" -and user.accountEnabled -eq true')
    assert subject == "user" and test({"department": "sales", "accountEnabled": True})


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "true",
        'device.colour -eq "x"',
        'printer.name -eq "x"',
        'device.displayName like "x"',
        "device.displayName -eq",
        'device.displayName -eq "x',
        'device.displayName -eq "x")',
        '(device.displayName -eq "x"',
        'device.displayName -match "("',
        'device.displayName -eq "x" -and user.department -eq "y"',
        'device.physicalIds -any "x"',
        "device.displayName -in []",
        'device.displayName -eq "' + "x" * 3072 + '"',
    ],
)
def test_what_is_no_rule(rule):
    with pytest.raises(RuleError):
        compile_rule(rule)

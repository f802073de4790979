# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of settings: all of it can be read, and is found by whoever does not know it by heart."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.package.description import table as tables
from ansible_collections.winops.entra.plugins.plugin_utils.package.description.sections import SECTIONS
from ansible_collections.winops.entra.plugins.plugin_utils.package.description.table import (
    FOLDERS,
    ITEMS,
    KEYED_LIST,
    table,
)
from ansible_collections.winops.entra.plugins.plugin_utils.package.description.values import BadValue, fits_key, text_of

SOURCE = Path(__file__).resolve().parents[4] / "shared" / "research" / "ppkg_settings.csv"


def test_every_line_is_read_as_a_setting_of_a_known_type():
    known = list(table())

    assert len(known) == len({each.path.lower() for each in known}) == 1923
    assert {each.type for each in known} == {*FOLDERS, "string", "integer", "boolean", "file", "binary"}
    for each in known:
        assert (each.type == KEYED_LIST) == (each.key is not None), each.path
        above = each.path.rpartition("/")[0]
        assert not above or table().find(above).type in FOLDERS, each.path
        if each.type in (KEYED_LIST, ITEMS):
            assert len(table().below(each.path)) == 1 and table().item_of(each) is not None, each.path
        if each.pattern:
            fits_key(each, "x") if each.type == KEYED_LIST else pytest.raises(BadValue, text_of, "", each)


def test_the_defaults_of_the_store_fit_its_own_types():
    wrong = []
    for each in table():
        if each.default is not None and each.type not in FOLDERS:
            try:
                text_of(each.default, each)
            except BadValue:
                wrong.append(each.path)

    # The store's own defaults of these two are outside of its own ranges.
    assert wrong == ["Policies/KioskBrowser/RestartOnIdleTime", "Policies/Update/ActiveHoursEnd"]


@pytest.mark.skipif(not SOURCE.exists(), reason=f"{SOURCE} is not there")
def test_the_table_says_what_its_source_says():
    with SOURCE.open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            known = table().find(row["path"][1:])
            told = {
                "path": f"/{known.path}",
                "type": known.type,
                "key": known.key,
                "required": "yes" if known.required else "",
                **{name: getattr(known, name) for name in ("minimum", "maximum", "min_length", "max_length")},
                "pattern": known.pattern,
                "values": "|".join(f"{value}={label}" for value, label in known.values),
                "default": known.default,
                "requires_reboot": "yes" if known.reboot else "",
                "apply_after": known.after,
                "csp": known.csp,
                "private": "yes" if known.hidden else "",
            }
            assert {name: "" if value is None else str(value) for name, value in told.items()} == row


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("accounts/AZURE/bprt", "Accounts/Azure/BPRT"),
        (
            "WindowsHelloForBusiness/SecurityKeys/UseSecurityKeyForSignIn",
            "WindowsHelloForBusiness/SecurityKeys/UseSecurityKeyForSignin",
        ),
        ("Certificates/CACertificates/CACertificate", "Certificates/CACertificates/CACerificate"),
        ("Accounts", "Accounts"),
        ("Accounts/Azure/BRPT", None),
        ("", None),
    ],
)
def test_a_setting_is_found_in_any_case_and_in_other_spellings(asked, found):
    known = table().find(asked)

    assert (known and known.path) == found


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        ("Accounts/Azure/BRPT", "Accounts/Azure/BPRT"),
        ("Accounts/ComputerAccount/DNSComputerName", "DevDetail/DNSComputerName"),
        ("Policies/Experience/AllowManualMDMUnenrolment", "Policies/Experience/AllowManualMDMUnenrollment"),
    ],
)
def test_what_is_nearly_right_is_told(asked, near):
    assert table().near(asked)[0] == near


def test_other_spellings_lead_to_settings_that_are_there():
    for asked, path in tables.SPELLINGS.items():
        assert asked == asked.lower() and table().find(asked).path == path


def test_settings_of_users_are_told_from_those_of_devices():
    assert table().find("UniversalAppUninstall/Uninstall/UninstallApplication").scope == "user"
    assert table().find("Accounts/Azure/BPRT").scope == "device"
    assert table().find("Accounts").scope is None


def test_each_section_of_a_description_stands_for_settings_of_the_table():
    for section in SECTIONS:
        known = table().find(section.path)
        assert known is not None and known.path == section.path
        assert (table().list_of(known) is not None) == (section.key is not None)
        for field in section.fields:
            below = table().find(f"{section.path}/{field.path}")
            assert below.path == f"{section.path}/{field.path}", field
            for word in (field.choices or {}).values():
                assert text_of(word, below) == word


def test_no_setting_whose_name_speaks_of_a_secret_is_shown():
    from ansible_collections.winops.entra.plugins.plugin_utils.package.secret_settings import is_secret

    open_ones = {
        each.path
        for each in table()
        if each.type in ("string", "binary")
        and re.search("password|secret|token|productkey|securitykey|bprt", each.path.rpartition("/")[2], re.IGNORECASE)
        and not is_secret(each.path.split("/"), "x")
    }

    # Policies about passwords are not passwords.
    assert {path for path in open_ones if not path.startswith("Policies/")} == set()

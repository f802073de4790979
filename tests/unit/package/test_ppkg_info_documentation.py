# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the documentation of ppkg_info promises is what the package room returns."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from ansible_collections.winops.entra.plugins.modules import ppkg_info
from ansible_collections.winops.entra.plugins.plugin_utils.package import describe, issues
from ansible_collections.winops.entra.plugins.plugin_utils.package.errors import PackageError

RETURN = yaml.safe_load(ppkg_info.RETURN)
PYTHON_TYPES = {"str": str, "int": int, "bool": bool, "list": list, "dict": dict}


def test_every_field_of_a_description_is_documented_with_its_type(read):
    description = describe(read(
        version="1.4", computer_name="PC", security_key=True, commands=["a"], files={"f": b"f"},
        mdm={"upn": "a@b.example", "discovery_url": "https://b.example", "secret": "FAKE-mdm-333"},
        accounts=[{"name": "rescue", "password": "FAKE-password-1111"}],
        certificates=[{"kind": "root", "name": "Contoso", "data": b"c"}],
    ))  # fmt: skip
    documented = RETURN["package"]["contains"]

    assert set(documented) == set(description)
    for name, field in documented.items():
        assert isinstance(description[name], PYTHON_TYPES[field["type"]]), name
        if field["type"] == "list" and field["elements"] == "dict" and description[name]:
            assert set(field["sample"][0]) == set(description[name][0]), name
    assert set(documented["bulk_token"]["contains"]) == set(description["bulk_token"])
    assert set(documented["mdm"]["sample"]) == set(description["mdm"])


def test_every_issue_and_every_error_is_documented():
    known = set(re.findall(r'\b(?:add|Issue)\(\s*"(\w+)"', Path(issues.__file__).read_text(encoding="utf-8")))
    errors = {kind.name for kind in PackageError.__subclasses__()}
    documented = set(re.findall(r"C\((\w+)\)", str(RETURN["package"]["contains"]["issues"])))

    assert known and known == documented - {"blocks_join"}
    assert errors <= set(re.findall(r"C\((\w+)\)", str(RETURN["error"])))


@pytest.mark.parametrize("text", [ppkg_info.DOCUMENTATION, ppkg_info.RETURN])
def test_references_to_options_and_results_exist(text):
    options = yaml.safe_load(ppkg_info.DOCUMENTATION)["options"]

    assert set(ppkg_info.ARGUMENT_SPEC) == set(options)
    assert set(re.findall(r"\bO\((\w+)", text)) <= set(options)
    for reference in re.findall(r"RV\(([\w.]+)", text):
        fields = RETURN
        for step in reference.split("."):
            assert step in fields, reference
            fields = fields[step].get("contains", {})

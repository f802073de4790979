# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One kind of finding, and one meaning of fail_on and summary, in every module that judges."""

from __future__ import annotations

import importlib

import pytest
import yaml

from ansible_collections.winops.entra.plugins.plugin_utils import findings
from ansible_collections.winops.entra.plugins.plugin_utils.findings import FAIL, PASS, UNKNOWN, WARN, Finding
from ansible_collections.winops.entra.plugins.plugin_utils.result import Failure

MODULES = {
    "autopilot_hash": (),
    "device_link_info": (),
    "preflight": (),
    "readiness_info": (),
    "directory_posture": (),
    "directory_diagnosis": (),
    "wait_for_management": (),
    "diagnose": ("code", "weight"),
}
FOUND = [
    Finding("clock", PASS, "0.1 s", "device"),
    Finding("disk", FAIL, "1 MiB", "device", None, "100 MiB", "the disk is full", "make room", "https://d"),
    Finding("scope", FAIL, "nobody", "tenant", "ada", None, "joins fail", "add her", permissions=("B", "A")),
    Finding("tpm", WARN, "none", "device", cause="no TPM", fix="add one"),
    Finding("proxy", UNKNOWN, "unknown", "network", cause="refused", fix="use another account"),
]


def plugin(kind: str, module: str):
    return importlib.import_module(f"ansible_collections.winops.entra.plugins.{kind}.{module}")


@pytest.mark.parametrize(
    ("fail_on", "ids"),
    [
        ([], []),
        (["fail"], ["disk", "scope"]),
        (["warn"], ["tpm"]),
        (["unknown", "warn"], ["tpm", "proxy"]),
        (["scope"], ["scope"]),
        (["clock", "tpm", "proxy"], []),
        (["tpm", "fail"], ["disk", "scope"]),
    ],
)
def test_an_entry_is_a_result_or_the_id_of_one_that_fails(fail_on, ids):
    failure = findings.verdict(FOUND, fail_on, "it is not fit", "preflight")
    if not ids:
        assert failure is None
        return
    first = next(one for one in FOUND if one.id == ids[0])
    error = failure.error
    assert [item["id"] for item in error["evidence"]] == ids
    assert error["name"] == f"preflight_{ids[0]}"
    assert (error["side"], error["cause"], error["fix"]) == (first.side, first.cause, first.fix)
    assert failure.msg.startswith(f"it is not fit, {len(ids)} of 5 findings are ") and first.fix in failure.msg


def test_the_error_names_permissions_of_all_and_few_of_many():
    error = findings.verdict(FOUND, ["fail"], "it is not fit", "readiness").error
    assert error["permissions"] == ["A", "B"] and error["doc"] == "https://d"
    many = [Finding(f"one{number}", FAIL, "bad", "tenant") for number in range(9)]
    assert findings.verdict(many, ["fail"], "no", "readiness").msg.endswith("one2: bad; and 6 more")


def test_the_summary_counts_every_result():
    assert findings.summary(FOUND) == {"pass": 1, "warn": 1, "fail": 2, "unknown": 1}
    assert findings.summary([]) == {"pass": 0, "warn": 0, "fail": 0, "unknown": 0}


def test_what_is_neither_a_result_nor_an_id_is_refused():
    findings.require_known(["fail", "warn", "unknown", "clock"], ["clock"])
    for name in ("pass", "all", "clokc", ""):
        with pytest.raises(Failure) as caught:
            findings.require_known([name], ["clock"])
        assert caught.value.msg.startswith("bad option fail_on: ") and "clock" in caught.value.msg


@pytest.mark.parametrize("module", MODULES)
def test_the_fields_of_findings_are_documented(module):
    fields = yaml.safe_load(plugin("modules", module).RETURN)
    wanted = {*findings.FINDING_FIELDS, *MODULES[module]}
    assert set(FOUND[0].as_dict()) == set(findings.FINDING_FIELDS)
    assert set(fields["findings"]["contains"]) == wanted
    assert set(fields["findings"]["sample"][0]) == wanted
    assert set(fields["summary"]["sample"]) == set(findings.RESULTS)


def test_every_module_with_findings_takes_fail_on_and_no_other():
    loaded = {name: plugin("action", name).ActionModule.spec for name in MODULES}
    kinds = {(spec["fail_on"]["type"], spec["fail_on"]["elements"]) for spec in loaded.values()}
    assert kinds == {("list", "str")} and not any("choices" in spec["fail_on"] for spec in loaded.values())

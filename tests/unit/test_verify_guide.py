# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guide docs/verify.md, the role and the playbook say what the code does."""

from __future__ import annotations

import re

import yaml

from ansible_collections.winops.entra.plugins.modules import directory_posture
from ansible_collections.winops.entra.plugins.plugin_utils.findings import FAIL, UNKNOWN, WARN
from ansible_collections.winops.entra.plugins.plugin_utils.report.ansibles_own import REFUSED_AT_THE_DOOR
from ansible_collections.winops.entra.plugins.plugin_utils.report.records import record
from ansible_collections.winops.entra.plugins.plugin_utils.report.verified import merge
from ansible_collections.winops.entra.plugins.plugin_utils.report.verified.halves import VERIFY_IDS
from tests.collection import ROOT
from tests.tools.doc_tables import code, tables

from .report.both_halves import finding, look
from .roles import argument_specs

GUIDE = "docs/verify.md"
ALL = {one.name.removeprefix(f"{GUIDE}: "): one for one in tables() if one.file == GUIDE}
PLAYBOOK = (ROOT / "playbooks/verify.yml").read_text(encoding="utf-8")
DEFAULTS = yaml.safe_load((ROOT / "roles/verify/defaults/main.yml").read_text(encoding="utf-8"))
#: Variables that the playbook sets for the role.
OF_THE_PLAYBOOK = {"verify_before", "verify_add_to_report"}


def test_variables():
    rows = ALL["variable: verify_hosts"].rows
    shown = {name: row[1] for row in rows for name in code(row[0])}
    of_playbook = {"verify_hosts", "verify_serial", "verify_report", "verify_join_report"}
    assert set(shown) == of_playbook | set(DEFAULTS) - OF_THE_PLAYBOOK
    for name in (
        "verify_tenant",
        "verify_stale_days",
        "verify_tenant_timeout",
        "verify_fail_on",
        "verify_applications",
    ):
        [given] = code(shown[name])
        assert yaml.safe_load(given) == DEFAULTS[name]
    for name in ("verify_hosts", "verify_serial", "verify_report"):
        assert f"'{code(shown[name])[0]}'" in PLAYBOOK
    assert of_playbook <= set(re.findall(r"(?m)^# (verify_\w+) ", PLAYBOOK))


def test_outcomes():
    """Each outcome that a record can have stands in the guide."""
    gone = {"unreachable": True, "changes": []}
    refused = {"failed": True, "changes": [], "error": {"name": REFUSED_AT_THE_DOOR[0]}}
    results = [look(), gone, refused, {"failed": True, "changes": []}]
    results += [look(finding("hello", result)) for result in (FAIL, UNKNOWN)]
    made = {record(result, "verify")["outcome"] for result in results}
    assert {name for cell in ALL["outcome: fit"].column() for name in code(cell)} == made


def test_findings_that_both_sides_speak_of():
    shown = {name for cell in ALL["finding: entra_object"].column() for name in code(cell)}
    assert shown == {*merge.OF_BOTH_SIDES, "in_intune"}


def test_the_role_takes_results_and_ids_of_findings_and_the_questions_of_the_module():
    options = argument_specs("verify")["main"]["options"]
    assert options["verify_fail_on"]["choices"] == [FAIL, WARN, UNKNOWN, *VERIFY_IDS]
    assert options["verify_questions"]["choices"] == list(directory_posture.ALL_QUESTIONS)
    assert DEFAULTS["verify_questions"] == list(directory_posture.ALL_QUESTIONS)
    assert {name: option.get("default") for name, option in options.items() if "default" in option} == {
        name: value for name, value in DEFAULTS.items() if "omit" not in str(value)
    }


def test_what_is_tried_before_is_what_is_asked_afterwards():
    """Every option of the question is checked before any device is asked, but those that name devices and questions."""
    [tried] = yaml.safe_load((ROOT / "roles/verify/tasks/check.yml").read_text(encoding="utf-8"))
    asked = yaml.safe_load((ROOT / "roles/verify/tasks/tenant.yml").read_text(encoding="utf-8"))[0]
    module = "winops.entra.directory_posture"
    own = {"device_ids", "questions"}
    assert {k: v for k, v in tried[module].items() if k not in own} == {
        k: v for k, v in asked[module].items() if k not in own
    }
    names = [task["name"] for task in yaml.safe_load(PLAYBOOK)[0]["tasks"]]
    assert names.index("Check what is the same for all devices") < names.index("Ask each device")
    assert tried["when"] == "verify_tenant | bool" and asked["run_once"] is True

# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each table of README, guides and roles says what the code does, or is not about it: table_list.py says which."""

from __future__ import annotations

import ast
import re

import pytest
import yaml

from ansible_collections.winops.entra.plugins.doc_fragments.waiting import POLL_SPEC
from ansible_collections.winops.entra.plugins.modules import acceptance, disconnect, ppkg_build, rollout_report
from ansible_collections.winops.entra.plugins.plugin_utils import proofs, untrusted
from ansible_collections.winops.entra.plugins.plugin_utils.device import requirements, system_work, work
from ansible_collections.winops.entra.plugins.plugin_utils.device.codes import catalogue
from ansible_collections.winops.entra.plugins.plugin_utils.device.diagnosis import (
    clues,
    device_diagnosis,
    logs,
    ranking,
)
from ansible_collections.winops.entra.plugins.plugin_utils.device.joining import removal
from ansible_collections.winops.entra.plugins.plugin_utils.device.leaving import leave_step
from ansible_collections.winops.entra.plugins.plugin_utils.device.operations import CHANGING, VOCABULARY
from ansible_collections.winops.entra.plugins.plugin_utils.device.posture.posture import POSTURE_IDS
from ansible_collections.winops.entra.plugins.plugin_utils.device.preflight import check, checklist, targets, windows
from ansible_collections.winops.entra.plugins.plugin_utils.device.sign_in import key_findings
from ansible_collections.winops.entra.plugins.plugin_utils.device.sign_in import option as sign_in_option
from ansible_collections.winops.entra.plugins.plugin_utils.package.description import description, sections
from ansible_collections.winops.entra.plugins.plugin_utils.package_tasks import build as package_build
from ansible_collections.winops.entra.plugins.plugin_utils.report import kept, merge
from ansible_collections.winops.entra.plugins.plugin_utils.report.door import REPORT_OUTCOMES
from ansible_collections.winops.entra.plugins.plugin_utils.tenant import service_plans
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.diagnosis import clues as tenant_clues
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.diagnosis import matching
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.graph import answers, door, held_permissions, pages
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.posture import findings as posture_findings
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.resources import group_creation
from tests.collection import ROOT
from tests.integration import promised
from tests.lab import scenario_schema
from tests.tools import error_sites
from tests.tools.doc_tables import code, numbers, plain, tables

from .device.test_preflight_checks import STORIES
from .table_list import CODES, GENERATED_PAGES, NAMES, TABLES

UTILS = ROOT / "plugins" / "plugin_utils"
ALL = {one.name: one for one in tables()}
LISTED = [name for name, one in ALL.items() if one.file not in GENERATED_PAGES]


# --- every table --------------------------------------------------------------------------------------------------


def test_every_table_is_listed_and_every_listed_one_is_there():
    assert sorted(LISTED) == sorted(TABLES)


@pytest.mark.parametrize("what", sorted({*TABLES.values(), *GENERATED_PAGES.values()} - {NAMES, CODES}))
def test_what_keeps_a_table_true_is_there(what):
    if not what.startswith("("):
        file, _colons, test = what.partition("::")
        assert f"def {test}(" in (ROOT / file).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [name for name, one in ALL.items() if one.head[0] in ("`error.name`", "name")])
def test_names_of_errors_in_tables_are_names_of_errors(name):
    names = [found for cell in ALL[name].column() for found in code(cell)]
    assert names and [found for found in names if not promised.is_listed(found)] == []


@pytest.mark.parametrize("name", [name for name, kind in TABLES.items() if kind == CODES])
def test_codes_in_tables_are_known(name):
    found = [text for cell in ALL[name].column() for text in re.findall(r"0x[0-9a-f.]{8}|AADSTS\d+", cell)]
    assert found and [one for one in found if "." not in one and catalogue.entry(one) is None] == []


@pytest.mark.parametrize("name", [name for name, kind in TABLES.items() if kind == CODES])
def test_each_row_of_codes_has_a_code(name):
    assert all(re.search(r"0x[0-9a-f.]{8}|AADSTS\d+", cell) for cell in ALL[name].column())


# --- README, roles, contributing ----------------------------------------------------------------------------------


def test_what_the_readme_names_exists():
    for cell in ALL["README.md: you want: to join every device of an inventory, verify it and report on it"].column(1):
        for kind, names in re.findall(r"(module|role|filter|role and module)s? ((?:`[\w.]+`(?:, )?)+)", cell):
            places = {"module": "plugins/modules/{}.py", "role": "roles/{}", "filter": "plugins/filter/{}.py"}
            for name in code(names):
                for one in kind.split(" and "):
                    assert (ROOT / places[one].format(name)).exists(), f"{one} {name}"
        for playbook in re.findall(r"`(playbooks/\w+\.yml)`", cell):
            assert (ROOT / playbook).exists()


def test_the_readme_says_how_many_devices_the_screen_shows():
    [said] = re.findall(r"The table on screen shows the same for up to (\d+) devices", read("README.md"))
    assert int(said) == rollout_report.ARGUMENT_SPEC["table_limit"]["default"]


@pytest.mark.parametrize("role", ["disconnect", "join", "preflight", "verify"])
def test_entry_points_of_roles(role):
    specs = yaml.safe_load((ROOT / "roles" / role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    shown = [plain(cell) for cell in ALL[f"roles/{role}/README.md: entry point: main"].column()]
    assert sorted(shown) == sorted(specs["argument_specs"])


def test_the_oldest_python_and_core():
    rows = ALL["docs/contributing.md: Python: 3.10"].rows
    runtime = yaml.safe_load(read("meta/runtime.yml"))["requires_ansible"]
    python, core = rows[0]
    assert runtime == f">={re.findall(r'[0-9.]+', core)[0].rstrip('.')}.0" and python in read("Makefile")


def test_targets_of_make():
    known = set(re.findall(r"^([a-z-]+):.*## ", read("Makefile"), re.MULTILINE))
    shown = [name.removeprefix("make ") for name in ALL["docs/contributing.md: target: make lint"].by_code(0)]
    assert shown and [name for name in shown if name not in known] == []


# --- join, preflight ----------------------------------------------------------------------------------------------


def test_windows_versions_by_method():
    first = {plain(method): int(build) for method, build, _which in versions().rows}
    assert first["provisioning_package"] == requirements.first_build("provisioning_package")
    assert first["azure_vm"] == requirements.first_build("azure_vm")
    assert first["(an Azure Arc machine, by the extension)"] == requirements.FIRST_ARC_BUILD


def test_the_readme_says_the_same_versions():
    which = {plain(method): text for method, _build, text in versions().rows}
    said = re.search(r"Windows 10 (\d+) or newer \(.*?\) to join by a package, Windows 10\s+(\d+)", read("README.md"))
    assert f"Windows 10 {said[1]}" in which["provisioning_package"] and f"Windows 10 {said[2]}" in which["azure_vm"]


def versions():
    return ALL["docs/join.md: method: provisioning_package"]


def test_every_refusal_of_a_join_is_told():
    told = set(ALL["docs/join.md: error.name: joined_to_another_tenant"].by_code(0))
    rules = {
        name
        for site in error_sites.sites(ROOT / "plugins")
        if site.file == "plugin_utils/device/requirements.py"
        for name in site.names
    }
    # By the engine's own judgement only, and by the removal of a package.
    assert told >= rules - {"packages_forbidden", "package_removal_forbidden"}


def test_checks_by_whose_rules_a_join_refuses():
    """The sentence of the module and that of the guide name the same checks, which share their rule with the join."""
    joining = "".join(path.read_text(encoding="utf-8") for path in (UTILS / "device/joining").glob("*.py"))
    shared = {
        "edition": "windows_refusal",
        "build": "windows_refusal",
        "server": "windows_refusal",
        "join_state": "join_state_refusal",
        "azure_identity": "azure_identity_refusal",
        "winrm_account": "account_refusal",
    }
    assert all(f"{rule}(" in joining for rule in shared.values())
    guide = re.search(
        r"The join refuses a device by the rules of (.*?It makes no other check)", flat("docs/preflight.md")
    )
    module = re.search(
        r"refuses a device by the rules of (.*?It makes no other check)", flat("plugins/modules/preflight.py")
    )
    assert set(code(guide[1])) - {"--check"} == set(re.findall(r"C\((\w+)\)", module[1])) == set(shared)


def test_checks_of_a_preflight():
    shown = ALL["docs/preflight.md: check: edition"]
    fails = shown.by_code(1)
    known = checklist.known_ids(check.PreflightPlan())
    assert set(fails) - {"endpoint_NAME"} == set(known)
    for cell, can_fail, can_warn in shown.rows:
        names = [name.replace("NAME", "sts") for name in code(cell)]
        outcomes = {result for story, result, _change, _plan in STORIES if story in names}
        assert (bool(can_fail), bool(can_warn)) == ("fail" in outcomes, "warn" in outcomes), cell


def test_ways_of_the_security_key_option():
    shown = ALL["docs/security-keys-on-devices.md: way: mdm"]
    told = {"mdm": sign_in_option.CSP_PLACE, "policy": sign_in_option.FIDO_PLACE}
    ways = (sign_in_option.BY_MDM, sign_in_option.BY_PACKAGE, sign_in_option.BY_CSP, sign_in_option.BY_POLICY)
    assert tuple(shown.by_code(1)) == ways
    for way, place in told.items():
        value, key = code(shown.by_code(2)[way])
        assert f"{key}, {value}" == place


def test_findings_about_security_keys():
    shown = ALL["docs/security-keys-on-devices.md: finding: option"]
    assert tuple(shown.by_code(1)) == key_findings.FINDING_IDS
    builds = [number for number in numbers(shown.by_code(1)["build"]) if number > 10000]
    assert builds == [key_findings.FIRST_KEY_BUILD, key_findings.FIRST_HYBRID_BUILD]
    assert key_findings.FIRST_ENTRA_BUILD in numbers(shown.by_code(2)["build"])


def test_limits_of_checks():
    shown = ALL["docs/preflight.md: check: edition"]
    fails, warns = shown.by_code(1), shown.by_code(2)
    assert numbers(fails["build"]) == [requirements.FIRST_BULK_JOIN_BUILD, requirements.FIRST_AZURE_VM_BUILD]
    assert numbers(fails["clock"]) == [windows.CLOCK_FAIL] and numbers(warns["clock"]) == [windows.CLOCK_WARN]
    assert numbers(fails["disk"]) == [windows.DISK_FAIL // windows.MIB]
    assert numbers(warns["disk"]) == [windows.DISK_WARN // windows.MIB // 1024]


def test_the_module_lists_the_same_checks():
    notes = re.search(r"The checks are (.*?)seealso:", flat("plugins/modules/preflight.py"))
    assert set(re.findall(r"C\((\w+)\)", notes[1])) == set(checklist.known_ids(check.PreflightPlan()))


def test_hosts_of_endpoints():
    shown = ALL["docs/preflight.md: check: endpoint_login"]
    for number, cloud in ((1, "public"), (2, "us_government"), (3, "china")):
        hosts = [*targets.HOSTS[cloud], *targets.SIGN_IN_HOSTS[cloud]]
        assert shown.by_code(number) == dict(zip(targets.ENDPOINT_CHECKS + targets.SIGN_IN_CHECKS, hosts, strict=True))


# --- diagnose -----------------------------------------------------------------------------------------------------


def test_logs_of_a_diagnosis():
    counts = dict(ALL["docs/diagnose.md: source: Provisioning-Diagnostics-Provider/Admin"].rows)
    shown = {
        f"Microsoft-Windows-{source}": text for source, text in counts.items() if source.endswith(("/Admin", "nal"))
    }
    assert set(shown) == {log for log, _ids in logs.FAILURE_EVENTS.values()}
    for name, (log, _ids) in logs.FAILURE_EVENTS.items():
        assert ("warnings" in shown[log]) == (3 in logs.LEVELS[name])
    every, each = re.search(
        r"newest (\d+) events of each log count, and the newest (\d+) of each id", flat("docs/diagnose.md")
    ).groups()
    assert (int(every), int(each)) == (device_diagnosis.EVENT_LIMIT, logs.EVENTS_PER_ID)
    assert ranking.SAME_TIME == 120 and "within two minutes" in flat("docs/diagnose.md")


def test_event_ids_that_the_guide_names_are_those_of_failures():
    text = flat("docs/diagnose.md")
    named = {
        int(number)
        for place in re.findall(r"(?:events? |events of [\w ]+ )\(?(\d{2,4}(?:, \d{2,4})*)", text)
        for number in place.split(", ")
    }
    known = {event for _log, ids in logs.FAILURE_EVENTS.values() for event in ids}
    assert {62, 12, 22, 304, 305} <= named & known


def test_weights_of_findings():
    shown = {row[0]: row[1] for row in ALL["docs/diagnose.md: weight: 90"].rows}
    assert clues.AADSTS == 90 and "known AADSTS" in shown["90"]
    assert shown["80, 70"].startswith("a documented, a reported") and (clues.FAULT, clues.REPORTED) == (80, 70)
    assert (clues.UNKNOWN_AADSTS, clues.WRAPPER, clues.UNKNOWN_CODE) == (60, 40, 30) and {"60", "40, 30"} <= set(shown)
    assert f"up to {clues.HARMLESS}" in shown and f"{clues.CORROBORATED} higher" in shown["78 to 95"]
    stated = weights_of_states()
    assert stated - {55, 70, 85, 90, clues.HARMLESS} == {78, 80} and {"55", "85"} <= set(shown)
    causes = {weight for _what, weight, _codes in device_diagnosis.CAUSES.values()}
    assert {weight for weight in causes if weight > clues.HARMLESS} == {85, 95}


def weights_of_states() -> set[int]:
    """The weights that the clues of the device's state have."""
    source = ast.parse((UTILS / "device/diagnosis/state_clues.py").read_text(encoding="utf-8"))
    given = [
        node.args[1] for node in ast.walk(source) if isinstance(node, ast.Call) and ast.unparse(node.func) == "_stated"
    ]
    given += [
        keyword.value
        for node in ast.walk(source)
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == "weight"
    ]
    return {part.value for value in given for part in ast.walk(value) if isinstance(part, ast.Constant)}


# --- disconnect ---------------------------------------------------------------------------------------------------


def test_limits_of_a_leave():
    seconds = {limit: numbers(cell) for limit, cell, _covers in ALL["docs/disconnect.md: limit: Windows' own"].rows}
    program = re.search(r"'/debug /leave' (\d+)", (UTILS / "device/runner/leave.ps1").read_text(encoding="utf-8"))
    assert seconds["the program's"] == [int(program[1])] and seconds["the job's"] == [leave_step.LEAVE_JOB_SECONDS]
    assert seconds["`timeout`, `disconnect_timeout`"] == [disconnect.ARGUMENT_SPEC["timeout"]["default"]]
    covers = {limit: cell for limit, _seconds, cell in ALL["docs/disconnect.md: limit: Windows' own"].rows}
    assert system_work.STEP_JOB_SECONDS in numbers(covers["`timeout`, `disconnect_timeout`"])
    assert sum(seconds["Windows' own"]) < int(program[1]) < leave_step.LEAVE_JOB_SECONDS


def test_limits_of_a_join():
    seconds = [numbers(cell) for _what, cell in ALL["docs/join.md: what: look, apply, join, verify, enrollment"].rows]
    assert seconds == [[], [], [removal.REMOVAL_SECONDS], [work.AFTERWARDS_SECONDS]]


def test_kinds_of_proof():
    shown = {
        name for cell in ALL["docs/disconnect.md: proof in record and report: proved"].column() for name in code(cell)
    }
    assert shown - {"proof"} == {proofs.PROVED, proofs.RECORDED, proofs.NOT_YET, proofs.MISSING, proofs.FAILED}


def test_what_switches_a_removal_off():
    defaults = yaml.safe_load(read("roles/disconnect/defaults/main.yml"))
    for cell in ALL["docs/disconnect.md: object, in this order: Intune record"].column(3):
        [switch] = code(cell)
        assert defaults[switch.removesuffix(": false")] is True


# --- tenant, reports, acceptance, lab -----------------------------------------------------------------------------


def test_limits_of_answers():
    most = dict(ALL["docs/tenant.md: of: one exchange, from the connection to the last byte"].rows)
    assert numbers(most["one exchange, from the connection to the last byte"]) == [
        door.LONGEST_EXCHANGE,
        door.SHORTEST_BOUND,
    ]
    assert numbers(most["one body, decompressed"]) == [
        answers.LARGEST_BODY // 2**20,
        answers.MOST_VALUES,
        untrusted.MAX_DEPTH,
    ]
    assert numbers(most["one list"]) == [pages.MOST_PAGES, pages.MOST_ROWS, round(1 / pages.SECONDS_A_ROW)]


def test_the_least_permissions_to_create_a_group():
    """What the module, the guide and the table of calls say of them is what the request names."""
    least = group_creation.CREATE
    may_create, may_change = (held_permissions.enough(call, False) for call in ("POST /groups", "PATCH /groups/1"))
    assert set(least.application) <= may_create - may_change
    assert set(least.delegated) <= held_permissions.enough("POST /groups", True)
    notes = flat("plugins/modules/group.py")
    assert f"C({least.application[0]}) to create" in notes and f"creating needs C({least.delegated[0]})" in notes


def test_plans_that_are_intune():
    [cell] = [row[1] for row in ALL["docs/tenant.md: setting: enrollment restrictions"].rows if row[0] == "licences"]
    plans = [name for name in code(cell) if name.startswith("INTUNE_")]
    assert len(plans) == len(service_plans.INTUNE_PLANS) + len(service_plans.NO_INTUNE_PLANS)


def test_limits_of_a_report():
    shown = {row[0]: row[1] for row in ALL["docs/reports.md: field: totals"].rows}
    assert numbers(shown["`runs`"]) == [merge.RUNS_KEPT]
    assert numbers(shown["`left_behind`"]) == [kept.MOST_LEFT_BEHIND]
    assert merge.ATTEMPTS_KEPT == 5 and "up to five" in shown["`earlier`"]


def test_what_a_deployment_is_made_with_exists():
    """Each module that the guide names for a step, and each option of the group."""
    shown = ALL["docs/autopilot.md: step: 1 automatic enrollment in Intune"]
    named = [name for row in shown.rows for name in code(row[1])]
    modules = {path.stem for path in (ROOT / "plugins/modules").glob("*.py")}
    assert len(named) > 8 and set(named) - modules == {"autopilot_group_tag"}
    assert "autopilot_group_tag" in (ROOT / "plugins/modules/group.py").read_text(encoding="utf-8")


def test_steps_of_the_autopilot_playbook():
    """The tag of each step, and the switch by which it is left out, are those of the playbook."""
    [play] = yaml.safe_load((ROOT / "playbooks/autopilot.yml").read_text(encoding="utf-8"))
    tags = {tag for task in play["tasks"] for tag in task["tags"]} - {"always"} | {"harvest"}
    rows = ALL["docs/autopilot.md: step: groups, profiles, pages"].rows
    assert {name for row in rows for name in code(row[1])} == tags
    defaults = yaml.safe_load((ROOT / "roles/autopilot/defaults/main.yml").read_text(encoding="utf-8"))
    for row in rows[1:]:
        [switch] = code(row[2])
        name, value = switch.split(": ")
        assert defaults[name] is not yaml.safe_load(value), switch


def test_outcomes_of_autopilot():
    """Every outcome of a record stands in the guide, and which of them fail a host."""
    shown = [name for cell in ALL["docs/autopilot.md: outcome: harvested"].column() for name in code(cell)]
    others = {"joined", "disconnected", "fit", "unfit", "healthy", "unhealthy", "unchanged", "would_join"}
    others |= {"would_disconnect", "skipped", "begun", "not_started"}
    others |= {"waiting", "undecided", "enabled", "applied", "would_enable"}  # of security keys
    assert set(shown) == set(REPORT_OUTCOMES) - others
    [verdict] = yaml.safe_load((ROOT / "roles/autopilot/tasks/verdict.yml").read_text(encoding="utf-8"))
    failing = set(re.findall(r'"(\w+)"', verdict["when"]))
    assert failing == {"refused", "failed", "unreachable", "incomplete"}


def test_findings_of_a_posture():
    shown = [name for cell in ALL["docs/posture.md: finding: managed"].column() for name in code(cell)]
    assert shown == list(POSTURE_IDS)


def test_variables_of_the_acceptance_run():
    shown = [name for cell in ALL["docs/acceptance.md: variable: accept_hosts"].column() for name in code(cell)]
    assert set(shown) == set(re.findall(r"\b(accept_[a-z_]+) (?:\| default|is defined)", read("playbooks/accept.yml")))


def test_defaults_of_the_acceptance_run():
    default = ALL["docs/acceptance.md: variable: accept_hosts"].by_code(2)
    options = {**acceptance.ARGUMENT_SPEC, **POLL_SPEC}
    for name in ("timeout", "poll_interval"):
        assert numbers(default[f"accept_{name}"]) == [options[name]["default"]]


def test_every_changing_operation_has_its_trial_told():
    shown = {name for cell in ALL["docs/acceptance.md: operations: all that only read"].column() for name in code(cell)}
    assert set(CHANGING) <= shown <= set(VOCABULARY["operations"])


def test_fields_of_the_acceptance_report():
    shown = [
        name for cell in ALL["docs/acceptance.md: field: format, version, generated"].column() for name in code(cell)
    ]
    source = (UTILS / "device/acceptance/report.py").read_text(encoding="utf-8")
    made = re.search(r"\{\n +\"format\".*?\n    \}", source, re.DOTALL)
    assert sorted(shown) == sorted(re.findall(r"^ +\"(\w+)\":", made[0], re.MULTILINE))


def test_parts_of_the_lab():
    for cell in ALL["docs/lab.md: part: wsman/, commands/"].column():
        for name in code(cell):
            assert (ROOT / "tests" / "lab" / name).exists(), name


@pytest.mark.parametrize(
    ("name", "schema"),
    [("registration_policy", scenario_schema.TENANT), ("windows", scenario_schema.DEVICE)],
)
def test_options_of_scenarios(name, schema):
    shown = [option for cell in ALL[f"docs/lab.md: option: {name}"].column() for option in code(cell)]
    assert [option for option in shown if option not in schema] == []


def read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def flat(path: str) -> str:
    """The text of a file in one line."""
    return " ".join(read(path).split())


def test_ways_to_build_a_package():
    table = ALL["docs/packages.md: what: where"]
    ways = [code(cell)[0].removeprefix("method: ") for cell in table.head[1:]]
    assert ways == ppkg_build.ARGUMENT_SPEC["method"]["choices"]
    told = {row[0]: row[1:] for row in table.rows}
    # What one way takes and the other does not.
    assert told["encryption"][0] == "refused" and set(code(told["encryption"][1])) <= set(package_build.WITH_ICD)
    assert code(told["confirmed by Windows"][0]) == ["unconfirmed"] and told["confirmed by Windows"][1] == "yes"


def test_keys_of_a_description():
    shown = {
        code(row[0])[0] if len(code(row[0])) == 1 else tuple(code(row[0])): row[1]
        for row in ALL["docs/packages.md: key: id"].rows
    }
    keys = [key for name in shown for key in (name if isinstance(name, tuple) else (name,))]

    assert sorted(keys) == sorted(description.DESCRIPTION_KEYS)
    for section in sections.SECTIONS:
        told = set(code(shown[section.name]))
        words = {word for field in section.fields for word in field.choices or {}}
        assert {field.name for field in section.fields} | words | ({section.kind} - {None}) <= told, section


def test_whose_an_entry_of_the_tenants_logs_is():
    shown = ALL["docs/diagnose.md: by: request_id"]
    assert tuple(shown.by_code(1)) == (*matching.MATCHES, tenant_clues.BY_SETTING)
    for way in matching.MATCHES:
        weights = [tenant_clues.weigh(way, known) for known in (True, False)]
        assert re.findall(r"\d\d", shown.by_code(2)[way])[:2] == list(map(str, weights)), way
    assert shown.by_code(2)["setting"] == str(tenant_clues.OF_A_SETTING)


def test_findings_about_what_the_tenant_says():
    shown = ALL["docs/directory-posture.md: finding: entra_object"]
    assert tuple(shown.by_code(1)) == posture_findings.DIRECTORY_POSTURE_IDS

# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keeps each table of README, guides and roles true, by the table's name (tests/tools/doc_tables.py).

GENERATED: a program writes the page, and a test compares it. NAMES and CODES: the first column has names of errors, or
codes, which must exist. A path is the test that compares the table with the code. A sentence in brackets says why there
is nothing to compare: the table is not a rule of the code.
"""

from __future__ import annotations

GENERATED, NAMES, CODES = "generated", "names of errors", "codes"
HERE = "tests/unit/test_tables.py::"
KEYS = "tests/unit/test_passwordless_guide.py::"
VERIFY = "tests/unit/test_verify_guide.py::"
LOOKS = "(what people see elsewhere, and what to do about it)"
SOURCES = "(sources of facts, for people)"
STEPS = "(the course of a task in words; the integration tests play it)"

TABLES = {
    "README.md: you want: to join every device of an inventory, verify it and report on it": HERE
    + "test_what_the_readme_names_exists",
    "README.md: what: dsregcmd parser": SOURCES,
    "docs/acceptance.md: variable: accept_hosts": HERE + "test_variables_of_the_acceptance_run",
    "docs/acceptance.md: operations: all that only read": HERE + "test_every_changing_operation_has_its_trial_told",
    "docs/acceptance.md: field: format, version, generated": HERE + "test_fields_of_the_acceptance_report",
    "docs/after-the-join.md: reason: in_intune, compliant, applied": "tests/unit/tenant/arrival/test_reasons.py::"
    "test_the_guide_has_every_reason",
    "docs/ansible.md: keyword: environment": "(what was tried of Ansible, with how in its last column)",
    "docs/ansible.md: : linear": "(what was tried of Ansible, with how in its last column)",
    "docs/ansible.md: callback: default, and one of the tests that prints a JSON document for each result, as jsonl "
    "does": "(what was tried of Ansible, with how in its last column)",
    "docs/ansible.md: product: ansible-playbook, ansible (ad hoc)": "(what was tried of products beside Ansible)",
    "docs/autopilot.md: step: 1 automatic enrollment in Intune": HERE + "test_what_a_deployment_is_made_with_exists",
    "docs/autopilot.md: step: groups, profiles, pages": HERE + "test_steps_of_the_autopilot_playbook",
    "docs/autopilot.md: outcome: harvested": HERE + "test_outcomes_of_autopilot",
    "docs/autopilot.md: import_error: ZtdDeviceAlreadyAssigned": LOOKS,
    "docs/autopilot.md: error.name: serial_number_mismatch, uuid_mismatch": NAMES,
    "docs/connections.md: name: credentials_refused": "tests/unit/device/test_contact.py::"
    "test_the_guide_has_each_name_once_with_its_side",
    "docs/connections.md: you see: certificate verify failed: unable to get local issuer certificate, self-signed "
    "certificate": LOOKS,
    "docs/connections.md: you see: ntlm: the specified credentials were rejected by the server (401)": LOOKS,
    "docs/connections.md: you see: Connection aborted, ECONNRESET, Connection reset by peer, Remote end closed "
    "connection, at the first request, on Windows 11 and Server 2022 only": LOOKS,
    "docs/connections.md: you see: The WS-Management service cannot process the request with *maximum number of "
    "concurrent shells*": LOOKS,
    "docs/connections.md: you see: '&' was unexpected, is not recognized as an internal or external command, or "
    "wrong_shell_type at the first exchange": LOOKS,
    "docs/contributing.md: Python: 3.10": HERE + "test_the_oldest_python_and_core",
    "docs/contributing.md: target: make lint": HERE + "test_targets_of_make",
    "docs/contributing.md: word: device": "(words, which tests/unit/test_english.py holds)",
    "docs/diagnose.md: source: Provisioning-Diagnostics-Provider/Admin": HERE + "test_logs_of_a_diagnosis",
    "docs/diagnose.md: weight: 90": HERE + "test_weights_of_findings",
    "docs/diagnose.md: statement: 304, 305 and 335 are written by dsregcmd, 1081 by the sign-in plug-in": SOURCES,
    "docs/disconnect.md: phase: look": STEPS,
    "docs/disconnect.md: limit: Windows' own": HERE + "test_limits_of_a_leave",
    "docs/disconnect.md: error.name: no_local_administrator": NAMES,
    "docs/disconnect.md: error.name: not_left": NAMES,
    "docs/disconnect.md: object, in this order: Intune record": HERE + "test_what_switches_a_removal_off",
    "docs/disconnect.md: proof in record and report: proved": HERE + "test_kinds_of_proof",
    "docs/disconnect.md: error.name: not_joined, server_has_no_mdm": NAMES,
    "docs/endings.md: column: our job": "(what the columns of the next table mean)",
    "docs/endings.md: module: join": "tests/unit/device/test_endings.py::test_the_page_has_the_table",
    "docs/join.md: phase: (controller)": STEPS,
    "docs/join.md: error.name: joined_to_another_tenant": HERE + "test_every_refusal_of_a_join_is_told",
    "docs/join.md: method: provisioning_package": HERE + "test_windows_versions_by_method",
    "docs/join.md: code: AADSTS700082, or 0xcaa20003 without it": CODES,
    "docs/join.md: code: 0x801c0072": CODES,
    "docs/join.md: error.name: join_timeout": NAMES,
    "docs/join.md: way: The engine alone, in one job: the package is added (this puts its file back), removed, and "
    "added.": STEPS,
    "docs/join.md: wait: package": "(when a wait ends; tests/unit/device/test_waits_end.py plays each)",
    "docs/join.md: what: look, apply, join, verify, enrollment": HERE + "test_limits_of_a_join",
    "docs/join.md: a device of the wave: joined, also before this run": "tests/unit/report/test_waves.py::"
    "test_each_outcome_has_its_place_in_a_wave",
    "docs/join.md: variable: join_expect_intune": "tests/unit/test_join_playbook.py::"
    "test_what_may_be_expected_and_asked_at_the_gate_is_in_the_guide",
    "docs/join.md: in join_gate: managed": "tests/unit/test_join_playbook.py::"
    "test_what_may_be_expected_and_asked_at_the_gate_is_in_the_guide",
    "docs/posture.md: finding: managed": HERE + "test_findings_of_a_posture",
    "docs/lab.md: part: wsman/, commands/": HERE + "test_parts_of_the_lab",
    "docs/lab.md: option: registration_policy": HERE + "test_options_of_scenarios",
    "docs/lab.md: option: windows": HERE + "test_options_of_scenarios",
    "docs/lab.md: file: tenant.env": "tests/integration/test_secrets.py::"
    "test_what_the_lab_writes_is_for_its_owner_only",
    "docs/lab.md: behaviour: paths, types, enumerations, read-only properties, permissions": SOURCES,
    "docs/lab.md: behaviour: three states and keys of dsregcmd /status, by build; over WinRM user sections are "
    "ERROR/UNKNOWN": SOURCES,
    "docs/media.md: file: NAME.ppkg": "tests/unit/media/test_folder.py::test_the_guide_names_the_files_of_a_stick",
    "docs/packages.md: key: id": HERE + "test_keys_of_a_description",
    "docs/packages.md: what: where": HERE + "test_ways_to_build_a_package",
    "docs/passwordless.md: what: the tenant allows keys, and takes the models that you have": KEYS
    + "test_what_is_done_by_a_module_exists",
    "docs/passwordless.md: step: policy": KEYS + "test_steps_of_the_playbook",
    "docs/passwordless.md: missing: no_security_key": KEYS + "test_what_may_be_missing",
    "docs/passwordless.md: outcome: applied": KEYS + "test_outcomes",
    "docs/preflight.md: check: edition": HERE + "test_checks_of_a_preflight",
    "docs/preflight.md: check: endpoint_login": HERE + "test_hosts_of_endpoints",
    "docs/reports.md: field: totals": HERE + "test_limits_of_a_report",
    "docs/reports.md: who: first task of the playbook (rollout_report with only_try)": STEPS,
    "docs/diagnose.md: by: request_id": HERE + "test_whose_an_entry_of_the_tenants_logs_is",
    'docs/diagnose.md: you see: "you cannot join this device" (0x801c0003, 0x801c000e)': "(what the tenant's half "
    "names; tests/integration/test_tenant_half.py plays each)",
    "docs/directory-posture.md: finding: entra_object": HERE + "test_findings_about_what_the_tenant_says",
    "docs/verify.md: variable: verify_hosts": VERIFY + "test_variables",
    "docs/verify.md: outcome: fit": VERIFY + "test_outcomes",
    "docs/verify.md: finding: entra_object": VERIFY + "test_findings_that_both_sides_speak_of",
    "docs/security-keys-on-devices.md: way: mdm": HERE + "test_ways_of_the_security_key_option",
    "docs/security-keys-on-devices.md: finding: option": HERE + "test_findings_about_security_keys",
    "docs/tenant.md: error.name: no_federation": "tests/unit/tenant/graph/test_sign_in_codes.py::"
    "test_every_name_stands_in_the_guide",
    "docs/tenant.md: error.name: permission_missing": NAMES,
    "docs/tenant.md: of: one exchange, from the connection to the last byte": HERE + "test_limits_of_answers",
    'docs/tenant.md: rule: "Users may join devices": none, or selected without the package\'s user': "(what the "
    "tenant's rules do, as Microsoft documents them; tests/unit/lab/test_tenant_registration.py plays it)",
    "docs/tenant.md: finding: enrollment_limit": "tests/unit/tenant/readiness/test_token_requesters.py::"
    "test_a_role_counts_for_the_whole_tenant_only",
    "docs/tenant.md: the service says: the policy applies": "tests/unit/tenant/readiness/test_service_answers.py::"
    "test_what_the_service_assumes_decides_nothing",
    "docs/tenant.md: setting: enrollment restrictions": HERE + "test_plans_that_are_intune",
    "docs/troubleshooting.md: you see: 429 \u2026, waits 10.0 s": LOOKS,
    **{
        f"roles/{role}/README.md: entry point: main": HERE + "test_entry_points_of_roles"
        for role in ("autopilot", "disconnect", "join", "preflight", "security_keys", "verify")
    },
}
#: Pages of which a program writes every table.
GENERATED_PAGES = {
    "docs/errors.md": "tests/unit/test_error_names.py::test_the_page_is_what_the_code_says",
    "docs/refusals.md": "tests/unit/tenant/graph/test_refusals.py::test_the_page_is_what_the_code_says",
    "docs/seen.md": "tests/unit/test_seen.py::test_the_page_is_what_the_reports_say",
}

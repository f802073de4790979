# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make demo-verify`: devices after their join, and the real playbooks/verify.yml that says what is wrong with each.

Steps: start the lab, whose devices have both halves (their own state, and what Intune and Entra know of them), each
with one thing wrong or healthy and odd; run the playbook and print what is planted beside what was found; refuse what
decides each fault, on the devices and in the tenant, and see that "unknown" is said and why; take permissions and the
licence away altogether. Exit status 0 when all of it is so.
"""

from __future__ import annotations

import shutil
import sys
import time

from tests import planted_rounds
from tests.demo_play import OUT, RESULTS, ROOT, SPEED, check_mode_problems, digests, play, title, verdict
from tests.lab import process
from tests.planted_rounds import Found
from tests.planted_verify import ODD, PLANTED, UNKNOWN

DIRECTORY = RESULTS / "verify"
REPORT = DIRECTORY / "report.json"
#: Runs in which something is refused show what goes wrong, and no more.
SHORT = {"ANSIBLE_DISPLAY_OK_HOSTS": "false", "ANSIBLE_DISPLAY_SKIPPED_HOSTS": "false"}
SETTINGS = ("-e", "verify_tenant=true", "-e", "{verify_applications: [Office365]}")
#: Devices by which it is shown what a tenant without permissions or a licence answers.
FEW = ("no_mfa", "nothing_assigned", "policy_fails", "well")
#: Forms of a refusal (``tests.lab.graph.refusal_forms``) and what of it must be said.
LICENCES = {"no_premium": "no license of Microsoft Entra ID P1", "no_directory_read": "could not be checked"}


def main(arguments: list[str]) -> int:
    """Run it, with more arguments for the lab; returns the exit status."""
    started = time.monotonic()
    shutil.rmtree(DIRECTORY, ignore_errors=True)  # Of another lab.
    DIRECTORY.mkdir(parents=True)
    with process.running(OUT, "--scenario", "verify", "--speed", SPEED, *arguments) as lab:
        names = [device["name"] for device in lab.get("/devices")]
        before = digests(lab)
        title(f"A lab of {len(names)} joined devices is running, {len(PLANTED)} of them with one thing wrong")
        found = verify(lab)
        problems = planted_and_found(found) + check_mode_problems(lab, before)
        for number, refusals in enumerate(planted_rounds.rounds(), 1):
            some = sorted({name for name, _fault, _group in refusals})
            title(f"What decides is refused, round {number}: by {len(some)} devices, or for them in the tenant")
            planted_rounds.refuse(lab, refusals)
            told = verify(lab, f"refused-{number}", *(some if number > 1 else ()))
            problems += refused_and_said(told, refusals)
        planted_rounds.allow(lab)
        problems += without_permissions(lab) + without_licence(lab)
    shown = [path.relative_to(ROOT) for path in (REPORT, OUT / "graph.jsonl")]
    print(f"report: {shown[0]}   what went to Graph: {shown[1]}")
    return verdict(problems, started)


def verify(lab: process.RunningLab, label: str = "", *names: str, **environment: str) -> Found:
    """Run the playbook over all devices, or those with these names; what it has found, by device. ``label`` is part of
    the name of its report."""
    report = REPORT.with_stem(f"report-{label}") if label else REPORT
    options = ("-e", f"verify_report={report}", *SETTINGS, *(("--limit", ",".join(names)) if names else ()))
    surroundings = environment | (SHORT if label else {})
    run = play(lab, "playbooks/verify.yml", *options, report=report, environment=surroundings)
    if run.report is None:
        sys.exit(f"the playbook wrote no report (exit status {run.status})")
    return {device["device"]: device["findings"] for device in run.devices}


def planted_and_found(found: Found) -> list[str]:
    """The table, and what of it is not as planted."""
    title("Planted, and found")
    for name, faults in PLANTED.items():
        told = ", ".join(f"{one['id']} {one['result']} ({one['decided_by']})" for one in found.get(name, []))
        wanted = ", ".join(f"{fault.id} {fault.result}" for fault in faults)
        print(f"  {name:18} {wanted:38} {told}")
    title("Healthy, however odd")
    for name in ODD:
        told = ", ".join(f"{one['id']} {one['result']}: {one['observed']}" for one in found.get(name, []))
        print(f"  {name:18} {told or 'no finding'}")
    problems = planted_rounds.differences(found, [*PLANTED, *ODD])
    print(f"\n{len(PLANTED)} planted, {len(ODD)} odd, {len(problems)} differences")
    return problems


def refused_and_said(found: Found, refusals: list[planted_rounds.Refusal]) -> list[str]:
    """What was refused beside what is said of it, and what of that is no "unknown"."""
    title("Refused, and said")
    for name, fault, group in refusals:
        told = [one for one in found.get(name, []) if one["id"] in (fault.id, planted_rounds.answer(fault, group))]
        said = "; ".join(f"{one['id']} {one['result']}: {one['cause']}" for one in told)
        print(f"  {name:18} {' and '.join(map(planted_rounds.shown, group))[-60:]:60}  {said[:120]}")
    return planted_rounds.not_unknown(found, refusals)


def without_permissions(lab: process.RunningLab) -> list[str]:
    """The tenant answers an application that may read nothing but the objects of devices."""
    title("The application may read the objects of devices, and nothing else")
    made = lab.post("/tenant/applications", {"name": "objects only", "permissions": ["Device.Read.All"]})
    found = verify(
        lab, "no-permissions", *FEW, AZURE_CLIENT_ID=made["client_id"], AZURE_CLIENT_SECRET=made["client_secret"]
    )
    return only_unknown(found)


def without_licence(lab: process.RunningLab) -> list[str]:
    """The tenant has no P1, or whether it has could not be checked."""
    problems = []
    for form, sentence in LICENCES.items():
        title(f"The report of registered methods is refused: {form}")
        lab.post("/tenant/faults", {"kind": "refusal", "form": form, "path": "userRegistrationDetails", "times": None})
        found = verify(lab, form, *FEW)
        planted_rounds.allow(lab)
        told = [one for rows in found.values() for one in rows if one["id"] == "registration"]
        print("  " + "; ".join(sorted({f"{one['result']}: {one['observed']}" for one in told})))
        if {one["result"] for one in told} != {UNKNOWN} or not all(sentence in one["observed"] for one in told):
            problems.append(f"{form}: registration is not unknown because of it")
    return problems


def only_unknown(found: Found) -> list[str]:
    """The tenant's half of these devices must be unknown, and say why."""
    problems = []
    for name in FEW:
        told = [one for one in found.get(name, []) if one["tenant_says"]]
        if not told or {one["result"] for one in told} != {UNKNOWN}:
            said = ", ".join(f"{one['id']} {one['result']}" for one in told)
            problems.append(
                f"{name}: without permissions the tenant's half is not unknown ({said or 'nothing is said'})"
            )
        problems += [f"{name}: {one['id']} does not say why" for one in told if "because" not in one["tenant_says"]]
    for one in found.get(FEW[0], []):
        print(f"  {one['id']:18} {one['result']}: {one['observed']}")
    return problems


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

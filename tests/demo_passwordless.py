# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make demo-passwordless`: people get to sign in with security keys, by the real playbook.

Steps: start the lab, try a policy that would lock people out (it is refused, and they are named), run the playbook in
check mode (and prove that no device, nothing of the tenant and no file was touched), run it (the policy is set, the
package is built from a description in YAML, laid out on a stick and applied, users are looked at, passes are given),
compare the report with the scenario, the devices with the report and the sheet with the people, run it again (and prove
that nothing changes), let one of them register a key (and see that the report knows), have Microsoft's tool build the
package on a Windows host, from the same description (and see that the second run does not build). Exit status 0 when
all of it is so.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
import time
import typing as t

from tests.demo_play import OUT, RESULTS, ROOT, SPEED, Run, check_mode_problems, digests, play, title, verdict
from tests.lab import ppkg, process

DIRECTORY = RESULTS / "passwordless"
REPORT, CHECK_REPORT = DIRECTORY / "report.json", DIRECTORY / "report.check.json"
SHEET, PASSES, STICK = DIRECTORY / "hand-over.html", DIRECTORY / "passes.json", DIRECTORY / "stick"
DESCRIPTION, PACKAGE = DIRECTORY / "keys.yml", DIRECTORY / "keys.ppkg"
#: The host that builds a package with Microsoft's tool, and that package.
BUILDER, BUILT_THERE = "builder", DIRECTORY / "keys-of-icd.ppkg"
DESCRIBED = """# What the package does; it can be kept in git.
name: Contoso security keys
version: "1.0"
security_keys: true
"""
YUBIKEY, EPASS = "2fc0579f-8113-47ea-b116-bb5a8db9202a", "12ded745-4bed-47d4-abaa-e713f51d6393"
POLICY: dict[str, t.Any] = {
    "state": "enabled",
    "self_service": True,
    "key_restrictions": {"enforcement": "allow", "aaguids": [YUBIKEY]},
    "include": {"scope": "all"},
    "excluded_groups": ["External people"],
}
SETTINGS: dict[str, t.Any] = {
    "security_keys_hosts": f"devices:!{BUILDER}",
    "security_keys_report": str(REPORT),
    "security_keys_hand_over": str(SHEET),
    "security_keys_contact": "the service desk of Contoso, extension 4711",
    "security_keys_policy": POLICY,
    "security_keys_pass_policy": {"state": "enabled", "include": {"scope": "all"}},
    "security_keys_description_file": str(DESCRIPTION),
    "security_keys_template": str(OUT / "packages" / "template.ppkg"),
    "security_keys_package": str(PACKAGE),
    "security_keys_media": {"dest": str(STICK), "contact": "the service desk of Contoso, extension 4711"},
    "security_keys_find_primary_users": True,
    "security_keys_passes": "without_mfa",
    "security_keys_pass_file": str(PASSES),
    "security_keys_poll_interval": 1,
}
#: Who must have a page: whoever has a key to register, and can.
PEOPLE = ("bob", "cleo", "dan", "eve", "fay", "gil", "hal", "kim")
#: Who gets a pass: who is not known to have a second factor.
PASSED = ("eve", "hal")
PLACES_ON_DEVICES = (
    (r"SOFTWARE\Microsoft\Policies\PassportForWork\SecurityKey", "UseSecurityKeyForSignin"),
    (r"SOFTWARE\Policies\Microsoft\FIDO", "EnableFIDODeviceLogon"),
)
#: Fields of the tenant that a check run must leave as they are.
PLACES = ("passkey_policy", "pass_policy", "passkeys", "passes")


def main(arguments: list[str]) -> int:
    """Run it, with more arguments for the lab; returns the exit status."""
    started = time.monotonic()
    shutil.rmtree(DIRECTORY, ignore_errors=True)  # Of another lab.
    STICK.mkdir(parents=True)
    DESCRIPTION.write_text(DESCRIBED, encoding="utf-8")
    with process.running(OUT, "--scenario", "passwordless", "--speed", SPEED, *arguments) as lab:
        devices = {device["name"]: device for device in lab.get("/devices") if device["name"] != BUILDER}
        before, tenant = digests(lab), tenant_of(lab)
        title(f"A lab of {len(devices)} devices is running. A policy that takes another model would lock people out")
        problems = refused_policy(lab)

        title("First look: playbooks/passwordless.yml --check")
        passwordless(lab, "--check")
        problems += check_mode_problems(lab, before)
        now = tenant_of(lab)
        problems += [f"{name} of the tenant changed in check mode" for name in PLACES if now[name] != tenant[name]]
        problems += [f"{file.name} was written in check mode" for file in (PACKAGE, PASSES, SHEET) if file.exists()]
        problems += [f"{file.name} was laid out in check mode" for file in STICK.iterdir()]

        title("Now for real: policy, package, stick, devices, people, passes")
        first = passwordless(lab)
        problems += differences(first, devices) + untold(first) + unlike_the_lab(lab, first)
        problems += on_the_stick() + on_the_sheet() + passes(lab)

        title("Once more: a second run changes nothing")
        second = passwordless(lab)
        problems += [f"{name}: changed={count} in the second run" for name, count in second.changed.items() if count]
        problems += [] if second.changed else ["the second run did not end"]
        problems += differences(second, devices)

        title("dan has registered a key meanwhile: look at the people alone")
        lab.post("/tenant/passkeys", {"user": "dan", "aaguid": YUBIKEY, "model": "YubiKey 5"})
        third = passwordless(lab, "--tags", "users")
        problems += differences(third, {**devices, "no-key": {"expect": {"security_keys": "ready"}}})

        title("The same description, built by Microsoft's tool on a Windows host; twice")
        problems += built_there(lab)
    title("What happened")
    print_outcomes(third)
    shown = [path.relative_to(ROOT) for path in (REPORT, SHEET, STICK, OUT / "graph.jsonl")]
    print(f"report: {shown[0]}   hand-over sheet: {shown[1]}   stick: {shown[2]}   what went to Graph: {shown[3]}")
    return verdict(problems, started)


def passwordless(lab: process.RunningLab, *options: str, **settings: t.Any) -> Run:
    """Run the playbook, which always writes a report."""
    report = CHECK_REPORT if "--check" in options else REPORT
    given = json.dumps({**SETTINGS, **settings})
    run = play(lab, "playbooks/passwordless.yml", "-e", given, *options, report=report)
    if run.report is None:
        sys.exit(f"the playbook wrote no report (exit status {run.status})")
    return run


def tenant_of(lab: process.RunningLab) -> dict[str, t.Any]:
    """What the lab itself says of the tenant."""
    return lab.get("/tenant")


def refused_policy(lab: process.RunningLab) -> list[str]:
    """What is wrong with the refusal of a policy by which Ada and others could not sign in any more."""
    before = tenant_of(lab)["passkey_policy"]
    narrow = {**POLICY, "key_restrictions": {"enforcement": "allow", "aaguids": [EPASS]}}
    given = json.dumps({**SETTINGS, "security_keys_policy": narrow})
    run = play(lab, "playbooks/passwordless.yml", "-e", given, "--tags", "tenant")
    said = " ".join(run.output.split())
    problems = (
        [] if "The policy would lock out ada@contoso.example" in said else ["nobody said whom the policy locks out"]
    )
    problems += [] if run.status else ["a policy that locks people out was not refused"]
    return problems + ([] if tenant_of(lab)["passkey_policy"] == before else ["a refused policy was written"])


def built_there(lab: process.RunningLab) -> list[str]:
    """What is wrong with a package that ICD.exe has built: other settings than the controller's, or built again."""
    given = {"security_keys_method": "icd", "security_keys_build_host": BUILDER, "security_keys_template": None}
    options = {**given, "security_keys_package": str(BUILT_THERE)}
    first = passwordless(lab, "--tags", "package", **options)
    if not BUILT_THERE.exists():
        return ["no package was built on the host"]
    content = BUILT_THERE.read_bytes()
    second = passwordless(lab, "--tags", "package", **options)
    switches = [ppkg.inspect(file)["security_key"] for file in (content, PACKAGE.read_bytes())]
    found = ["the second run has built again"] if BUILT_THERE.read_bytes() != content else []
    found += [f"{name}: changed={count} in it" for name, count in second.changed.items() if count]
    found += [] if sum(first.changed.values()) == 1 else ["the first run does not say that it has built"]
    return found + ([] if switches == [True, True] else [f"what the two packages switch on: {switches}"])


def differences(run: Run, devices: dict) -> list[str]:
    """Devices that did not end as the scenario says."""
    found = []
    for device in run.devices:
        expect = devices[device["device"]]["expect"]
        for field, wanted in (("outcome", expect["security_keys"]), ("name", expect.get("security_keys_name"))):
            if wanted and device[field] != wanted:
                said = f"{field} should be {wanted}, is {device[field]}"
                found.append(f"{device['device']}: {said} ({device.get('cause') or device.get('msg')})")
    return found + [f"{name}: not in the report" for name in devices if name not in {d["device"] for d in run.devices}]


def untold(run: Run) -> list[str]:
    """Devices that are not ready, and of which the report does not say why and what to do; and people likewise."""
    bad = [device for device in run.devices if device["outcome"] in ("failed", "refused", "waiting")]
    found = [
        f"{device['device']}: the report does not say why" for device in bad if not (device["cause"] and device["fix"])
    ]
    people = [one for device in run.devices for one in device["users"] or () if one["ready"] is not True]
    return found + [f"{one['user']}: the report does not say what is missing" for one in people if not one["missing"]]


def unlike_the_lab(lab: process.RunningLab, run: Run) -> list[str]:
    """Devices that offer keys by the report, and not by the lab's own registry, or the other way round."""
    found = []
    for device in run.devices:
        registry = lab.get(f"/devices/{device['device']}")["registry"]["HKLM"]
        shown = [registry.get(path, {}).get(name) for path, name in PLACES_ON_DEVICES]
        if device["sign_in"]["enabled"] is not (1 in shown):
            found.append(f"{device['device']}: the report says {device['sign_in']}, its registry {shown}")
    return found


def on_the_stick() -> list[str]:
    """Whether exactly one package lies there, with its checksum and the checklist."""
    names = sorted(file.name for file in STICK.iterdir())
    wanted = ["CHECKLIST.html", "SHA256SUMS", PACKAGE.with_suffix(".cat").name, PACKAGE.name]
    return [] if names == sorted(wanted) else [f"on the stick lie {', '.join(names)}"]


def on_the_sheet() -> list[str]:
    """People who have to register a key and have no page, or have one and need none."""
    named = set(re.findall("<h1>(.*)@contoso.example</h1>", SHEET.read_text(encoding="utf-8")))
    return [] if named == set(PEOPLE) else [f"there are pages for {', '.join(sorted(named))}"]


def passes(lab: process.RunningLab) -> list[str]:
    """Whether those who need a pass have one, in a file for its owner, and nowhere else."""
    rows = json.loads(PASSES.read_text(encoding="utf-8"))
    named = [row["user"].split("@")[0] for row in rows]
    found = [] if sorted(named) == sorted(PASSED) else [f"there are passes for {', '.join(named)}"]
    found += [] if PASSES.stat().st_mode & 0o077 == 0 else ["the file of the passes is not private"]
    told = REPORT.read_text(encoding="utf-8") + SHEET.read_text(encoding="utf-8")
    return found + [
        f"the pass of {row['user']} is in the report" for row in rows if row["temporary_access_pass"] in told
    ]


def print_outcomes(run: Run) -> None:
    """One line a device."""
    for device in run.devices:
        people = "; ".join(f"{one['user']}: {one['says']}" for one in device["users"] or ())
        said = device["cause"] if device["outcome"] in ("failed", "refused") else people
        print(f"  {device['device']:20} {device['outcome']:9} {said[:150]}")
    print("  " + ", ".join(f"{count} {name}" for name, count in run.report["totals"].items()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

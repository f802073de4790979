# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Preflight's check of what stands in the way of the MDM enrollment that follows a join.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from ...findings import Finding
from .. import enrollment
from ..enrollment_channels import INTUNE, MMPC, OTHER
from .check import Look, Rule

ENROLL_DOC = "https://learn.microsoft.com/windows/client-management/mdm-diagnose-enrollment"
ENROLLMENTS = r"HKLM\SOFTWARE\Microsoft\Enrollments"


def enrollment_leftovers(look: Look) -> Finding:
    """An enrollment whose key says enrolled stops the next one with 0x8018000a, whatever is left of it."""
    rule = Rule("enrollment_leftovers", "no leftover of an earlier MDM enrollment", ENROLL_DOC)
    names = ("enrollments", "enrollment_tasks", "certificates")
    if any(look.read(name) is None for name in names):
        return rule.unknown(look.why_not(*names))
    found = [item for item in enrollment.enrollments(look.answer) if not enrollment.is_local(item)]
    active = [item for item in found if item["witnesses"]["state"] or item["enrolled"]]
    half = [item for item in active if not item["enrolled"] and item["channel"] == INTUNE]
    tenant_id = look.plan.tenant_id or look.facts["join"]["tenant_id"]
    own = [item for item in active if item["enrolled"] and enrollment.manages(item, tenant_id)]
    expected = rule.failed if look.plan.expect_mdm else rule.warned
    if half:
        cause = (
            f"an enrollment says that it is active, but {half[0]['why_not']}: the next enrollment fails (0x8018000a)"
        )
        return expected(_shown(half), cause, _removal(half[0]))
    if foreign := [item for item in active if enrollment.is_foreign(item, tenant_id)]:
        cause = f"the enrollment {foreign[0]['enrollment_id']} belongs to another tenant, {foreign[0]['tenant_id']}"
        more = "" if own else ": that tenant manages the device, and the next enrollment fails (0x8018000a)"
        return (rule.warned if own else expected)(_shown(foreign), cause + more, _removal(foreign[0]))
    orphans = [item for item in active if item["channel"] == MMPC and not own]
    if orphans:
        return expected(
            _shown(orphans),
            "an enrollment of the channel MMP-C is there without the enrollment in Intune that it belongs to: "
            "Windows treats the device as enrolled, and the next enrollment does nothing",
            _removal(orphans[0]),
        )
    if any(item["channel"] is None for item in active):
        return rule.unknown(look.why_not("package_enrollments"))
    if active and look.facts["join"]["type"] is None:
        return rule.unknown(look.why_not("cloud_join", "certificates", "dsregcmd", "computer", "workplace_join"))
    if active and look.facts["join"]["type"] in ("none", "registered"):
        return rule.warned(
            _shown(active),
            "the device is enrolled in MDM without being joined: the enrollment that follows a join fails (0x8018000a)",
            "unenroll it first, if the join should enroll it",
        )
    if others := [item for item in active if _is_of_another_mdm(item, look)]:
        return rule.warned(
            _shown(active),
            f"{', '.join(item['provider'] for item in others)} manages the device"
            + (" beside Intune" if any(item["channel"] == INTUNE for item in active) else "")
            + ": while its enrollment is there, Windows may make no other (0x8018000a)",
            f"leave it if it is meant to be there; otherwise {_removal(others[0])}",
        )
    stopping = enrollment.stopping_values(look.answer["enrollments"].key())
    if stopping and look.plan.expect_mdm and not own:
        return _stopped(rule, stopping, look.facts["mdm"]["co_managed"])
    return rule.passed(_shown(active))


def _is_of_another_mdm(item: dict, look: Look) -> bool:
    """Whether an enrollment is one of an MDM that is neither Intune nor the one that the device's tenant offers."""
    offered = item["enrollment_id"] == look.facts["mdm"]["enrollment_id"] and look.facts["mdm"]["offered_by_tenant"]
    return item["channel"] == OTHER and not offered


def _stopped(rule: Rule, stopping: dict[str, int], co_managed: bool | None) -> Finding:
    """Only a warning: devices with such a value are seen that enroll all the same."""
    values = ", ".join(f"{name} = {value}" for name, value in stopping.items())
    observed = values + ("; the device is co-managed by Configuration Manager" if co_managed else "")
    codes = ", ".join(enrollment.STOPPING_VALUES[name] for name in stopping)
    return rule.warned(
        observed,
        f"{values} is set on {ENROLLMENTS}, which can stop every MDM enrollment ({codes}): an earlier management, "
        "such as Defender for Endpoint's, has left it there",
        f"if nothing else manages the device, delete {' and '.join(stopping)} from {ENROLLMENTS}, then let it "
        "enroll again",
    )


def _shown(items: list[dict]) -> str:
    return ", ".join(f"{item['enrollment_id']} ({item['provider']})" for item in items) or "none"


def _removal(item: dict) -> str:
    return f"remove the enrollment {item['enrollment_id']} of {item['provider']} (winops.entra.mdm, state absent)"

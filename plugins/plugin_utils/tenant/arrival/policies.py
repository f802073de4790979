# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the configuration policies of a device are applied: device configurations by their states, and the settings
catalog, baselines and endpoint security by Intune's report.

The report has the device configurations, too, without a code for what has failed: a policy that both name is judged by
its state. "Remediation failed" alone is not "not applied".

Source: Microsoft Intune, "Monitor device configuration policies".

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from ..graph.failures import RequestFailure
from ..posture.configuration import may_be_in_force
from ..posture.policy_report import STATUS_NUMBERS
from ..posture.policy_states import failed_settings
from ..posture.settings_catalog import CONFIGURATION
from ..posture.state_rows import EMPTY_STATES, MET_STATES, setting_of, some_of
from . import intune
from .facts import Facts, not_readable
from .reasons import (
    CONFIG_MANAGER,
    IS_APPLIED,
    NO_POLICIES,
    NOBODY_SIGNED_IN,
    NOT_APPLIED,
    ON_THEIR_WAY,
    POLICY_CONFLICT,
    POLICY_ERROR,
    Verdict,
)

_CONFLICT, _ERROR, _NOT_MET, _ON_ITS_WAY, _ODD = "conflict", "error", "nonCompliant", "unknown", "in force perhaps"
_AGENT_WITHOUT_INTUNE = "configurationmanagerclient"


@dataclasses.dataclass(frozen=True)
class _Policy:
    name: str
    state: str
    user: str | None = None
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.name} ({self.detail})" if self.detail else self.name


def judge(facts: Facts) -> Verdict:
    """The expectation ``policies``."""
    return intune.away(facts) or _judged(facts)


def _judged(facts: Facts) -> Verdict:
    record = facts.record or {}
    if record["management_agent"] == _AGENT_WITHOUT_INTUNE:
        return Verdict(False, CONFIG_MANAGER, "Configuration Manager alone manages the device", 1)
    if isinstance(facts.states, RequestFailure) and isinstance(facts.report, RequestFailure):
        return not_readable("its configuration policies", facts.states)
    found = _policies(facts)
    verdict = _verdict(facts, found)
    verdict.more["open"] = [one.name for one in found if one.state not in (*MET_STATES, _ODD)]
    verdict.more["settings_catalog"] = not isinstance(facts.report, RequestFailure)
    for what, came in (("device configurations", facts.states), ("the settings catalog", facts.report)):
        if isinstance(came, RequestFailure):
            return dataclasses.replace(verdict, seen=f"{verdict.seen}; {not_readable(what, came).seen}")
    return verdict


def _policies(facts: Facts) -> list[_Policy]:
    """Every policy that applies to the device, one entry a judgement."""
    found = []
    states = [] if facts.states is None or isinstance(facts.states, RequestFailure) else facts.states
    for one in states:
        state, detail = one.state, ""
        if state in (_ERROR, _NOT_MET):
            detail = ", ".join(
                f"{setting_of(row)} {row.get('errorCode') or ''}".rstrip() for row in failed_settings(one)
            )
            state = _ODD if may_be_in_force(one) else state
        found.append(_Policy(one.name, state, one.user, detail))
    named = {one.name.casefold() for one in found}
    rows = [] if facts.report is None or isinstance(facts.report, RequestFailure) else facts.report
    for row in rows:
        name = row["policy"] or "a policy without a name"
        if name.casefold() not in named or row["type"] not in (None, "", CONFIGURATION):
            found.append(_Policy(name, STATUS_NUMBERS.get(row["number"], _ON_ITS_WAY), row["user"]))
    return [one for one in found if one.state not in EMPTY_STATES]


def _names(found: Iterable[_Policy]) -> str:
    return some_of(list(dict.fromkeys(map(str, found))), ", ")


def _verdict(facts: Facts, found: list[_Policy]) -> Verdict:
    by: dict[str, list[_Policy]] = {}
    for one in found:
        by.setdefault(one.state, []).append(one)
    if _CONFLICT in by:
        return Verdict(False, POLICY_CONFLICT, f"in conflict: {_names(by[_CONFLICT])}", 1)
    if _ERROR in by:
        return Verdict(False, POLICY_ERROR, f"in error: {_names(by[_ERROR])}", 1)
    if _NOT_MET in by:
        return Verdict(False, NOT_APPLIED, f"not applied: {_names(by[_NOT_MET])}")
    waiting = [one for state, those in by.items() if state not in (*MET_STATES, _ODD) for one in those]
    if waiting:
        seen = f"not applied yet: {_names(waiting)}"
        if facts.known.signed_in is False and all(one.user for one in waiting):
            return Verdict(False, NOBODY_SIGNED_IN, f"{seen}, for users of whom none has signed in", 1)
        return Verdict(False, ON_THEIR_WAY, seen)
    if not found:
        return facts.nothing_came("Intune names no configuration policy for the device", NO_POLICIES)
    count = len({one.name for one in found})
    seen = "its one policy is applied" if count == 1 else f"its {count} policies are applied"
    if _ODD in by:
        seen += f'; with "remediation failed", and perhaps in force: {_names(by[_ODD])}'
    if facts.known.signed_in is False:
        seen += "; nobody has signed in yet, and policies that are assigned to users come with the first one"
    # A record may not name all policies yet. By the tenant's clock: the controller's may be another.
    return Verdict(True, IS_APPLIED, seen, 1 if facts.is_settled else 2)

# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The diagnosis of one device as a whole: events, provisioning results, dsregcmd, state; from one exchange or a bundle.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import datetime

from ...findings import FAIL, WARN, Finding
from .. import enrollment, state
from ..answers import Answer
from ..codes.find import spell_hresults
from ..codes.hresult import hresult_hex
from ..dsregcmd_rows import JOIN_ERROR_ROWS, JOIN_TEST_ROWS
from ..join_facts import Status, is_joined, status_of
from ..package_facts import ENGINE_RESULTS, PENDING
from ..preflight import endpoints, network, windows
from ..preflight.check import Look, PreflightPlan, outcome
from ..reading import ABSENT, Key, known
from . import clues, logs, package_refusals, ranking, sign_in_code
from .clues import HARMLESS, Clue, Diagnosis
from .event_clues import event_clues
from .foreign_packages import results_of_others
from .state_clues import state_clues

TOPICS = ("join", "mdm", "sign_in")
EVENT_LIMIT = 50

# Checks of the device's state that can be why something failed: (what fails, how much it tells, the codes it leads to).
CAUSES = {
    "edition": ("join", 95, ("0x80070032",)),
    "server": ("join", 95, ("0x80070032",)),
    "build": ("join", 95, ("0x80070032",)),
    "join_state": ("join", 85, ("0x80070a83",)),
    "package_policy": ("join", 85, package_refusals.FORBIDDEN),
    "disk": ("join", 85, ("0x80070070",)),
    "clock": ("join", 85, ("0x80072f8f", "0xcaa82f8f", "0x80090328", "0x80090325", "AADSTS700024", "AADSTS50168")),
    "pending_reboot": ("join", 20, ("0x801c000f",)),
    "tpm": ("join", 15, ("0x80280036",)),
    "enrollment_leftovers": ("mdm", 85, ("0x8018000a",)),
    "azure_identity": ("join", 85, ("0x801c0042",)),
    "tls": ("join", 85, ("0x80072f7d", "0xcaa82f7d")),
}

# What dsregcmd prints of a failed sign-in of the calling account.
SIGN_IN_ROWS = (
    "Attempt Status",
    "Server Error Code",
    "Server Error Description",
    "HTTP Error",
    "HTTP status",
    "Correlation ID",
)


@dataclasses.dataclass(frozen=True)
class DiagnosisScope:
    """What is asked: ``topics`` of TOPICS, evidence since a time on the device's clock, or of the last ``hours``."""

    topics: tuple[str, ...] = TOPICS
    since: str | None = None
    hours: float | None = None
    tenant_id: str | None = None
    method: str = "provisioning_package"


def observations(scope: DiagnosisScope) -> dict[str, dict]:
    """Everything that a diagnosis reads, all of it observing; one exchange.

    With ``hours`` the device is asked for all its events, since nobody knows its clock before.
    """
    names = tuple(name for name, topic in logs.LOG_TOPICS.items() if topic in scope.topics)
    probe = {"probe": endpoints.ask_azure_identity()} if scope.method == "azure_vm" and "join" in scope.topics else {}
    return (
        state.observations()
        | windows.OBSERVATIONS
        | {"tls": network.OBSERVATIONS["tls"]}
        | probe
        | logs.every_failure(scope.since, names, EVENT_LIMIT)
    )


def counts_from(answer: Answer, scope: DiagnosisScope) -> str | None:
    """The time (device's clock, UTC text) before which evidence does not count."""
    if scope.since or scope.hours is None:
        return scope.since
    return state.utc_text(state.parse_utc(answer.device["utc"]) - datetime.timedelta(hours=scope.hours))


def diagnose(answer: Answer, scope: DiagnosisScope, more: list[Clue] | None = None) -> tuple[list[Diagnosis], dict]:
    """Findings by weight and the facts they were judged against. ``more`` are clues of others, such as the tenant's
    view."""
    status = status_of(answer)
    facts = state.build(answer, status=status)
    found = device_clues(answer, facts, scope, status) + list(more or [])
    findings = ranking.rank([item for item in found if item.what in (*scope.topics, "device")])
    return sign_in_code.say_what_is_missing(findings, answer), facts


def device_clues(answer: Answer, facts: dict, scope: DiagnosisScope, status: Status) -> list[Clue]:
    """Every clue that the device itself gives."""
    start = counts_from(answer, scope)
    events = [item for item in event_clues(answer) if start is None or item.utc >= start]
    found = events + result_clues(answer) + dsregcmd_clues(status)
    over = {"join": is_joined(facts["join"]), "mdm": facts["mdm"]["enrolled"]}
    found = [dataclasses.replace(item, over=over.get(item.what, False)) for item in found]
    return found + check_clues(answer, facts, scope) + state_clues(answer, facts, status)


# --- registry, dsregcmd -----------------------------------------------------------------------------------------------


def result_clues(answer: Answer) -> list[Clue]:
    """What the provisioning engine recorded of packages that failed: Provisioning\\Results, three levels below the
    package; not of packages that are on every PC."""
    root = answer["package_results"].key(refused=ABSENT)
    others = results_of_others(answer)
    return [
        item
        for package, key in root.children()
        if package not in others
        for item in _results(key, rf"{ENGINE_RESULTS}\{package}")
    ]


def _results(key: Key, path: str) -> list[Clue]:
    if key.refused:
        return []
    found = []
    result = known(lambda: key.number("LastResult"))
    if result and result & 0xFFFFFFFF:
        texts = [str(key.values.get(name) or "") for name in ("FailingNodePath", "Message")]
        data = [hresult_hex(result & 0xFFFFFFFF), *(spell_hresults(text) for text in texts if text)]
        evidence = {"log": rf"HKLM\{path}", "data": data}
        waits = result & 0xFFFFFFFF == PENDING
        found.append(_pending(evidence) if waits else clues.clue("join", evidence))
    for name, child in key.children():
        found += _results(child, rf"{path}\{name}")
    return found


def _pending(evidence: dict) -> Clue:
    """A setting that waits for something has not failed."""
    explanation = {
        "name": "package_pending",
        "side": "device",
        "cause": "the provisioning engine has not applied a setting of the package yet: it waits for something, "
        "such as a restart (0x02ab0003), and continues by itself",
        "fix": "restart the device, or wait for the engine's next attempt",
    }
    return clues.clue("join", evidence, explanation=explanation, weight=HARMLESS)


def dsregcmd_clues(status: Status) -> list[Clue]:
    """The diagnostic part of dsregcmd /status; what it says of a sign-in is the calling account's."""
    found = []
    for title, what, names in (
        ("Diagnostic Data", "join", JOIN_ERROR_ROWS + JOIN_TEST_ROWS),
        ("SSO State", "sign_in", SIGN_IN_ROWS),
        ("User State", "sign_in", SIGN_IN_ROWS),
    ):
        rows = {name: _text(value) for name, value in status.sections.get(title, {}).items() if name in names}
        failed = {
            name: value
            for name, value in rows.items()
            if name not in JOIN_TEST_ROWS or value.upper().startswith("FAIL")
        }
        data = [f"{name}: {value}" for name, value in failed.items() if value]
        made = clues.clue(what, {"log": f"dsregcmd /status, {title}", "data": data})
        if made.codes and any("0x" in line or "AADSTS" in line for line in data):
            found.append(made)
    return found


def _text(value) -> str:
    return " ".join(value) if isinstance(value, list) else value


# --- state ------------------------------------------------------------------------------------------------------------


def check_clues(answer: Answer, facts: dict, scope: DiagnosisScope) -> list[Clue]:
    """Preflight's own checks, as far as they read what a diagnosis reads: what fails there may be why."""
    plan = PreflightPlan(
        tenant_id=scope.tenant_id or facts["join"]["tenant_id"],
        method=_method(scope, facts),
        expect_mdm=True,
        check_mode=True,
    )  # A diagnosis starts no task: what it asks, the connecting account asks.
    look = Look(answer, facts, plan)
    found = []
    for name, (what, its_weight, codes) in CAUSES.items():
        check = outcome(name, (windows.WINDOWS_CHECKS | network.NETWORK_CHECKS)[name], look)
        if check.result in (FAIL, WARN) and not _is_beside_the_point(check, facts):
            over = what == "join" and name != "join_state" and is_joined(facts["join"])
            its_weight = its_weight if check.result == FAIL else min(its_weight, HARMLESS)
            found.append(
                Clue(
                    what,
                    _check_evidence(check),
                    (),
                    _explanation(check),
                    its_weight,
                    _codes_of(check) or codes,
                    over,
                    # Elsewhere its code tells of a missing right.
                    logs.PROVISIONING_LOG if name == "package_policy" else None,
                )
            )
    return found


def _codes_of(check: Finding) -> tuple[str, ...]:
    """The codes in which an enrollment ends because of the values that the check names; none where it names none."""
    stopping = enrollment.STOPPING_VALUES if check.id == "enrollment_leftovers" else {}
    return tuple(code for value, code in stopping.items() if value in check.observed)


def _method(scope: DiagnosisScope, facts: dict) -> str:
    return "azure_vm" if facts["os"]["server"] and facts["os"]["azure_vm"] else scope.method


def _is_beside_the_point(check: Finding, facts: dict) -> bool:
    """A joined device needs no package, and what has joined needs no TPM to have been better."""
    return check.result == WARN and check.id in ("tpm", "pending_reboot") and is_joined(facts["join"])


def _explanation(check: Finding) -> dict:
    fields = ("side", "observed", "expected", "cause", "fix", "doc")
    return {"name": check.id} | {field: getattr(check, field) for field in fields}


def _check_evidence(check: Finding) -> dict:
    return {
        "log": f"check {check.id}",
        "event": None,
        "device_utc": None,
        "data": [f"observed: {check.observed}", f"expected: {check.expected}"],
        "hresult_hex": None,
        "hresult_signed": None,
        "aadsts": None,
        "request_id": None,
    }

# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings about a deployment, and the work of the module deployment_status.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from ...findings import FAIL, PASS, UNKNOWN, WARN, Finding, require_known, summary, verdict
from ...task import Task
from ..codes.explain import explain
from ..reading import FULL_TOKEN
from . import tracking
from .overview import INCOMPLETE, NOT_RUN, OBSERVATIONS, RUNNING, Deployment, deployment, is_of, waiting_providers
from .phases import CANCELLED, FAILED, NOT_STARTED, NOT_WRITTEN, PHASES, RESTART_REQUIRED, SKIPPED, SUCCEEDED, Phase

DOC = "https://learn.microsoft.com/troubleshoot/mem/intune/device-enrollment/understand-troubleshoot-esp"
IDS = ("deployment", *PHASES, "apps", "policies", "providers")
_SIDECAR = "sidecar"
_SHOWN = 5


def status(task: Task) -> dict:
    """The work of the module: ``deployment``, ``findings``, ``summary``. It looks only: the same in check mode."""
    require_known(task.args["fail_on"], IDS)
    found = deployment(task.session.run(OBSERVATIONS))
    findings = judge(found)
    task.learned.update(deployment=found, findings=[one.as_dict() for one in findings], summary=summary(findings))
    failure = verdict(findings, task.args["fail_on"], "the deployment is not as it should be", "deployment_status")
    if failure:
        raise failure
    return {}


def judge(found: Deployment) -> list[Finding]:
    """One finding for each of IDS, in that order."""
    phases = found["phases"] or [{"phase": phase, "state": None, "code": None, "steps": []} for phase in PHASES]
    return [
        _whole(found),
        *(_phase(phase, found) for phase in phases),
        _apps(found),
        _policies(found),
        _providers(found),
    ]


def _finding(
    name: str, result: str, observed: str, cause: str | None = None, fix: str | None = None, doc: str | None = DOC
) -> Finding:
    return Finding(name, result, observed, "device", cause=cause, fix=fix, doc=None if result == PASS else doc)


def _unknown(name: str, found: Deployment) -> Finding:
    why = found["refused"][0] if found["refused"] else "the device says it in a form that is not known"
    return _finding(name, UNKNOWN, "unknown", why, FULL_TOKEN)


def _whole(found: Deployment) -> Finding:
    state = found["state"]
    if state is None:
        return _unknown("deployment", found)
    if state == NOT_RUN:
        more = "; the settings of one are there" if found["first_sync"] else ""
        return _finding("deployment", PASS, f"no Enrollment Status Page has run{more}")
    where = f", {found['phase']}" if found["phase"] else ""
    if state == SUCCEEDED:
        return _finding("deployment", PASS, "succeeded")
    if state == RUNNING:
        waits = f"it waits for {_some(found['waits_for'])}" if found["waits_for"] else "it goes on"
        return _finding("deployment", WARN, f"running{where}", f"the deployment has not ended: {waits}", "wait for it")
    if state == INCOMPLETE:
        cause = "somebody went on past an error, so that not everything was installed in the deployment"
        return _finding("deployment", WARN, f"incomplete{where}", cause, "look at the findings about apps and policies")
    fix = "mend what the other findings name, then try again on the page, or reset the device"
    return _finding("deployment", FAIL, f"failed{where}", "the deployment has ended with an error", fix)


def _phase(phase: Phase, found: Deployment) -> Finding:
    name, state = phase["phase"], phase["state"]
    if state is None:
        return _unknown(name, found)
    if state in (FAILED, CANCELLED):
        steps = [step["step"] for step in phase["steps"] if step["state"] == FAILED]
        shown = ", ".join(steps) or "no step"
        observed = f"{state}, {shown}" + (f", {phase['code']}" if phase["code"] else "")
        told = explain(phase["code"]) if phase["code"] else None
        cause = told["cause"] if told else f"the phase is {state}, and the page shows no code"
        fix = told["fix"] if told else "look at the findings about apps and policies, and at the page"
        return _finding(name, FAIL, observed, cause, fix, (told or {}).get("doc") or DOC)
    if state == RESTART_REQUIRED:
        return _finding(name, WARN, state, "the phase goes on after a restart", "restart the device")
    if state in (NOT_STARTED, NOT_WRITTEN, SKIPPED, SUCCEEDED):
        return _finding(name, PASS, state)
    return _finding(name, WARN, state, "the phase has not ended", "wait for it")


def _apps(found: Deployment) -> Finding:
    if found["apps"] is None:
        return _unknown("apps", found)
    bad = [item for item in found["apps"] if item["state"] == tracking.ERROR]
    unsaid = [item for item in found["apps"] if item["state"] is None]
    restart = [item for item in found["apps"] if item["restart_required"]]
    if bad:
        cause = "an app could not be installed, and the page stops at the first one"
        fix = "look up the app in Intune by its id, and in the log of the Intune Management Extension on the device"
        return _finding("apps", FAIL, _named(bad), cause, fix)
    if unsaid:
        return _finding("apps", UNKNOWN, _named(unsaid), "the state of an app is not known", "look at the page")
    waiting = [item for item in found["apps"] if _is_waited_for(item, found)]
    if waiting and found["state"] == RUNNING:
        cause = "the page waits for an app"
        fix = "wait; if it stays, look up the app in Intune by its id, and what it does without a user"
        return _finding("apps", WARN, _named(waiting), cause, fix)
    if waiting and found["state"] in (INCOMPLETE, FAILED):
        cause = "the page gave up while it waited for an app"
        fix = "look up the app in Intune by its id, and what it does without a user"
        return _finding("apps", WARN, _named(waiting), cause, fix)
    if restart:
        return _finding("apps", WARN, _named(restart), "an app wants a restart", "restart the device")
    return _finding("apps", PASS, f"{len(found['apps'])} apps are tracked")


def _is_waited_for(item: dict, found: Deployment) -> bool:
    waits = item["state"] in (tracking.NOT_INSTALLED, tracking.INSTALLING)
    return waits and is_of(item["scope"], found["phase"])


def _policies(found: Deployment) -> Finding:
    if found["policies"] is None:
        return _unknown("policies", found)
    failed = [item for item in found["policies"] if tracking.is_failed(item)]
    if failed:
        cause, fix = "a package could not be downloaded or installed", "look up its product code in Intune"
        return _finding("policies", FAIL, _uris(failed), cause, fix)
    late = [item for item in found["policies"] if item["done"] is False]
    if late and found["state"] in (RUNNING, INCOMPLETE, FAILED):
        cause, fix = "a policy that the page waits for is not in force", "look up the policy in Intune"
        return _finding("policies", WARN, _uris(late), cause, fix)
    return _finding("policies", PASS, f"{len(found['policies'])} policies are tracked")


def _providers(found: Deployment) -> Finding:
    if found["providers"] is None:
        return _unknown("providers", found)
    broken = [item for item in found["providers"] if item["state"] == tracking.ERROR]
    shown = ", ".join(f"{item['name']} ({item['scope']}, {item['stage']})" for item in found["providers"]) or "none"
    if broken:
        cause = f"the provider {broken[0]['name']} could not be installed, so nobody installs the apps of the page"
        return _finding("providers", FAIL, shown, cause, "look at the log of the Intune Management Extension")
    waiting = waiting_providers(found) if found["state"] == RUNNING else []
    others = [item for item in waiting if item["stage"] == tracking.STAGE_APPS]
    names = {item["name"].lower() for item in found["providers"] if item["stage"] == tracking.STAGE_APPS}
    if others and _SIDECAR not in names:
        cause = (
            f"only {others[0]['name']} has announced itself, which does not say which apps there are, and not the "
            "Intune Management Extension (Sidecar): the page waits for ever"
        )
        fix = (
            "do not make the client of Configuration Manager a blocking app of the page, and do not pre-provision with "
            "co-management; reset the device"
        )
        return _finding("providers", FAIL, shown, cause, fix)
    if waiting:
        return _finding("providers", WARN, shown, "the page waits for a provider of apps", "wait for it")
    return _finding("providers", PASS, shown)


def _named(items: list[dict]) -> str:
    return _some([f"{item['id']} ({item['scope']}) is {item['state'] or 'unknown'}" for item in items])


def _uris(items: list[dict]) -> str:
    return _some([f"{item['uri']} ({item['scope']})" for item in items])


def _some(texts: list[str]) -> str:
    more = f" and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else ""
    return ", ".join(texts[:_SHOWN]) + more

# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a device is fit for a join: one exchange, a list of checks, a verdict.

Each check is a pure function of what the device answered. The rules that winops.entra.join refuses by are those of
requirements.py here as there.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ...options import bad_option
from ...result import Failure
from .. import state
from ..answers import Answer
from ..session import DeviceSession
from . import endpoints, network, windows, winrm
from .check import FAIL, PASS, UNKNOWN, WARN, Check, Look, Plan, outcome

CHECKS: dict[str, Callable[[Look], Check]] = {**windows.CHECKS, **network.CHECKS, **winrm.CHECKS}
GROUP = "endpoints"
IDS = (*windows.CHECKS, *endpoints.ENDPOINTS, *network.CHECKS, *winrm.CHECKS)
# Not plainly "failed": that is Ansible's own word for the task.
LISTS = {PASS: "passed_checks", WARN: "warned_checks", FAIL: "failed_checks", UNKNOWN: "unknown_checks"}
NETWORK_CHECKS = frozenset(network.CHECKS)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")


def known_ids(plan: Plan) -> tuple[str, ...]:
    """Every id that this task may name: the checks, those of its extra endpoints."""
    return IDS + tuple(endpoints.PREFIX + name for name, _url in plan.extra_endpoints)


def refuse_bad_options(plan: Plan, fail_on: list[str]) -> None:
    """Raise Failure, naming the option and what would be right, before the device is asked anything."""
    names = [name for name, _url in plan.extra_endpoints]
    for name, url in plan.extra_endpoints:
        if not _NAME.fullmatch(name):
            raise bad_option(
                "extra_endpoints", f"{name!r} is no name", "use lower-case letters, digits and underscores"
            )
        if endpoints.PREFIX + name in IDS or names.count(name) > 1:
            raise bad_option("extra_endpoints", f"the name {name!r} is taken", "give each endpoint a name of its own")
        if not re.fullmatch(r"https://[^/\s@]+(/\S*)?", url):
            raise bad_option(
                "extra_endpoints", f"{url!r} is no https URL without a password in it", "give https://host/path"
            )
    known = (*known_ids(plan), GROUP)
    for option, asked, more in (("skip", plan.skip, ()), ("fail_on", fail_on, ("all",))):
        for name in sorted(set(asked) - {*known, *more}):
            raise bad_option(option, f"there is no check {name!r}", f"use {', '.join((*known, *more))}")


def observations(plan: Plan) -> dict[str, dict]:
    """All that the checks look at, for one exchange."""
    return (
        state.observations()
        | windows.OBSERVATIONS
        | winrm.OBSERVATIONS
        | network.OBSERVATIONS
        | endpoints.observations(plan)
    )


def evaluate(answer: Answer, plan: Plan) -> list[Check]:
    """The checks of an answer to observations(plan), those that are skipped left out, in the order of known_ids()."""
    look = Look(answer, state.build(answer), plan)
    checks = CHECKS | endpoints.endpoint_checks(plan)
    return [outcome(name, checks[name], look) for name in known_ids(plan) if name in checks and name not in plan.skip]


def summary(checks: list[Check]) -> dict:
    """``{checks, passed_checks, warned_checks, failed_checks, unknown_checks}`` as the module returns them."""
    lists = {name: [check.id for check in checks if check.result == result] for result, name in LISTS.items()}
    return {"checks": [check.as_dict() for check in checks]} | lists


def verdict(checks: list[Check], fail_on: list[str]) -> Failure | None:
    """The failure of a task whose ``fail_on`` names a check that fails; None where the device is fit."""
    chosen = [
        check
        for check in checks
        if check.result == FAIL
        and ("all" in fail_on or check.id in fail_on or (GROUP in fail_on and check.id.startswith(endpoints.PREFIX)))
    ]
    if not chosen:
        return None
    first = chosen[0]
    network = first.id in NETWORK_CHECKS or first.id.startswith(endpoints.PREFIX)
    said = "; ".join(f"{check.id}: {check.cause}" for check in chosen)
    return Failure(
        f"the device is not fit for a join, {len(chosen)} of {len(checks)} checks failed: {said}",
        side="network" if network else "device",
        name=f"preflight_{first.id}",
        cause=first.cause,
        fix=first.fix,
        doc=first.doc,
        evidence=[{"check": check.id, "observed": check.observed, "expected": check.expected} for check in chosen],
    )


def run(session: DeviceSession, plan: Plan) -> tuple[Answer, list[Check]]:
    """Ask the device once and evaluate. Raises as DeviceSession.run() does."""
    answer = session.run(observations(plan))
    return answer, evaluate(answer, plan)

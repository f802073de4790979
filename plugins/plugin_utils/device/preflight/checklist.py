# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a device is fit for a join: one exchange, a list of checks, a verdict.

Each check is a pure function of what the device answered. The rules that winops.entra.join refuses by are those of
requirements.py here as there.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable

from ...findings import Finding, require_known
from ...findings import verdict as judged
from ...options import bad_option
from ...result import Failure
from .. import state
from ..answers import Answer
from ..session import DeviceSession
from . import client_certificate, endpoints, network, targets, windows, winrm
from .check import Look, PreflightPlan, outcome

CHECKS: dict[str, Callable[[Look], Finding]] = {
    **windows.WINDOWS_CHECKS,
    **network.NETWORK_CHECKS,
    **winrm.WINRM_CHECKS,
    **client_certificate.CLIENT_CERTIFICATE_CHECKS,
}
ENDPOINT_GROUP = "endpoints"
CHECK_IDS = (
    *windows.WINDOWS_CHECKS,
    *targets.ENDPOINT_CHECKS,
    *network.NETWORK_CHECKS,
    *winrm.WINRM_CHECKS,
    *client_certificate.CLIENT_CERTIFICATE_CHECKS,
)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")


def known_ids(plan: PreflightPlan) -> tuple[str, ...]:
    """Every id that this task may name: the checks, those that are made on demand, those of its extra endpoints."""
    return CHECK_IDS + targets.SIGN_IN_CHECKS + tuple(targets.PREFIX + name for name, _url in plan.extra_endpoints)


def refuse_bad_options(plan: PreflightPlan, fail_on: list[str]) -> None:
    """Raise Failure, naming the option and what would be right, before the device is asked anything."""
    names = [name for name, _url in plan.extra_endpoints]
    for name, url in plan.extra_endpoints:
        if not _NAME.fullmatch(name):
            raise bad_option(
                "extra_endpoints", f"{name!r} is not a name", "use lower-case letters, digits and underscores"
            )
        if targets.PREFIX + name in CHECK_IDS + targets.SIGN_IN_CHECKS or names.count(name) > 1:
            raise bad_option("extra_endpoints", f"the name {name!r} is taken", "give each endpoint its own name")
        if not re.fullmatch(r"https://[^/\s@]+(/\S*)?", url):
            raise bad_option(
                "extra_endpoints", f"{url!r} is not an https URL without a password", "give https://host/path"
            )
    known = (*known_ids(plan), ENDPOINT_GROUP)
    for name in sorted(plan.skip - set(known)):
        raise bad_option("skip", f"there is no check {name!r}", f"use {', '.join(known)}")
    require_known(fail_on, known)


def observations(plan: PreflightPlan) -> dict[str, dict]:
    """All that the checks look at, for one exchange."""
    return (
        state.observations()
        | windows.OBSERVATIONS
        | winrm.OBSERVATIONS
        | client_certificate.OBSERVATIONS
        | network.OBSERVATIONS
        | endpoints.observations(plan)
    )


def evaluate(answer: Answer, plan: PreflightPlan) -> list[Finding]:
    """The checks of an answer to observations(plan), those that are skipped left out, in the order of known_ids()."""
    look = Look(answer, state.build(answer), plan)
    checks = CHECKS | endpoints.endpoint_checks(plan)
    made = [outcome(name, checks[name], look) for name in known_ids(plan) if name in checks and name not in plan.skip]
    return [dataclasses.replace(one, side="network") if _is_of_the_network(one.id) else one for one in made]


def unfit(checks: list[Finding], fail_on: list[str]) -> Failure | None:
    """The failure of a task whose ``fail_on`` names a result or a check that was found; None where it is fit."""
    wanted = set(fail_on)
    if ENDPOINT_GROUP in wanted:
        wanted |= {check.id for check in checks if check.id.startswith(targets.PREFIX)}
    return judged(checks, wanted, "the device is not fit for a join", "preflight")


def _is_of_the_network(name: str) -> bool:
    return name in network.NETWORK_CHECKS or name.startswith(targets.PREFIX)


def run(session: DeviceSession, plan: PreflightPlan) -> tuple[Answer, list[Finding]]:
    """Ask the device once and evaluate. Raises as DeviceSession.run() does."""
    answer = session.run(observations(plan))
    return answer, evaluate(answer, plan)

# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of the module preflight: options in, one exchange, the checks out.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import importlib.metadata

from ...findings import summary
from ...task import Task
from . import checklist
from .check import PreflightPlan


def look(task: Task) -> dict:
    """The findings. Failure where there is one that ``fail_on`` names. It looks only: the same in check mode."""
    args = task.args
    plan = PreflightPlan(
        tenant_id=args["tenant_id"],
        method=args["method"],
        cloud=args["cloud"],
        expect_mdm=args["expect_mdm"],
        user_sign_in=args["user_sign_in"],
        extra_endpoints=tuple((extra["name"], extra["url"]) for extra in args["extra_endpoints"]),
        skip=frozenset(args["skip"]),
        timeout=args["timeout"],
        scheme=winrm_scheme(task.session.connection),
        urllib3=winrm_library(task.session.connection),
        check_mode=task.check_mode,
    )
    checklist.refuse_bad_options(plan, args["fail_on"])
    _answer, checks = checklist.run(task.session, plan)
    task.learned = {"findings": [check.as_dict() for check in checks], "summary": summary(checks)}
    failure = checklist.unfit(checks, args["fail_on"])
    if failure:
        raise failure
    return {}


SCHEME_OPTIONS = {"winrm": "scheme", "psrp": "protocol"}


def winrm_library(connection) -> str | None:
    """The version of urllib3 on the controller, where the connection is WinRM: pywinrm and pypsrp stand on it."""
    if getattr(connection, "transport", None) not in SCHEME_OPTIONS:
        return None
    try:
        return importlib.metadata.version("urllib3")
    except importlib.metadata.PackageNotFoundError:
        return None


def winrm_scheme(connection) -> str | None:
    """http or https, where the connection is WinRM: what its plugin was told, else what its port says."""
    option = SCHEME_OPTIONS.get(str(getattr(connection, "transport", None)))
    if option is None:
        return None
    try:
        return connection.get_option(option) or ("http" if str(connection.get_option("port")) == "5985" else "https")
    except KeyError:
        return None

# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trials of what changes a device: in a directory of the acceptance run's own, and taken back.

What must be refused is asked for with paths and addresses at which nothing could be harmed if it were not.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import uuid

from .. import jobs
from .. import operations as op
from .system import ACCEPTANCE_DIRECTORY
from .trial import NotPossible, Trial

OUTSIDE = r"%SystemRoot%\Temp\winops.entra-acceptance"
DOWNLOAD = ACCEPTANCE_DIRECTORY + r"\download.bin"
DOWNLOAD_SECONDS = 20
NO_HASH = "0" * 64
#: Nobody has a package of this id.
PACKAGE = str(uuid.uuid5(jobs.JOB_NAMESPACE, "acceptance:no such package"))
REFUSED = "UnauthorizedAccessException"


def directory_create(trial: Trial) -> None:
    found = trial.values(
        first=op.directory_create(ACCEPTANCE_DIRECTORY),
        second=op.directory_create(ACCEPTANCE_DIRECTORY),
        look=op.path_info(ACCEPTANCE_DIRECTORY),
    )
    trial.check("the directory is new", found["first"]["created"])
    trial.check("it is not created twice", not found["second"]["created"])
    trial.check("it is there", found["look"]["directory"])
    answer = trial.results(outside=op.directory_create(OUTSIDE), look=op.path_info(OUTSIDE))
    trial.refused("a directory elsewhere is refused", answer["outside"], REFUSED)
    trial.check("and is not there", answer["look"].get("exists") is False)
    trial.tell(created=found["first"]["created"], there=found["look"]["directory"])


def download(trial: Trial) -> None:
    answer = trial.results(
        closed=op.download("https://127.0.0.1:9/nothing", DOWNLOAD, NO_HASH, DOWNLOAD_SECONDS),
        plain=op.download("http://127.0.0.1:9/nothing", DOWNLOAD, NO_HASH, DOWNLOAD_SECONDS),
        outside=op.download("https://127.0.0.1:9/nothing", OUTSIDE, NO_HASH, DOWNLOAD_SECONDS),
    )
    trial.refused("an address where no server answers is an error", answer["closed"])
    trial.refused("an address without https is refused", answer["plain"], "ArgumentException")
    trial.refused("a file elsewhere is refused", answer["outside"], REFUSED)
    found = trial.values(whole=op.path_info(DOWNLOAD), part=op.path_info(DOWNLOAD + ".part"))
    trial.check("no file is left of it", not found["whole"]["exists"] and not found["part"]["exists"])
    trial.tell(refused=sum(not answer[name].ok for name in ("closed", "plain", "outside")))


def path_remove(trial: Trial) -> None:
    found = trial.values(
        make=op.directory_create(ACCEPTANCE_DIRECTORY + r"\deep"),
        first=op.path_remove(ACCEPTANCE_DIRECTORY),
        second=op.path_remove(ACCEPTANCE_DIRECTORY),
        look=op.path_info(ACCEPTANCE_DIRECTORY),
    )
    trial.check("the directory is removed with its contents", found["first"]["removed"])
    trial.check("it is not removed twice", not found["second"]["removed"])
    trial.check("it is gone", not found["look"]["exists"])
    outside = trial.results(outside=op.path_remove(OUTSIDE + r"\nothing"))["outside"]
    trial.refused("a path elsewhere is refused", outside, REFUSED)
    trial.tell(removed=found["first"]["removed"], gone=not found["look"]["exists"])


def package_install(trial: Trial) -> None:
    """Only that it refuses a file that is not there: what a package has set, nobody can take back."""
    refused = trial.results(absent=op.package_install(ACCEPTANCE_DIRECTORY + r"\nothing.ppkg", False))["absent"]
    trial.refused("a package that does not exist is refused", refused, "FileNotFoundException")
    trial.tell(absent_file_refused=not refused.ok)
    raise NotPossible(
        "the settings of a provisioning package cannot be undone; only the refusal of a missing file is tried"
    )


def package_remove(trial: Trial) -> None:
    result = trial.results(absent=op.package_remove(PACKAGE))["absent"]
    missing = (result.error or {}).get("type")
    if isinstance(missing, str) and missing.endswith("NotSupportedException") and not trial.ground.system.client:
        raise NotPossible("this Windows has no provisioning cmdlets")
    removed = trial.value(result, "package_remove", "absent")["removed"]
    trial.check("a package that does not exist is not removed", not removed)
    trial.tell(removed=removed)

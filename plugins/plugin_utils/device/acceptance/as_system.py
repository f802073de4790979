# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trials of what runs as SYSTEM: a probe, and a job that is started, waited for, looked into and removed.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import uuid

from .. import jobs
from .. import operations as op
from ..answers import Result, within
from ..reading import Key, known
from .changes import PACKAGE, REFUSED
from .surroundings import KERNEL
from .system import ACCEPTANCE_DIRECTORY, ACCEPTANCE_JOB, JOBS_DIRECTORY, PROBE_TASKS, TASK, WINDOWS_KEY
from .trial import NotPossible, Trial

SYSTEM = "S-1-5-18"
#: "{" in base64.
ANSWER_BEGINS = "ew=="
PROBE_SECONDS = 120
TRIAL_JOB_SECONDS = 300
#: There is no enrollment of this id.
ENROLLMENT = str(uuid.uuid5(jobs.JOB_NAMESPACE, "acceptance:no such enrollment"))
PROVIDER = "winops.entra acceptance"
LOOKS = [op.registry_read(WINDOWS_KEY), op.path_info(KERNEL, with_hash=True)]
REMOVAL = op.enrollment_remove(ENROLLMENT, PROVIDER, False)
FORGETTING = op.package_forget(PACKAGE)
#: What the trials of job_start, enrollment_remove and package_forget share.
IN_JOB = [*LOOKS, REMOVAL, FORGETTING]


def system_probe(trial: Trial) -> None:
    found = trial.values(
        probe=op.system_probe(LOOKS, PROBE_SECONDS),
        tasks=op.scheduled_tasks("\\"),
    )
    answer = trial.answer(found["probe"]["answer"], "probe")
    _as_system(trial, answer)
    probes = sum(task["name"].startswith(PROBE_TASKS) for task in found["tasks"]["tasks"])
    trial.check("its task is gone", probes <= trial.ground.system.before.probes)
    refused = trial.results(changing=op.system_probe([op.directory_create(ACCEPTANCE_DIRECTORY)], PROBE_SECONDS))[
        "changing"
    ]
    trial.refused("a probe that would change something is refused", refused, REFUSED)


def job_start(trial: Trial) -> None:
    start = op.job_start(ACCEPTANCE_JOB, IN_JOB, TRIAL_JOB_SECONDS)
    found = trial.values(first=start, second=start)
    trial.check("the job is started", found["first"] == {"started": True, "already": False})
    trial.check("it is not started twice", found["second"] == {"started": False, "already": True})
    begun = trial.ground.deadline.elapsed
    ended = trial.ground.waiter(TRIAL_JOB_SECONDS).until(
        {"status": op.job_status(ACCEPTANCE_JOB)},
        lambda answer: answer["status"].get("state") != "running",
        "waiting for a job as SYSTEM",
    )
    trial.seconds += trial.ground.deadline.elapsed - begun
    trial.check("it ends in time", ended is not None)
    if ended is None:
        return
    status = trial.value(ended["status"], "job_status", "ended")
    trial.check("it is done", status["state"] == "done")
    trial.check("it says when it was started", status["started"] is not None)
    answer = trial.answer(status["answer"], "job")
    _as_system(trial, answer)
    trial.ground.notes["job"] = answer


def enrollment_remove(trial: Trial) -> None:
    removed = _in_job(trial, REMOVAL)
    trial.check("nothing is removed of an enrollment that does not exist", removed["removed"] == [])
    trial.check("and nothing is unregistered", removed["unregistered"] is None)
    _refused_to_others(trial, REMOVAL)
    trial.tell(removed=len(removed["removed"]))


def package_forget(trial: Trial) -> None:
    removed = _in_job(trial, FORGETTING)["removed"]
    trial.check("nothing is removed of a package that does not exist", removed == [])
    _refused_to_others(trial, FORGETTING)
    trial.tell(removed=len(removed))


def file_part(trial: Trial) -> None:
    """A piece of the job's answer, where the job has left one."""
    folder = rf"{JOBS_DIRECTORY}\{ACCEPTANCE_JOB}"
    answer = trial.results(
        absent=op.file_part(rf"{folder}\nothing", 0, 1),
        outside=op.file_part(KERNEL, 0, 1),
        empty=op.file_part(rf"{folder}\result.json", 0, 0),
    )
    trial.refused("a file that is not there is an error", answer["absent"])
    trial.refused("a file elsewhere is refused", answer["outside"], REFUSED)
    trial.refused("a piece of no length is refused", answer["empty"], "ArgumentException")
    if trial.ground.notes.get("job") is not None:
        piece = trial.values(start=op.file_part(rf"{folder}\result.json", 0, 1))["start"]
        trial.check("an answer of a job begins with a brace", piece["content"] == ANSWER_BEGINS)
        trial.check("it has a size", piece["size"] > 1)
    trial.tell(refused=sum(not result.ok for result in answer.results.values()))


def _in_job(trial: Trial, operation: dict) -> dict:
    """What a changing operation has done to nothing in the job as SYSTEM."""
    answer = trial.ground.notes.get("job")
    if answer is None or len(answer["results"]) != len(IN_JOB):
        raise NotPossible("the SYSTEM job that it needs did not reach it")
    return trial.value(_results(answer)[IN_JOB.index(operation)], operation["op"], "absent")


def _refused_to_others(trial: Trial, operation: dict) -> None:
    if trial.ground.system.device.get("system") is False:
        refused = trial.results(account=operation)["account"]
        trial.refused("accounts other than SYSTEM are refused", refused, REFUSED)


def job_remove(trial: Trial) -> None:
    if trial.ground.notes.get("job") is None:
        raise NotPossible("the SYSTEM job that it needs did not reach it")
    found = trial.values(
        first=op.job_remove(ACCEPTANCE_JOB),
        second=op.job_remove(ACCEPTANCE_JOB),
        status=op.job_status(ACCEPTANCE_JOB),
        directory=op.path_info(rf"{JOBS_DIRECTORY}\{ACCEPTANCE_JOB}"),
        tasks=op.scheduled_tasks("\\"),
    )
    trial.check("the job is removed", found["first"]["removed"])
    trial.check("it is not removed twice", not found["second"]["removed"])
    trial.check("it is absent", found["status"]["state"] == "absent")
    trial.check("its directory is gone", not found["directory"]["exists"])
    trial.check("its task is gone", TASK not in [task["name"] for task in found["tasks"]["tasks"]])
    trial.tell(removed=found["first"]["removed"])


def _as_system(trial: Trial, answer: dict) -> None:
    """It ran as SYSTEM, 64-bit, and saw the same Windows as the connecting account."""
    device = answer["device"]
    results = _results(answer)
    trial.check("it ran as SYSTEM", device["system"] and device["sid"] == SYSTEM)
    trial.check("it ran in a 64-bit PowerShell", not device["wow64"])
    trial.check("every operation in it has a result", len(results) >= len(LOOKS))
    seen = [trial.value(result, look["op"], "as SYSTEM") for result, look in zip(results, LOOKS)]
    build = known(lambda: Key(seen[0]["key"]).text("CurrentBuild")) if seen else None
    trial.check("it saw the same build", build == trial.ground.system.build)
    trial.check("it saw the same kernel32.dll", _same_kernel(trial, seen))
    trial.tell(system=device["system"], is_64_bit=not device["wow64"], results=len(results))


def _same_kernel(trial: Trial, seen: list[dict]) -> bool:
    """By its hash, where the account has taken one in a 64-bit PowerShell of its own."""
    known = trial.ground.notes.get("kernel")
    if known is None or trial.ground.system.device.get("wow64"):
        return True
    return len(seen) > 1 and seen[1]["sha256"] == known


def _results(answer: dict) -> list[Result]:
    return within(Result(True, {"answer": answer}), IN_JOB)

# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Removing MDM enrollments of a device: one enrollment at a time, by its id and with its own provider, and nothing
else.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from ...result import Failure
from .. import operations as op
from .. import state
from ..answers import Answer, Result, within
from ..codes.hresult import error_code
from ..enrollment import enrollments, is_local, named
from ..reading import ABSENT, plain_id
from ..system_work import WorkStep, evidence

# All keys below Enrollments: what a removal leaves behind may have lost the name of its provider.
MDM_OBSERVATIONS = state.observations(("mdm",)) | {"enrollments": op.registry_read(state.ENROLLMENTS_KEY, depth=1)}


def found(answer: Answer) -> list[dict]:
    """The enrollments an answer to MDM_OBSERVATIONS shows, leftovers included, Windows' own not. Raises Refused."""
    return [item for item in enrollments(answer) if not is_local(item)]


def described(item: dict) -> dict:
    """How changes show an enrollment."""
    return {field: item[field] for field in ("provider", "enrolled", "tenant_id", "upn")}


def works(item: dict) -> bool:
    """Whether an enrollment works, or may work for all that is known. Windows may end a join with it."""
    return item["enrolled"] is not False


def trace(answer: Answer, item: dict) -> list[str]:
    """What is left of an enrollment: its key, its task folder, its certificate; or what cannot be read."""
    names = ("enrollments", "enrollment_tasks", "certificates")
    left = [f"{name} cannot be read" for name in names if not answer[name].ok]
    if _among(item["enrollment_id"], (name for name, _key in answer["enrollments"].key(refused=ABSENT).children())):
        left.append(rf"registry key SOFTWARE\Microsoft\Enrollments\{{{item['enrollment_id']}}}")
    if _among(item["enrollment_id"], answer["enrollment_tasks"].get("folders", [])):
        left.append(rf"task folder \Microsoft\Windows\EnterpriseMgmt\{{{item['enrollment_id']}}}")
    thumbprints = {c["thumbprint"].lower() for c in answer["certificates"].get("certificates", [])}
    if item["thumbprint"] and item["thumbprint"].lower() in thumbprints:
        left.append(f"certificate {item['thumbprint']}")
    return left


def removal(items: list[dict], before: list[dict], gate) -> WorkStep:
    """The step that removes these enrollments, each with its own provider. ``before`` are operations for the job to do
    first.

    A live enrollment is unregistered by Windows itself first (UnregisterDeviceWithManagement); a leftover cannot be.
    """

    def failure(answer: Answer) -> Failure:
        left = [text for item in items for text in trace(answer, item)]
        return Failure(
            f"the MDM enrollment is not completely removed, {', '.join(left)} is left",
            side="device",
            name="enrollment_not_removed",
            cause="Windows did not remove all of it",
            fix="run the task again; if it is still there, look at evidence",
            evidence=evidence(answer["enrollment_remove"]),
        )

    return WorkStep(
        job="enrollment_remove",
        phase="mdm",
        title="the removal of the MDM enrollment",
        gate=gate,
        failure=failure,
        operations=before + [op.enrollment_remove(i["enrollment_id"], i["provider"], works(i)) for i in items],
        changes=[(f"mdm enrollment {item['enrollment_id']}", described(item), None) for item in items],
        reached=lambda answer: not any(trace(answer, item) for item in items),
        told=lambda answer: _told(items, answer["enrollment_remove"]),
    )


def _told(items: list[dict], job: Result) -> list[str]:
    """What must be said of enrollments that are gone, though Windows' own unregistration ended with an error. It may
    have had its effect all the same, or not."""
    results = within(job)[-len(items) :]
    return [
        f"Windows ended the unregistration of {named(item)} with an error ({_error_in(result)}): nothing of it is "
        "left, but policies that it had set may still apply"
        for item, result in zip(items, results, strict=False)
        if result.get("unregistered") is False
    ]


def _error_in(result: Result) -> str:
    error = result.get("error") or {}
    return error_code(error) or str(error.get("type")).rpartition(".")[2]


def _among(enrollment_id: str, names) -> bool:
    return any(plain_id(name) == enrollment_id for name in names)

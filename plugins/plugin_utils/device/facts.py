# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Ansible keeps of a device as facts, each subset with the time it was read; and the work of device_facts.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import datetime
import typing as t
from collections.abc import Iterable, Mapping

from ..task import Task
from . import state
from .answers import Answer

FACT_NAME = "entra"
AFTER_A_PACKAGE = ("join", "mdm", "packages", "os")
"""Subsets that a package may make untrue, or its removal: it may hold any setting of Windows."""

Facts = dict[str, t.Any]
"""Subsets, and ``read``: of each of them ``{at, refused}``, the controller's time (UTC text) and sentences."""


def gather(task: Task) -> dict:
    """The facts of the asked subsets, in one exchange; warnings name what could not be read.

    Subsets that an earlier task has read of this device stay beside them.
    """
    asked = task.args["gather_subset"]
    subsets = state.SUBSETS if "all" in asked else tuple(asked)
    newer = read_facts(task.session.run(state.observations(subsets)), subsets)
    refused = _refused(newer["read"])
    return as_facts(task, with_newer(earlier(task), newer)) | ({"warnings": refused} if refused else {})


def read_facts(answer: Answer, subsets: Iterable[str] = state.SUBSETS) -> Facts:
    """The facts that an answer to ``state.observations(subsets)`` gives."""
    subsets = tuple(subsets)
    return state.build(answer, subsets) | stamps(answer, subsets)


def stamps(answer: Answer, subsets: Iterable[str]) -> Facts:
    """``{read}`` of subsets that were made from this answer."""
    at = datetime.datetime.fromtimestamp(answer.answered_at, datetime.timezone.utc)
    text = at.isoformat(timespec="seconds").replace("+00:00", "Z")
    # Nearly always nothing was refused at all, and one look tells that.
    some = bool(state.problems(answer))
    return {
        "read": {
            subset: {"at": text, "refused": state.problems(answer, state.observations((subset,))) if some else []}
            for subset in subsets
        }
    }


def with_newer(facts: Facts, newer: Facts) -> Facts:
    """The facts with the newer subsets, each of them whole, in the place of the older ones."""
    return {**facts, **newer, "read": {**facts.get("read", {}), **newer["read"]}}


def without_subsets(facts: Facts, subsets: Iterable[str]) -> Facts:
    """The facts without these subsets: what was read of them is not so any more."""
    gone = {*subsets, "read"}
    kept = {name: value for name, value in facts.items() if name not in gone}
    return kept | {"read": {name: told for name, told in facts.get("read", {}).items() if name not in gone}}


def told_facts(facts: Facts, device: str) -> dict[str, t.Any]:
    """What stands below the fact's name: the subsets, ``refused``, ``read``, and the ``device`` that they are of."""
    stamped = {subset: facts["read"][subset] for subset in state.SUBSETS if subset in facts}
    shown = {subset: facts[subset] for subset in stamped}
    return shown | {"refused": _refused(stamped), "read": stamped, "device": device}


def as_facts(task: Task, facts: Facts) -> dict[str, t.Any]:
    """The part of a result by which Ansible keeps the facts."""
    return {"ansible_facts": {fact_name(task): told_facts(facts, task.session.device)}}


def fact_name(task: Task) -> str:
    """The name below which a task keeps its facts."""
    return task.args.get("fact_name") or FACT_NAME


def earlier(task: Task) -> Facts:
    """What an earlier task has read of this device: nothing where Ansible keeps none, or those of another device (a
    task that was delegated), or what this collection has not made."""
    found = task.session.known_facts.get(fact_name(task))
    if not isinstance(found, Mapping) or found.get("device") != task.session.device:
        return {"read": {}}
    stamped = found.get("read")
    stamped = stamped if isinstance(stamped, Mapping) else {}
    whole = [subset for subset in state.SUBSETS if subset in found and _is_stamp(stamped.get(subset))]
    return {subset: _plain(found[subset]) for subset in whole} | {
        "read": {subset: _plain(stamped[subset]) for subset in whole}
    }


def after_a_package(task: Task) -> dict[str, t.Any]:
    """The part of the result of a task that has brought a package to the device, or taken one from it: no earlier fact
    stays that may not be so any more."""
    known = earlier(task)
    if task.check_mode or not task.changes.changed or not known["read"]:
        return {}
    return as_facts(task, without_subsets(known, AFTER_A_PACKAGE))


def _refused(stamped: Mapping[str, t.Any]) -> list[str]:
    """The sentences of all subsets, each once."""
    sentences = (sentence for subset in state.SUBSETS if subset in stamped for sentence in stamped[subset]["refused"])
    return list(dict.fromkeys(sentences))


def _is_stamp(stamp: t.Any) -> bool:
    if not isinstance(stamp, Mapping) or not isinstance(stamp.get("at"), str):
        return False
    refused = stamp.get("refused")
    return isinstance(refused, (list, tuple)) and all(isinstance(sentence, str) for sentence in refused)


def _plain(value: t.Any) -> t.Any:
    """A copy without the containers of ansible-core, whose values are looked at when they are asked for."""
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    return value

# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a device is of use to its user after the join: one record of what the device and the tenant have said.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ..findings import FAIL, PASS, RESULTS, UNKNOWN
from .ansibles_own import REFUSED_AT_THE_DOOR
from .told import Told, has_failed, known_of, object_in, objects_in, outcome_of_failure, taken, text_in
from .verified.halves import WEIGHT, Fields, of_both, said
from .verified.merge import verdicts
from .verified.verdict import TENANT_DECIDES, sentence, verdict

VERIFY_WORK = "verify"
#: The texts of a record that no other work has. ``id_from`` is who has said the device id.
VERIFY_TEXT_FIELDS = ("id_from",)
#: Findings of a record; a tenant may name a device once for each application that was asked about.
MOST_VERDICTS = 60
#: Sentences of ``unread``.
MOST_UNREAD = 20
DEFAULT_FAIL_ON = (FAIL,)
#: What a later run that cannot ask the device takes over.
KEPT_IDS = ("device_id", "tenant_id", "join_type")
_FROM_DEVICE, _FROM_REPORT = "device", "report"
_UNFIT, _UNDECIDED, _FIT = "unfit", "undecided", "fit"


def record_of(result: Told) -> Fields:
    """The fields of a record. ``result`` has ``steps``, what the role has put together of one device:

    ``look``      the result of winops.entra.device_posture, which fails of no finding
    ``before``    what an earlier report knew of it
    ``asks``      whether the tenant was to be asked
    ``row``       its entry in ``devices`` of winops.entra.directory_posture
    ``found``     its findings there
    ``refused``   the findings there about no single device
    ``tenant``    the id of the tenant that was asked, or a domain of it
    ``failed``    the result of the task that asks the tenant, where it has failed as a whole
    ``fail_on``   the results and findings of which the device fails

    None is a step that was not taken. A result without ``steps`` is that of winops.entra.device_posture alone.
    """
    given = result.get("steps")
    steps: Told = given if isinstance(given, Mapping) else {"look": result}
    look, row = taken(steps, "look"), object_in(steps, "row")
    join = object_in(object_in(look, "posture"), "join")
    before = {} if join else object_in(steps, "before")
    identity = text_in(join, "device_id") or text_in(before, "device_id")
    found, refused = objects_in(steps, "found"), objects_in(steps, "refused")
    halves = of_both(look, row, found, refused, text_in(steps, "tenant"))
    all_of_it = verdicts(halves)
    if steps.get("asks") and identity and not row and not _has_failed_as_a_whole(steps):
        own = halves.device.get("entra_object")
        all_of_it = [one for one in all_of_it if one["id"] != "entra_object"]
        all_of_it.insert(0, verdict(_not_asked_about(identity), TENANT_DECIDES, own, None))
    told = sorted((one for one in all_of_it if one["result"] != PASS), key=lambda one: WEIGHT.index(one["result"]))
    unread = row.get("unread")
    made: Fields = {
        "device_id": identity,
        "tenant_id": text_in(join, "tenant_id") or text_in(before, "tenant_id"),
        "join_type": text_in(join, "type") or text_in(before, "join_type"),
        "id_from": None if identity is None else _FROM_DEVICE if join else _FROM_REPORT,
        "asked": {"device": bool(object_in(look, "posture")), "tenant": bool(row)},
        "findings": told[:MOST_VERDICTS],
        "findings_dropped": max(0, len(told) - MOST_VERDICTS),
        "settled": [one for one in all_of_it if one["result"] == PASS and _is_settled(one)],
        "summary": {result: sum(one["result"] == result for one in all_of_it) for result in RESULTS},
        "unread": [str(one) for one in unread][:MOST_UNREAD] if isinstance(unread, (list, tuple)) else [],
    }
    return made | _come_to(steps, look, told)


def known(devices: Mapping[str, Told], names: Collection[str]) -> dict[str, Fields]:
    """What a report knows of the devices that were asked before, by name."""
    return known_of(devices, names, KEPT_IDS)


def with_known(record: Fields, before: Told) -> Fields:
    """A record completed by the ids that the report knew, if nobody could ask the device."""
    if record.get("device_id") or object_in(record, "asked").get("device"):
        return record
    ids = {name: before.get(name) for name in KEPT_IDS}
    return {**record, **ids, "id_from": _FROM_REPORT if ids["device_id"] else None}


def _is_settled(passed: Fields) -> bool:
    """Whether one side has said otherwise."""
    return any(words and not words.startswith(PASS) for words in (passed["device_says"], passed["tenant_says"]))


def _not_asked_about(identity: str) -> Fields:
    return said(
        "entra_object",
        UNKNOWN,
        f"the tenant was not asked about {identity}",
        side="device",
        cause="what the device gives as its device id is none",
        fix="look at the device's join (winops.entra.device_facts), and run the playbook for it again",
    )


def _has_failed_as_a_whole(steps: Told) -> bool:
    return isinstance(steps.get("failed"), Mapping)


# --- what it has come to ----------------------------------------------------------------------------------------------


def _come_to(steps: Told, look: Told, told: list[Fields]) -> Fields:
    """``outcome``, ``fails`` (whether the host is to fail), and why."""
    given = steps.get("fail_on")
    if isinstance(given, str):  # As Ansible takes a text for a list.
        given = [one.strip() for one in given.split(",")]
    fail_on = [str(one) for one in given] if isinstance(given, (list, tuple)) else list(DEFAULT_FAIL_ON)
    chosen = [one for one in told if one["result"] in fail_on or (one["result"] == FAIL and one["id"] in fail_on)]
    if not object_in(look, "posture"):
        return {**outcome_of_failure(look, REFUSED_AT_THE_DOOR), "fails": True}
    bad = chosen or [one for one in told if one["result"] == FAIL]
    if bad:
        return {"outcome": _UNFIT, "fails": bool(chosen), **_of_finding(bad, told)}
    if _has_failed_as_a_whole(steps) and has_failed(steps["failed"]):
        return {**outcome_of_failure(steps["failed"], ()), "outcome": "failed", "fails": True}
    unknown = [one for one in told if one["result"] == UNKNOWN]
    if unknown:
        return {"outcome": _UNDECIDED, "fails": False, **_of_finding(unknown, told)}
    return {"outcome": _FIT, "fails": False}


def _of_finding(chosen: list[Fields], told: list[Fields]) -> Fields:
    """Code, cause and fix are those of the weightiest one; ``msg`` names the others."""
    first = chosen[0]
    cause = sentence(first)
    ids = list(dict.fromkeys(one["id"] for one in told))
    more = f" (also {', '.join(one for one in ids if one != first['id'])})" if len(ids) > 1 else ""
    return {
        "msg": f"{first['id']}: {cause}{more}",
        "name": f"verify_{first['id']}",
        "side": first["side"],
        "cause": cause,
        "fix": first["fix"] or "look at the findings",
        "doc": first["doc"],
    }

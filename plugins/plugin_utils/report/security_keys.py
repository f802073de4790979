# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a device and its users have come with security keys: one record of what the steps of the role have said.

A step may have been left out, may have been done by an earlier run, and may have failed. The record says the furthest
state that is known, or what keeps the device or one of its users from it.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t
from collections.abc import Collection, Mapping

from . import key_users
from .ansibles_own import REFUSED_AT_THE_DOOR
from .told import COME_TO, Told, has_failed, known_of, object_in, objects_in, outcome_of_failure, taken, text_in

KEYS_WORK = "security_keys"
#: The texts of a record that no other work has. ``users_from`` is who has said whose device it is.
KEY_TEXT_FIELDS = ("package_id", "users_from")
#: What a later run that does not ask takes over.
KEPT_FIELDS = ("device_id", "hostname", "package_id", "sign_in", "users", "users_from")
#: What winops.entra.security_key_sign_in says of a device, as far as a report keeps it.
SIGN_IN_FIELDS = ("enabled", "by", "build_ok", "join_type")
#: Failures of that module by which it has changed nothing.
_REFUSED = (*REFUSED_AT_THE_DOOR, "set_by_another_way", "no_security_key_sign_in")
#: Findings of that module that say more about why the option is off.
_CLUES = ("ways", "registry_path")

_NOT_DONE = ("failed", "refused", "unreachable")

Fields = dict[str, t.Any]


def record_of(result: Told) -> Fields:
    """The fields of a record. ``result`` has ``steps``, what the role has put together of one device:

    ``met``         the result of winops.entra.first_contact
    ``package``     the result of winops.entra.ppkg
    ``sign_in``     the result of winops.entra.security_key_sign_in, which fails of no finding
    ``facts``       the result of winops.entra.device_facts
    ``users``       the names of its users, None where nobody has said them
    ``users_from``  who has: ``inventory`` or ``tenant``
    ``rows``        their rows of winops.entra.user_method_info
    ``passes``      their rows of winops.entra.temporary_access_pass
    ``policy``      the result of winops.entra.security_key_policy
    ``failed``      the result of a task for all devices that has failed as a whole
    ``before``      what the report knew of it
    ``check``       whether nothing was changed

    None is a step that was not taken. A result without ``steps`` is that of one of the two modules alone.
    """
    given = result.get("steps")
    steps: Told = given if isinstance(given, Mapping) else {"sign_in" if "enabled" in result else "package": result}
    seen = {name: taken(steps, name) for name in ("met", "package", "sign_in", "facts")}
    before = object_in(steps, "before")
    join = object_in(object_in(object_in(seen["facts"], "ansible_facts"), "entra"), "join")
    named = object_in(seen["package"], "package")
    looked = seen["sign_in"] if "enabled" in seen["sign_in"] else {}
    sign_in = _sign_in(looked) if looked else dict(object_in(before, "sign_in"))
    people = key_users.people_of(steps)
    made: Fields = {
        "device_id": text_in(join, "device_id") or text_in(before, "device_id"),
        "hostname": text_in(join, "hostname") or text_in(before, "hostname"),
        "package_id": text_in(named, "id") or text_in(before, "package_id"),
        "sign_in": sign_in or None,
        "users": people if people is not None else _known_users(before),
        "users_from": text_in(steps, "users_from") or text_in(before, "users_from"),
        "findings": _findings(steps, seen),
        "phases": objects_in(seen["package"], "phases"),
    }
    return made | _come_to(steps, seen, made)


def _findings(steps: Told, seen: Mapping[str, Told]) -> list[Fields]:
    """What has not passed, and would not."""
    left_out = "option" if _is_foretold(steps, seen) else None
    told = objects_in(seen["sign_in"], "findings")
    return [dict(one) for one in told if one.get("result") != "pass" and one.get("id") != left_out]


def _sign_in(looked: Told) -> Fields:
    """What the device says. ``takes_keys`` is null where nobody knows, and false with a finding that has failed."""
    failed = has_failed(looked) or any(one.get("result") == "fail" for one in objects_in(looked, "findings"))
    enabled = looked.get("enabled")
    takes = False if failed or enabled is False else True if enabled is True else None
    return {"takes_keys": takes, **{name: looked.get(name) for name in SIGN_IN_FIELDS}}


def known(devices: Mapping[str, Told], names: Collection[str]) -> dict[str, Fields]:
    """What a report knows of the devices that were asked before, by name."""
    return known_of(devices, names, KEPT_FIELDS)


def with_known(record: Fields, before: Told) -> Fields:
    """A record completed by what the report knew, if it is the same device, or nobody could ask which it is."""
    own, old = record.get("device_id"), before.get("device_id")
    if own and old and str(own).casefold() != str(old).casefold():
        return record
    return {**record, **{name: before.get(name) for name in KEPT_FIELDS if record.get(name) is None}}


# --- what it has come to ----------------------------------------------------------------------------------------------


def _come_to(steps: Told, seen: Mapping[str, Told], made: Fields) -> Fields:
    """``outcome``, and for one that needs attention why."""
    package, sign_in = seen["package"], seen["sign_in"]
    takes = object_in(made, "sign_in").get("takes_keys")
    silent = seen["facts"] if seen["facts"].get("unreachable") else {}
    for result in (seen["met"], silent, package, sign_in):
        # A device that does not answer is where it was.
        if has_failed(result) and not (result.get("unreachable") and takes is True):
            return outcome_of_failure(result, _REFUSED)
    bad = [one for one in made["findings"] if one.get("result") == "fail"]
    if bad:
        return _of_finding(bad[0], made["findings"])
    if _is_foretold(steps, seen):
        return {"outcome": "would_enable"}
    if takes is False:  # An earlier run has said so, with its reason.
        return _as_before(steps) or _of_finding({"id": "option", "cause": "the option is off"}, made["findings"])
    if isinstance(steps.get("failed"), Mapping):
        return outcome_of_failure(steps["failed"], _REFUSED)
    if takes is True:
        return _of_people(made["users"] or [])
    if made["sign_in"] is None and package and not has_failed(package):
        return {"outcome": "applied"}
    return _not_known(steps, seen, made)


def _is_foretold(steps: Told, seen: Mapping[str, Told]) -> bool:
    """Whether a run that is not in check mode would switch the option on: no MDM keeps it off, whatever a package
    sets."""
    ways = objects_in(seen["sign_in"], "ways")
    stays_off = any(way.get("way") == "mdm" and way.get("value") is False for way in ways)
    would = seen["package"].get("changed") or seen["sign_in"].get("changed")
    return bool(steps.get("check") and would and not stays_off)


def _of_people(people: list[Fields]) -> Fields:
    """Of a device that offers security keys."""
    if not any(map(key_users.was_asked, people)):
        return {"outcome": "enabled"}
    waiting = [one for one in people if one.get("ready") is False]
    if waiting:
        return {
            "outcome": "waiting",
            "msg": key_users.summary(people),
            "cause": key_users.summary(waiting),
            "fix": key_users.fix_of(waiting),
        }
    if all(one.get("ready") is True for one in people):
        return {"outcome": "ready"}
    said = key_users.summary(people)
    fix = "see in unread of its users what could not be read, and run the step users again"
    return {"outcome": "undecided", "msg": said, "cause": said, "fix": fix}


def _not_known(steps: Told, seen: Mapping[str, Told], made: Fields) -> Fields:
    """Of a device of which nobody knows whether it offers security keys."""
    if seen["sign_in"]:
        told = [one for one in made["findings"] if one.get("id") in ("option", *_CLUES) and one.get("cause")]
        why = "; ".join(dict.fromkeys(str(one["cause"]) for one in told)) or "it could not be read"
        cause = f"whether the device offers security keys is not known: {why}"
        fix = next((one["fix"] for one in told if one.get("fix")), None) or "look at the findings"
    elif made["users"] and objects_in(steps, "rows") and object_in(steps, "before").get("outcome") not in _NOT_DONE:
        cause = "nobody has asked the device whether it offers security keys"
        fix = "run the step device for it"
    else:
        return _as_before(steps) or {"outcome": "skipped", "msg": "no step of this run has said anything of it"}
    return {"outcome": "undecided", "msg": cause, "cause": cause, "fix": fix}


def _as_before(steps: Told) -> Fields | None:
    """What the report knew of it, None where it knew nothing."""
    before = object_in(steps, "before")
    return {name: before.get(name) for name in COME_TO} if before.get("outcome") else None


def _of_finding(first: Told, findings: list[Fields]) -> Fields:
    """A device that cannot take keys, by what it has said; what is off may have more than one reason."""
    more = [one for one in findings if first.get("id") == "option" and one.get("id") in _CLUES]
    said = [first.get("cause") or first.get("observed"), *(one.get("cause") for one in more)]
    cause = "; ".join(str(one) for one in dict.fromkeys(said) if one)
    return {
        "outcome": "failed",
        "msg": cause,
        "name": f"security_key_{first.get('id')}",
        "side": "device",
        "cause": cause,
        "fix": next((one["fix"] for one in (*more, first) if one.get("fix")), None),
        "doc": first.get("doc"),
    }


def _known_users(before: Told) -> list[Fields] | None:
    users = before.get("users")
    return [dict(one) for one in objects_in(before, "users")] if isinstance(users, (list, tuple)) else None

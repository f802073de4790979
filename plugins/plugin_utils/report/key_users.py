# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user of a device still needs to sign in with a security key at its lock screen.

It is made of a row of winops.entra.user_method_info, and says nothing that the row does not decide: what is unknown is
null, and not missing.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import datetime
import typing as t
from collections.abc import Iterable, Mapping

from .told import Told, object_in, objects_in

#: Where users register a key (Microsoft Entra, "Register a passkey (FIDO2)").
REGISTRATION_LINK = "https://aka.ms/mysecurityinfo"
#: What somebody who runs the tenant has to do: until then the user cannot do anything.
OF_THE_TENANT = ("user_not_found", "user_disabled", "user_out_of_scope", "registration_closed")
#: What a user has to do, with a key in the hand.
OF_THE_USER = ("no_security_key", "security_key_not_taken")
#: Each thing that may be missing: what is so, and what to do.
NEEDS: dict[str, tuple[str, str]] = {
    "user_not_found": ("the tenant does not have the user", "correct the user of the device in the inventory"),
    "user_disabled": ("the account is disabled", "enable it, or take the user from the device in the inventory"),
    "user_out_of_scope": (
        "the method policy is off or leaves the user out",
        "include the user with winops.entra.security_key_policy",
    ),
    "registration_closed": (
        "the method policy lets no user register a key",
        "set self_service of winops.entra.security_key_policy, or register the key for the user",
    ),
    "no_security_key": ("no security key is registered", f"the user registers one at {REGISTRATION_LINK}"),
    "security_key_not_taken": (
        "the method policy does not take the security key that is registered",
        f"the user registers another model at {REGISTRATION_LINK}, or the policy allows this one",
    ),
    "passkey_limit": (
        "there are ten passkeys, and no room for another one",
        f"the user removes one at {REGISTRATION_LINK} first",
    ),
    "no_second_factor": (
        "there is no second factor, without which nobody can register a key",
        "give the user a Temporary Access Pass",
    ),
}
#: Passkeys that the lock screen does not take, for people.
_OTHERS = {
    "authenticator": "in Microsoft Authenticator",
    "windows_hello": "of Windows Hello",
    "synced": "that are synced",
    "unknown": "of an unknown kind",
}
POLICY_DIFFERS = "the policy will be another one"
NOT_ASKED_YET = "the tenant was not asked about the user yet"
PASS_OUTCOMES = ("changed", "unchanged", "failed", "unknown", "skipped")

Fields = dict[str, t.Any]


def people_of(steps: Told) -> list[Fields] | None:
    """The users of a device, each once, with what is missing; None where nobody has said who they are.

    ``steps`` has ``users`` (names, as the inventory or the tenant says them), ``rows`` (of user_method_info),
    ``passes`` (rows of temporary_access_pass), ``policy`` (its result) and ``before`` (what the report knew).
    """
    names = steps.get("users")
    if not isinstance(names, (list, tuple)):
        return None
    rows = _by_user(objects_in(steps, "rows"))
    # A pass is asked for by one of the names of its user.
    passes = {one["object_id"]: one for one in objects_in(steps, "passes") if one.get("object_id")}
    known = _by_user(objects_in(object_in(steps, "before"), "users"))
    policy = object_in(steps, "policy")
    closed = object_in(policy, "policy").get("self_service") is False
    # What the tenant says of a user in check mode, it says by the policy of before.
    differs = bool(steps.get("check")) and bool(policy.get("changed"))
    made: dict[str, Fields] = {}
    for key, name in {str(name).casefold(): str(name) for name in names}.items():
        if key in rows:
            row = _without_policy(rows[key]) if differs else rows[key]
            given = passes.get(row.get("object_id")) or _earlier_pass(known.get(key, {}))
            one = person(row, given, closed)
        else:
            one = _as_known(name, known.get(key))
        made.setdefault(str(one.get("object_id") or key), one)
    return list(made.values())


def person(row: Told, given: Told | None = None, closed: bool = False) -> Fields:
    """One user, of a row of user_method_info: ``{user, ready, missing, says, ...}``.

    ``ready`` is null where what was read does not decide it. ``missing`` are names of NEEDS, none for who is ready.
    ``given`` is the row of a pass; ``closed`` is whether the policy lets nobody register. ``asked`` is when the record
    was made.
    """
    keys = objects_in(row, "passkeys")
    others = sorted({str(key.get("kind")) for key in keys} - {"security_key"})
    ready = row.get("security_key_ready") if isinstance(row.get("security_key_ready"), bool) else None
    ends = _end_of(given or {})
    has_pass = ends is not None and ends > _now()
    missing = [] if ready is not False else _missing(row, keys, has_pass, closed)
    made = {
        "user": str(row.get("user")),
        "object_id": row.get("object_id"),
        "user_principal_name": row.get("user_principal_name"),
        "display_name": row.get("display_name"),
        "asked": _now().isoformat(timespec="milliseconds"),
        "ready": ready,
        "missing": missing,
        "says": _says(row, ready, missing, others),
        "security_keys": sum(key.get("kind") == "security_key" and key.get("accepted") is True for key in keys),
        "other_passkeys": others,
        "mfa_capable": row.get("mfa_capable"),
        "reported": row.get("reported"),
        "pass": _pass(given),
        "pass_ends": ends.isoformat() if ends is not None else None,
        "pass_failed": str(object_in(given or {}, "error").get("msg") or "") or None,
        "unread": [str(one) for one in row.get("unread") or ()],
    }
    return made | {"to_register": needs_key(made)}


def fix_of(people: Iterable[Told]) -> str | None:
    """What to do first, of the first user who needs something."""
    names = (name for one in people for name in one.get("missing") or ())
    return next((NEEDS[name][1] for name in names if name in NEEDS), None)


def summary(people: Iterable[Told]) -> str:
    """A sentence of those who are not ready: ``ada@contoso.com: no security key is registered; ...``."""
    return "; ".join(f"{one.get('user')}: {one.get('says')}" for one in people if one.get("ready") is not True)


def was_asked(one: Told) -> bool:
    """Whether the tenant has been asked about the user, in this run or an earlier one."""
    return one.get("says") != NOT_ASKED_YET


def needs_key(one: Told) -> bool:
    """Whether the user has something to do: a key to register, and nobody else in the way."""
    missing = set(one.get("missing") or ())
    return bool(missing & set(OF_THE_USER)) and not missing & set(OF_THE_TENANT)


def _missing(row: Told, keys: list[Told], has_pass: bool, closed: bool) -> list[str]:
    if row.get("found") is False:
        return ["user_not_found"]
    missing = [
        name
        for name, field in (("user_disabled", "enabled"), ("user_out_of_scope", "in_scope"))
        if row.get(field) is False
    ]
    own = [key for key in keys if key.get("kind") == "security_key"]
    if any(key.get("accepted") is True for key in own) or not isinstance(row.get("passkeys"), (list, tuple)):
        return missing  # The key is there, or nobody could look.
    missing += ["security_key_not_taken" if own else "no_security_key"]
    missing += ["registration_closed"] if closed else []
    missing += ["passkey_limit"] if row.get("passkey_limit_reached") is True else []
    return missing + (["no_second_factor"] if row.get("mfa_capable") is False and not has_pass else [])


def _says(row: Told, ready: bool | None, missing: list[str], others: list[str]) -> str:
    if ready:
        return "ready"
    said = [NEEDS[name][0] for name in missing]
    kinds = [_OTHERS[kind] for kind in others if kind in _OTHERS]
    if kinds:
        said.append(f"there are passkeys {' and '.join(kinds)}, which cannot sign in at the lock screen")
    if ready is None:
        why = [str(one) for one in row.get("unread") or ()]
        doubt = _in_doubt(row) and POLICY_DIFFERS not in why
        why += ["of a passkey nobody knows what it is on, or whether the policy takes it"] if doubt else []
        said = [f"not known: {'; '.join(why) or 'what was read does not decide it'}"]
    elif row.get("mfa_capable") is None and set(missing) & set(OF_THE_USER):
        said.append("whether there is a second factor to register with is not known")
    return ", ".join(said) or "not ready"


def _in_doubt(row: Told) -> bool:
    """Whether a passkey may be one for the lock screen, and may be not."""
    return any(
        key.get("accepted") is not False and (key.get("kind") == "unknown" or key.get("accepted") is None)
        for key in objects_in(row, "passkeys")
        if key.get("kind") in ("unknown", "security_key")
    )


def _without_policy(row: Told) -> Told:
    """A row with what it says of the person alone, where the policy will be another one."""
    keys = [{**key, "accepted": None} for key in objects_in(row, "passkeys")]
    has_none = isinstance(row.get("passkeys"), (list, tuple)) and not any(
        key.get("kind") in ("security_key", "unknown") for key in keys
    )
    ready = False if row.get("found") is False or row.get("enabled") is False or has_none else None
    listed = keys if isinstance(row.get("passkeys"), (list, tuple)) else None
    why = [*(row.get("unread") or ()), POLICY_DIFFERS]
    return {**row, "passkeys": listed, "in_scope": None, "security_key_ready": ready, "unread": why}


def _pass(given: Told | None) -> str | None:
    outcome = (given or {}).get("outcome")
    return outcome if outcome in PASS_OUTCOMES else None


def _earlier_pass(known: Told) -> Told:
    """The pass that an earlier run has given, as far as a report knows it."""
    return {"outcome": known.get("pass"), "ends": known.get("pass_ends")} if known.get("pass") else {}


def _end_of(given: Told) -> datetime.datetime | None:
    """When a pass ends, or would end; None where there is none, or nobody says."""
    try:
        if given.get("ends"):
            ends = datetime.datetime.fromisoformat(str(given["ends"]))
            return ends if ends.tzinfo is not None else None
        if given.get("valid") is not True or not isinstance(given.get("lifetime"), int):
            return None
        # One that would be created has no beginning yet. Up to Python 3.10 nobody reads the Z.
        start = given.get("start")
        begins = datetime.datetime.fromisoformat(str(start)[:19] + "+00:00") if start else _now()
        return begins + datetime.timedelta(minutes=given["lifetime"])
    except (ValueError, OverflowError):
        return None


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)


def _as_known(name: str, known: Told | None) -> Fields:
    """Of a user whom this run has not asked about, what the report knew."""
    if known is not None:
        return dict(known)
    return {"user": name, "ready": None, "missing": [], "says": NOT_ASKED_YET}


def _by_user(rows: Iterable[Mapping[str, t.Any]]) -> dict[str, Told]:
    return {str(row["user"]).casefold(): row for row in rows if row.get("user")}

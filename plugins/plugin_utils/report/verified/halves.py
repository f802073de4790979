# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two halves of a verification: what a device has said of itself, and what the tenant has said of it.

A half comes as the result of a module of its own: ``posture`` and ``findings`` of winops.entra.device_posture, and of
winops.entra.directory_posture the entry in ``devices`` with its findings. The tenant leaves out findings that pass;
they are made here of the entry.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t
from collections.abc import Mapping

from ...findings import FAIL, PASS, UNKNOWN, WARN
from ..told import Told, object_in, objects_in, text_in

Fields = dict[str, t.Any]

_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
#: The findings of a verification; where a device has several, the first one stands for it.
VERIFY_IDS = (
    "entra_object",
    "managed",
    "in_intune",
    "first_sync",
    "last_sync",
    "compliance",
    "access",
    "encryption",
    "escrow",
    "configuration",
    "settings_catalog",
    "apps",
    "ownership",
    "primary_user",
    "user",
    "other_user",
    "hello",
    "pin_reset",
    "password_reset",
    "registration",
    "password_rules",
    "laps",
    "update_source",
    "quality_update",
    "pending_restart",
    "verdicts_differ",
    "domain",
)
#: What the tenant calls otherwise than the device. An ``in_intune`` that could not be read keeps its name: with it
#: nobody knows what Intune says of the device, whatever the device says about its management.
SAME = {"in_intune": "managed", "sync": "last_sync"}
#: Results, the weightiest first.
WEIGHT = (FAIL, WARN, UNKNOWN, PASS)
JOINED_TYPES = ("entra", "hybrid")
#: What is asked only about devices that Intune has.
_OF_INTUNE = (
    *("last_sync", "compliance", "configuration", "settings_catalog", "ownership", "primary_user"),
    *("verdicts_differ", "registration", "domain", "access"),
)
#: What of an entry says that the tenant has answered.
_ANSWERS = {
    "ownership": "intune",
    "primary_user": "has_primary_user",
    "compliance": "compliance",
    "configuration": "configuration",
    "settings_catalog": "settings_catalog",
    "escrow": "escrow",
    "access": "access",
    "registration": "registration",
    "domain": "domain",
}


@dataclasses.dataclass(frozen=True)
class Halves:
    """``posture`` and ``row`` are empty where a side has not answered. ``device`` has one finding for each id,
    ``tenant`` one or several. ``asked_tenant`` is the id, or a domain, of the tenant that was asked."""

    posture: Told
    row: Told
    device: Mapping[str, Fields]
    tenant: Mapping[str, list[Fields]]
    asked_tenant: str | None = None

    @property
    def intune(self) -> Told:
        return object_in(self.row, "intune")


def is_another(tenant: str | None, other: str | None) -> bool:
    """Whether these are ids of two tenants. A domain names a tenant, too, and nobody knows which."""
    return all(_ID.fullmatch(one or "") for one in (tenant, other)) and str(tenant).lower() != str(other).lower()


def of_both(look: Told, row: Told, found: list[Told], refused: list[Told], asked_tenant: str | None = None) -> Halves:
    """The halves of one device. ``look`` is its result of device_posture, ``row`` its entry in directory_posture,
    ``found`` its findings there, ``refused`` those about no single device: questions that nobody answers, and
    ``asked_tenant`` who was asked."""
    posture = object_in(look, "posture")
    device = {one["id"]: one for one in map(_read, objects_in(look, "findings")) if one["id"] in VERIFY_IDS}
    if posture:
        device["entra_object"] = _of_join(object_in(posture, "join"))
    return Halves(posture, row, device, _of_tenant(row, found, refused), asked_tenant)


def _read(finding: Told) -> Fields:
    """A finding of either side with the fields that are used here, whatever it is made of."""
    made: Fields = {name: text_in(finding, name) for name in ("observed", "cause", "fix", "side", "doc")}
    told = finding.get("permissions")
    result = finding.get("result")
    return {
        "id": str(finding.get("id")),
        "result": result if result in WEIGHT else UNKNOWN,
        "permissions": [one for one in told if isinstance(one, str)] if isinstance(told, (list, tuple)) else [],
        **made,
    }


def said(identity: str, result: str, observed: str | None = None, **more: t.Any) -> Fields:
    """A finding as ``_read`` makes them."""
    made: Fields = {"id": identity, "result": result, "observed": observed, "permissions": []}
    return {**made, **dict.fromkeys(("cause", "fix", "side", "doc")), **more}


def _of_join(join: Told) -> Fields:
    """What the device says about its object in Entra: that it is joined, and with which id."""
    kind, identity = text_in(join, "type"), text_in(join, "device_id")
    if kind in JOINED_TYPES and identity:
        return said("entra_object", PASS, f"the device is joined, with the device id {identity}")
    if kind is None or kind in JOINED_TYPES:
        return said(
            "entra_object",
            UNKNOWN,
            "the device does not say what it is joined to" if kind is None else "the device does not say its device id",
            side="device",
            cause="its join could not be read, so that the tenant cannot be asked about it",
            fix="look at refused of winops.entra.device_facts for this device",
        )
    shown = {"none": "it is not joined to anything", "domain": "it is joined to a domain, and not to Entra"}
    return said(
        "entra_object",
        FAIL,
        f"the device says that {shown.get(kind, 'it is not joined to Entra')}",
        side="device",
        cause=f"{shown.get(kind, 'it is not joined to Entra')}, so that nobody can sign in with an Entra account",
        fix="join it (playbooks/join.yml); if that fails, ask why (playbooks/diagnose.yml)",
    )


def _of_tenant(row: Told, found: list[Told], refused: list[Told]) -> dict[str, list[Fields]]:
    made: dict[str, list[Fields]] = {}
    general = {_name_of(one): {**one, "for_all": True} for one in map(_read, refused if row else ())}
    for finding in map(_read, found):
        name = _name_of(finding)
        if name in VERIFY_IDS:
            # The refusal of a question for all may be told of each as well.
            same = general.get(name, {}).get("cause") == finding["cause"] and finding["result"] == UNKNOWN
            made.setdefault(name, []).append({**finding, "id": name, "for_all": same})
    for name, finding in general.items():
        if name in VERIFY_IDS and name not in made and not (row.get("in_intune") is False and name in _OF_INTUNE):
            made[name] = [{**finding, "id": name}]
    for finding in _passed(row):
        made.setdefault(finding["id"], [finding])
    return made


def _name_of(finding: Fields) -> str:
    name = str(finding["id"])
    return name if name == "in_intune" and finding["result"] == UNKNOWN else SAME.get(name, name)


def _passed(row: Told) -> t.Iterator[Fields]:
    """What the tenant has answered. It counts where no finding says otherwise."""
    intune = object_in(row, "intune")
    if row.get("in_entra") is True:
        yield said("entra_object", PASS, "Entra has the object")
    if row.get("in_intune") is True:
        yield said("managed", PASS, "Intune has a record")
    if text_in(intune, "last_sync"):
        yield said("last_sync", PASS, f"Intune has heard from it at {intune['last_sync']}")
    encrypted = intune.get("encrypted")
    if encrypted is True:
        yield said("encryption", PASS, "Intune takes the device for encrypted")
    elif encrypted is False:
        yield said(
            "encryption",
            WARN,
            "Intune takes the device for not encrypted",
            side="device",
            cause="Intune says that the device is not encrypted, which it may have learned days ago",
            fix="ask the device itself, once it is on",
        )
    if intune and object_in(row, "entra"):
        yield said("verdicts_differ", PASS, "Entra and Intune say the same")
    for name, field in _ANSWERS.items():
        if row.get(field) is not None and not (name == "primary_user" and row[field] is not True):
            yield said(name, PASS, _shown(name, row))


def _shown(name: str, row: Told) -> str:
    if name == "escrow":
        return f"Entra holds {len(objects_in(row, 'escrow'))} keys"
    if name == "compliance":
        return str(object_in(row, "intune").get("compliance"))
    return "as it should be"

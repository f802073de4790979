# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of policy states and of their settings as Intune writes them: what is read of each, and whom it is about.

Every field but the id may be null. A state of another spelling is the same state; none at all is ``unknown``.

Source: Microsoft Graph, "deviceCompliancePolicyState resource type", "deviceCompliancePolicySettingState resource
type" (``settingName`` is null: the setting is named by ``setting``), "complianceStatus enum type".

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import re
import typing as t

from ..devices.intune import NO_DEVICE
from ..graph.fields import IDENTITY, LINE, TEXT, needed, object_of, or_null
from .codes import code_kind

#: Of ``complianceStatus``: what is not met.
FAILED_STATES = ("nonCompliant", "error", "conflict")
#: States of a policy that judges nothing.
EMPTY_STATES = ("notApplicable", "notAssigned")
#: States in which a policy is in force.
MET_STATES = ("compliant", "remediated")
#: States that are a verdict.
KNOWN_STATES = (*FAILED_STATES, *MET_STATES)
_SPELLING = {name.lower(): name for name in (*FAILED_STATES, *EMPTY_STATES, *MET_STATES)}
#: Intune's name of it, which may be translated; its id is NO_DEVICE, which no user has.
SYSTEM_ACCOUNT = "system account"
_MOST_SOURCES = 50


def _state(value: t.Any) -> str | None:
    text = LINE(value)
    return text if text is None else _SPELLING.get(text.lower(), text)


def _sources(value: t.Any) -> list[dict[str, t.Any]]:
    """Sources of a setting, without those that are null."""
    if not isinstance(value, list):
        return []
    name = or_null(LINE)
    return [{"displayName": name(one.get("displayName"))} for one in value[:_MOST_SOURCES] if isinstance(one, dict)]


_PERSON = {"userId": or_null(TEXT), "userPrincipalName": or_null(LINE)}
_STATE_KIND = object_of({"id": needed(IDENTITY), "displayName": LINE, "state": _state, **_PERSON})
SETTING_KIND = object_of(
    {
        "setting": LINE,
        "settingName": LINE,
        "state": _state,
        "currentValue": or_null(LINE),
        "errorCode": or_null(code_kind),
        "sources": _sources,
        **_PERSON,
    }
)


def state_kind(value: t.Any) -> dict[str, t.Any] | None:
    """A kind of ``fields``. The id becomes ``state_id``: two rows with one id are two, and a list gives no id twice."""
    row = _STATE_KIND(value)
    if row is None:
        return None
    return {**{name: row.get(name) for name in ("displayName", "state", *_PERSON)}, "state_id": row["id"]}


def state_of(row: dict[str, t.Any]) -> str:
    """The state of a policy or of a setting, in Intune's words."""
    return row.get("state") or "unknown"


def is_system(row: dict[str, t.Any]) -> bool:
    """Whether a row is the System account's."""
    name = (row.get("userPrincipalName") or "").casefold()
    return name == SYSTEM_ACCOUNT or (row.get("userId") or "") == NO_DEVICE


def person_of(row: dict[str, t.Any]) -> str | None:
    """Whom a row is about, to be compared; None where it names nobody."""
    if is_system(row):
        return NO_DEVICE
    return (row.get("userId") or row.get("userPrincipalName") or "").lower() or None


def setting_of(row: dict[str, t.Any]) -> str:
    """The name of a setting as Intune has it."""
    return row.get("setting") or row.get("settingName") or "a setting without a name"


_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z]+|[a-z]+|[0-9]+")


def spaced(name: str) -> str:
    """``Windows10CompliancePolicy.SecureBootEnabled`` as "secure boot enabled"."""
    last = name[:200].rpartition(".")[2] or name[:200]
    words = _WORD.findall(last)
    return " ".join(word if word.isupper() and len(word) > 1 else word.lower() for word in words) or last


#: Of a sentence: policies, settings and the like that it names at most.
_NAMED = 5


def some_of(names: list[str], between: str = "; ") -> str:
    """The first of them, and how many more there are."""
    more = f"{between}and {len(names) - _NAMED} more" if names[_NAMED:] else ""
    return between.join(names[:_NAMED]) + more

# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One verdict of a verification: a finding, who decided it, and what each side has said.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from ...findings import PASS, UNKNOWN
from .halves import Fields

DEVICE_DECIDES, TENANT_DECIDES, BOTH_DECIDE = "device", "tenant", "both"
_TAKEN = ("id", "result", "observed", "cause", "fix", "side", "doc", "permissions")


def verdict(finding: Fields, decided_by: str, own: Fields | None, theirs: Fields | None) -> Fields:
    """``finding`` is what is concluded. ``own`` and ``theirs`` are what the device and the tenant have said of it, None
    where one did not speak."""
    made = {name: finding.get(name) for name in _TAKEN}
    if made["result"] == PASS:
        made |= {"cause": None, "fix": None}
    return {
        **made,
        "side": made["side"] or ("device" if decided_by == DEVICE_DECIDES else "tenant"),
        "decided_by": decided_by,
        "device_says": _says(own),
        "tenant_says": _says(theirs),
        "for_all": bool(finding.get("for_all")),
    }


def one_word(own: Fields | None, theirs: Fields | None) -> Fields:
    """The verdict where at most one side has an answer. Where none has, both reasons are said.

    What is wrong by one side's word is wrong. What is well by it is unknown where the other side was asked and could
    not say: each sees what the other one does not, as a failed session, a suspended protection, a disabled object.
    """
    if own is None or theirs is None:
        one = own or theirs or {}
        return verdict(one, DEVICE_DECIDES if own else TENANT_DECIDES, own, theirs)
    silent, other = (own, theirs) if own["result"] == UNKNOWN else (theirs, own)
    if other["result"] == PASS:
        who, seen = (TENANT_DECIDES, DEVICE_DECIDES) if other is own else (DEVICE_DECIDES, TENANT_DECIDES)
        cause = f"{silent['cause'] or silent['observed']}; what the {seen} says is not all of it"
        return verdict({**silent, "cause": cause}, who, own, theirs)
    if other["result"] != UNKNOWN:
        return verdict(other, DEVICE_DECIDES if other is own else TENANT_DECIDES, own, theirs)
    causes = [one["cause"] or one["observed"] for one in (own, theirs)]
    return verdict({**theirs, "cause": f"the device: {causes[0]}; the tenant: {causes[1]}"}, BOTH_DECIDE, own, theirs)


def _says(finding: Fields | None) -> str | None:
    if finding is None:
        return None
    # What could not be read is "unknown", and its cause says why.
    seen = finding["cause"] if finding["observed"] in (None, UNKNOWN) else finding["observed"]
    return f"{finding['result']}: {seen}" if seen else str(finding["result"])


def sentence(verdict: Fields) -> str:
    """What was seen and why that matters, in one sentence. A device says both in ``cause``."""
    observed, cause = verdict["observed"], verdict["cause"]
    if cause is None or observed is None:
        return cause or observed or verdict["result"]
    return cause if verdict["decided_by"] == DEVICE_DECIDES or observed in cause else f"{observed}: {cause}"

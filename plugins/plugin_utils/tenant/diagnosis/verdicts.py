# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of each device: its clues, what of the tenant is not known, and the cause of both halves.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ...findings import UNKNOWN, WARN, Finding
from ...untrusted import in_one_line
from ..because import reason, unknown_because
from .clues import TenantClue, strongest_first
from .device_side import Asked
from .event_clues import audit_clues, enrollment_clues
from .events import audit_user, audit_view, enrollment_view, registers
from .findings import CONTRADICTION, DIAGNOSIS_DOCS, NO_TRACE
from .ids import id_in
from .lag import at_the_service
from .logs import SIGN_INS, LogRead
from .matching import BY_USER, Matched
from .merging import Merged, merge
from .objects import Objects, object_clue
from .settings import NOT_OFFERED, Settings
from .sign_in_clues import sign_in_clues
from .sign_ins import TO_ENROLL, TO_JOIN, failed, sign_in_view, went_well


@dataclasses.dataclass
class Judge:
    """All devices of a task. ``settings`` are None where they were not asked."""

    asked: list[Asked]
    matched: dict[str, Matched]
    reads: dict[str, LogRead]
    settings: Settings | None = None
    objects: Objects = dataclasses.field(default_factory=Objects)

    def unwell(self) -> list[Asked]:
        """The devices for which settings can explain something: those that are not joined and enrolled, or do not
        say."""
        return [device for device in self.asked if _topics(device)]

    def user(self, device: Asked) -> str | None:
        """Whose settings count: the user that is known, else of an entry that is the device's by more than its user."""
        if device.user is not None:
            return device.user
        found = self.matched[device.name]
        if found.surely:
            name = found.sign_ins[0][1].get("userPrincipalName")
            return name.lower() if name else None
        by_others = (audit_user(row) for how, row in found.audits if how != BY_USER and registers(row))
        return next((name for name in by_others if name), None)

    def devices(self) -> tuple[list[dict[str, t.Any]], list[Finding]]:
        """What the module returns of each device, and the findings of all."""
        shown, findings = [], []
        for device in self.asked:
            view, told = self._device(device)
            shown.append(view)
            findings += told
        return shown, findings

    def unknown_settings(self) -> list[Finding]:
        """What of the settings could not be read, once."""
        found: dict[tuple[str, str], Finding] = {}
        for device in self.unwell() if self.settings else []:
            for one in (self.settings or Settings([])).unknown(self.user(device), _topics(device)):
                fields = {name: one[name] for name in ("observed", "side", "cause", "fix", "doc")}
                found.setdefault(
                    (one["id"], one["observed"]),
                    Finding(one["id"], UNKNOWN, **fields, permissions=tuple(one["permissions"])),
                )
        return list(found.values())

    def _device(self, device: Asked) -> tuple[dict[str, t.Any], list[Finding]]:
        found, said = self.matched[device.name], device.said
        user, topics = self.user(device), _topics(device)
        clues = self._clues(device, found, user, topics)
        unread = self._unread(device, user, topics)
        merged = merge(said, clues, self._denied(device, user, found), bool(unread))
        findings = [clue.as_finding(device.name) for clue in strongest_first(clues)]
        findings += self._more_findings(device, found, merged, clues)
        if findings and findings[-1].id == NO_TRACE:
            begins = f"{merged.conclusion}; " if merged.cause else "join: "
            told = f"{begins}{findings[-1].observed} ({findings[-1].cause})"
            merged = dataclasses.replace(merged, conclusion=told)
        named = {"name": device.name, "device_id": device.device_id, "user": user}
        return named | {
            "conclusion": merged.conclusion,
            "cause": merged.cause,
            "contradiction": merged.contradiction,
            "device_says": said.conclusion,
            "findings": [one.as_dict() for one in findings],
            "sign_ins": self._entries("sign_ins", found.sign_ins, sign_in_view),
            "enrollment_failures": self._entries("enrollment_failures", found.enrollments, enrollment_view),
            "audits": self._entries("audits", found.audits, audit_view),
            "unread": unread,
        }, findings

    def _clues(self, device: Asked, found: Matched, user: str | None, topics: t.Collection[str]) -> list[TenantClue]:
        said = device.said
        over = {what for what, done in ((TO_JOIN, said.joined), (TO_ENROLL, said.enrolled)) if done}
        clues = sign_in_clues(found, over, said)
        clues += audit_clues(found.audits, said.joined)
        clues += enrollment_clues(found.enrollments, said.enrolled)
        # What the device has got over, and may be another one's, says nothing about it.
        well = said.worst is None and bool(said.joined)
        clues = [
            one for one in clues if one.matched_by != BY_USER or not (one.what in over or (well and one.of_package))
        ]
        about = object_clue(device, self.objects, found)
        clues += [about] if about else []
        if self.settings is None:
            return clues
        if said.worst is not None and said.worst.id == NOT_OFFERED:
            by_elimination = self.settings.scope_by_elimination(user)
            clues += [by_elimination] if by_elimination else []
        return clues + [clue for clue in self.settings.clues(user) if clue.what in topics]

    def _unread(self, device: Asked, user: str | None, topics: t.Collection[str]) -> list[str]:
        unread = [
            unknown_because(came.log.noun, reason(came.failure))
            for came in self.reads.values()
            if came.failure is not None
        ]
        unread += [came.cut for came in self.reads.values() if came.cut is not None and came.failure is None]
        failure = self.objects.failures.get(device.device_id or "")
        if failure is not None:
            unread.append(unknown_because("its object in Entra", reason(failure)))
        if self.settings is not None:
            unread += [
                unknown_because(f"the setting {one['id']}", one["cause"]) for one in self.settings.unknown(user, topics)
            ]
        hidden = {
            why
            for how, row in self.matched[device.name].sign_ins
            if failed(row) and (why := sign_in_view(row, how)["policies_unknown"])
        }
        unread += [unknown_because("the policies of its sign-ins", why) for why in sorted(hidden)]
        return unread + [f"the device's own diagnosis: {what}" for what in device.said.odd]

    def _entries(
        self, log: str, matched: list[tuple[str, dict[str, t.Any]]], view: t.Callable[..., dict[str, t.Any]]
    ) -> list[dict[str, t.Any]] | None:
        came = self.reads.get(log)
        return None if came is None or came.failure is not None else [view(row, how) for how, row in matched]

    def _denied(self, device: Asked, user: str | None, found: Matched) -> str | None:
        """What of the tenant speaks against what the device says."""
        worst = device.said.worst
        if worst is None:
            return None
        ids = {one["request_id"] for one in worst.evidence if one["request_id"]}
        for _how, row in found.sign_ins:
            if id_in(row["id"]) in ids and went_well(row):
                return f"the device says: {worst.cause}; the log says that its sign-in {row['id']} went well"
        passed = self.settings.denied(user, worst.code or "") if self.settings and worst.code else None
        if not passed:
            return None
        told = "; ".join(one["observed"] for one in passed)
        return f"the device says: {worst.cause}; the tenant says now: {in_one_line(told)}"

    def _more_findings(self, device: Asked, found: Matched, merged: Merged, clues: list[TenantClue]) -> list[Finding]:
        findings = []
        if merged.contradiction:
            findings.append(_says(CONTRADICTION, device, merged.contradiction, _DIFFER, _LOOK))
        came, said = self.reads.get(SIGN_INS.name), device.said
        if came is None or not came.complete:
            return findings
        # With ids of its own, an entry of the user is not the one.
        has_trace = found.traced(said.ids) if said.ids else bool(found.sign_ins)
        if at_the_service(device) and not has_trace:
            findings.append(_says(NO_TRACE, device, _NOT_THERE, _MAY_LAG, _AGAIN, UNKNOWN))
        elif said.answered and said.joined is False and said.worst is None and not has_trace and not clues:
            findings.append(_says(NO_TRACE, device, _NO_ATTEMPT, _NOT_APPLIED, _APPLY))
        return findings


_DIFFER = "the two sides do not fit together: one of them may be older, or about another attempt"
_LOOK = "compare the times in the evidence, and try once more"
_NOT_THERE = "the device has failed at the sign-in service, and the log has no such sign-in in the time window"
_MAY_LAG = "entries show some minutes later; the attempt may be older than the time window, or of another tenant"
_AGAIN = "run it again later, or with more hours; check the tenant that the package is for"
_NO_ATTEMPT = "the device is not joined and shows no failure, and the tenant has seen no attempt in the time window"
_NOT_APPLIED = "the package was not applied, or the attempt did not get as far as the tenant"
_APPLY = "apply the package, and look whether the device can reach the sign-in service (preflight)"


def _says(identity: str, device: Asked, observed: str, cause: str, fix: str, result: str = WARN) -> Finding:
    doc = DIAGNOSIS_DOCS[identity]
    return Finding(identity, result, observed, "tenant", device.name, None, cause, fix, doc)


def _topics(device: Asked) -> tuple[str, ...]:
    """What of settings can matter to a device: of one that is joined and enrolled nothing."""
    said = device.said
    if not said.answered:
        return (TO_JOIN, TO_ENROLL)
    if not said.joined:
        return (
            (TO_JOIN, TO_ENROLL)
            if any(one.failed and one.subject == TO_ENROLL for one in said.findings)
            else (TO_JOIN,)
        )
    return () if said.enrolled else (TO_ENROLL,)

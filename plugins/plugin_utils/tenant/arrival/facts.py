# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one round knows of a device: from the tenant, and what the playbook knows from the device itself.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import datetime
import typing as t
from collections.abc import Sequence

from ...options import is_guid
from ...result import Failure
from ..because import reason, unknown_because
from ..devices.directory_device import instant
from ..devices.unread import OF_THE_CALLER
from ..graph.failures import RequestFailure
from ..posture.compliance import Reasons
from ..posture.policy_states import PolicyState
from ..posture.run import Looked
from .reasons import NO_PRIMARY_USER, NOBODY_SIGNED_IN, NOT_READABLE, NOTHING_ASSIGNED, Reason, Verdict

IS_SAFE, GOES_ON = "protected", "encrypting"
#: The states of the system drive, as device_posture says them, in words.
DRIVE = {
    IS_SAFE: "the system drive is encrypted and protected",
    "suspended": "the protection of the system drive is suspended",
    "unprotected": "the system drive is encrypted, and its protection is off",
    "no_tpm": "the system drive is encrypted, and no protector uses the TPM",
    GOES_ON: "the encryption of the system drive goes on",
    "paused": "the encryption of the system drive is paused",
    "decrypting": "the system drive is being decrypted",
    "decrypted": "the system drive is not encrypted",
    "locked": "the system drive is locked",
}
#: What is concluded from something that is not there has to be so in so many rounds, one after the other.
SURE_AFTER = 3
#: A device syncs every three minutes for so long after its enrollment ("Refresh intervals of policies").
_AT_FIRST = datetime.timedelta(minutes=15)
#: A device that has synced for so long after its enrollment has got what is assigned to it.
_SETTLED = datetime.timedelta(hours=1)


@dataclasses.dataclass(frozen=True)
class Known:
    """An entry of the option ``device_states``."""

    encryption: str | None = None
    percentage: int | None = None
    restart_needed: bool | None = None
    signed_in: bool | None = None
    as_of: str | None = None

    @property
    def drive(self) -> str | None:
        """The system drive as a clause, with its percentage and when that was read."""
        if self.encryption is None:
            return None
        how_far = "" if self.percentage is None else f" ({self.percentage} %)"
        when = f", as of {self.as_of}" if self.as_of else ""
        return f"{DRIVE[self.encryption]}{how_far}{when}"


NOTHING_KNOWN = Known()


def known_of(entries: Sequence[dict[str, t.Any]]) -> dict[str, Known]:
    """The entries by device id. Ids come from devices: one that is none keeps nobody from the others."""
    return {
        entry["device_id"].lower(): Known(
            entry["encryption"] if entry["encryption"] in DRIVE else None,
            entry["encryption_percentage"],
            entry["restart_needed"],
            entry["signed_in"],
            entry["as_of"],
        )
        for entry in entries
        if is_guid(entry["device_id"])
    }


@dataclasses.dataclass
class Facts:
    """``reasons``, ``states`` and ``report`` are None where they were not asked for in this round."""

    device: Looked
    known: Known = NOTHING_KNOWN
    reasons: Reasons | RequestFailure | None = None
    states: list[PolicyState] | RequestFailure | None = None
    report: list[dict[str, t.Any]] | RequestFailure | None = None

    @property
    def record(self) -> dict[str, t.Any] | None:
        """Intune's record as directory_posture shows it."""
        return self.device.shown.get("intune")

    @property
    def entra_compliant(self) -> bool | None:
        """What Entra says about compliance."""
        entra = self.device.shown.get("entra")
        return None if entra is None else entra["compliant"]

    def _since_enrollment(self) -> datetime.timedelta | None:
        record = self.record or {}
        enrolled, synced = instant(record.get("enrolled")), instant(record.get("last_sync"))
        return None if enrolled is None or synced is None else synced - enrolled

    @property
    def has_synced(self) -> bool:
        """Whether the device has synced often enough for policies of its own: membership in groups takes its time."""
        since = self._since_enrollment()
        return since is not None and since >= _AT_FIRST

    @property
    def is_settled(self) -> bool:
        """Whether that has gone on for long enough for everything to have come."""
        since = self._since_enrollment()
        return since is not None and since >= _SETTLED

    def nothing_came(self, seen: str, otherwise: Reason = NOTHING_ASSIGNED) -> Verdict:
        """No policy has come for the device: whether one still can. ``seen`` is a clause."""
        if self.known.signed_in is False:
            when = f", as of {self.known.as_of}" if self.known.as_of else ""
            told = f"{seen}, and nobody has signed in to the device{when}"
            return Verdict(False, NOBODY_SIGNED_IN, told, SURE_AFTER if self.has_synced else None)
        if self.device.shown.get("has_primary_user") is False and self.known.signed_in is None:
            told = f"{seen}, and the device has no primary user"
            return Verdict(False, NO_PRIMARY_USER, told, SURE_AFTER if self.has_synced else None)
        if self.is_settled:
            return Verdict(False, NOTHING_ASSIGNED, seen, SURE_AFTER)
        return Verdict(False, otherwise, seen)


def not_readable(what: str, failure: Failure, before: str = "") -> Verdict:
    """What could not be read: ``what`` is a noun phrase. A refusal because of who asks stays, and so
    does one to sign in."""
    if isinstance(failure, RequestFailure):
        final = failure.status in OF_THE_CALLER
    else:  # Of a sign-in.
        final = failure.error["side"] != "network"
    told = dataclasses.replace(NOT_READABLE, why="", fix=str(failure.error["fix"]), side=str(failure.error["side"]))
    return Verdict(
        None,
        told,
        f"{before}{unknown_because(what, reason(failure))}",
        1 if final else None,
        permissions=tuple(failure.error["permissions"]),
    )

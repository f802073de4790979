# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first synchronization of an enrollment, by device and by user, and the settings of its Enrollment Status Page.

Sources: Microsoft, "Understand and troubleshoot the Enrollment Status Page" (values of ``FirstSync``); DMClient CSP,
FirstSyncStatus (SkipDeviceStatusPage, BlockInStatusPage, TimeOutUntilSyncFailure in minutes); public scripts that read
``IsSyncDone`` of a user.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import re
import typing as t

from . import operations as op
from .answers import Answer
from .reading import Key, Unreadable, plain_id

_ENROLLMENTS = r"SOFTWARE\Microsoft\Enrollments"
DEVICE_SETUP, ACCOUNT_SETUP = "device_setup", "account_setup"
#: What the page may offer when it gives up, by the bit of BlockInStatusPage.
OPTIONS_ON_FAILURE = ((1, "reset"), (2, "try_again"), (4, "continue_anyway"))
_VALUES = (
    "ProviderID",
    "UPN",
    "IsSyncDone",
    "SkipDeviceStatusPage",
    "SkipUserStatusPage",
    "SyncFailureTimeout",
    "BlockInStatusPage",
)
OBSERVATIONS = {"first_sync": op.registry_read(_ENROLLMENTS, depth=3, names=_VALUES)}
_INTUNE = "MS DM Server"
_SKIPS = (("SkipDeviceStatusPage", DEVICE_SETUP), ("SkipUserStatusPage", ACCOUNT_SETUP))
_SID = re.compile(r"S-1-(?:[0-9]{1,10}-){1,14}[0-9]{1,10}", re.IGNORECASE)
#: Accounts by which a device enrolls itself: those of a deployment without a user, and of a provisioning package.
_NOBODY = re.compile(r"(?:foouser|package_[0-9a-f-]{36})@", re.IGNORECASE)
Read = t.TypeVar("Read")


class Told:
    """Reads values, and keeps a sentence for each that could not be read."""

    def __init__(self) -> None:
        self.refused: list[str] = []

    def of(self, read: t.Callable[..., Read], *what: str) -> Read | None:
        """What a read of ``what`` says, None where it could not be made."""
        try:
            return read(*what)
        except Unreadable as exc:
            self.refused.append(str(exc))
            return None


def first_sync(answer: Answer, told: Told) -> dict[str, t.Any] | None:
    """``{enrollment_id, userless, device_done, users: [{sid, done}], skips, timeout_minutes, options_on_failure}`` of
    an answer to OBSERVATIONS; None where no enrollment has a first synchronization, or none could be read.

    Of several enrollments it is Intune's. ``device_done`` is None where the device does not say it, and so is what
    could not be read; a user for whom nothing says that it has ended is not done.
    """
    found = told.of(lambda: [_of(name, key, told) for name, key in _enrollments(answer)])
    return min(found or (), key=lambda item: item.pop("rank"), default=None)


def _enrollments(answer: Answer) -> t.Iterator[tuple[str, Key]]:
    """(id, key) of each enrollment with a first synchronization. Windows' own keys, which are closed, have none."""
    for name, key in answer["first_sync"].key().children():
        if not key.refused and (key.child("FirstSync").refused or key.child("FirstSync").exists):
            yield plain_id(name), key


def _of(enrollment_id: str, key: Key, told: Told) -> dict[str, t.Any]:
    first = key.child("FirstSync")
    upn = told.of(key.text, "UPN")
    bits = told.of(first.number, "BlockInStatusPage")
    return {
        "rank": 0 if told.of(key.text, "ProviderID") == _INTUNE else 1,
        "enrollment_id": enrollment_id,
        "userless": upn is not None and (not upn.strip() or bool(_NOBODY.match(upn.strip()))),
        "device_done": told.of(lambda: _flag(first, "IsSyncDone")),
        "users": told.of(lambda: [_user(sid, user, told) for sid, user in first.children() if _SID.fullmatch(sid)]),
        "skips": told.of(lambda: [phase for name, phase in _SKIPS if first.number(name)]),
        "timeout_minutes": told.of(first.number, "SyncFailureTimeout"),
        "options_on_failure": None if bits is None else [name for bit, name in OPTIONS_ON_FAILURE if bits & bit],
    }


def _user(sid: str, user: Key, told: Told) -> dict[str, t.Any]:
    refused = len(told.refused)
    done = told.of(lambda: _flag(user, "IsSyncDone"))
    return {"sid": sid, "done": None if len(told.refused) > refused else bool(done)}


def _flag(key: Key, name: str) -> bool | None:
    number = key.number(name)
    return None if number is None else number != 0

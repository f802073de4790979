# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tenant's logs: one question over the time window for all devices, paced, bounded in rows and in time.

Sources: Microsoft Graph (beta), "List signIns" (``signInEventTypes``; without it interactive ones alone are listed),
"List directoryAudits" (``activityDateTime``), "List enrollmentTroubleshootingEvents"; "Microsoft Graph
service-specific throttling limits" (identity and access reports: 5 requests in 10 seconds for an application in a
tenant).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import collections
import dataclasses
import datetime
import typing as t
from collections.abc import Iterable

from ..devices.directory_device import instant
from ..graph import odata
from ..graph.client import GraphClient
from ..graph.errors import Permissions, Purpose
from ..graph.failures import RequestFailure
from ..graph.fields import Kind
from .findings import AUDITS_UNREAD, ENROLLMENTS_UNREAD, SIGN_INS_UNREAD
from .kinds import AUDIT_KIND, ENROLLMENT_EVENT_KIND, SIGN_IN_KIND, or_odd
from .window import in_utc

LOG_PAGE = 500
#: The service answers so many requests for logs in so many seconds.
MOST_REQUESTS, REQUEST_SECONDS = 5, 10.0
#: Of a filter: with more names it would be too long for an address.
MOST_IN_FILTER = 15
#: Users that hold bulk tokens are named so.
PACKAGE_PREFIX = "package_"
_KINDS_OF_SIGN_INS = "signInEventTypes/any(t: t eq 'interactiveUser' or t eq 'nonInteractiveUser')"
_AUDITS = Permissions.same("AuditLog.Read.All")
Row = dict[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Log:
    """One log: ``name`` as the option ``questions`` has it, ``noun`` in sentences, ``time`` the field of its rows."""

    name: str
    identity: str
    noun: str
    path: str
    version: str
    time: str
    kind: Kind
    needs: Permissions
    filter: str = ""

    @property
    def purpose(self) -> Purpose:
        return Purpose(f"read {self.noun}", self.needs)


SIGN_INS = Log(
    "sign_ins",
    SIGN_INS_UNREAD,
    "the sign-ins",
    "/auditLogs/signIns",
    "beta",
    "createdDateTime",
    SIGN_IN_KIND,
    _AUDITS,
    _KINDS_OF_SIGN_INS,
)
AUDITS = Log(
    "audits",
    AUDITS_UNREAD,
    "the audits of registrations",
    "/auditLogs/directoryAudits",
    "v1.0",
    "activityDateTime",
    AUDIT_KIND,
    _AUDITS,
    "(loggedByService eq 'Device Registration Service' or activityDisplayName eq 'Delete device')",
)
ENROLLMENT_FAILURES = Log(
    "enrollment_failures",
    ENROLLMENTS_UNREAD,
    "Intune's enrollment failures",
    "/deviceManagement/troubleshootingEvents",
    "v1.0",
    "eventDateTime",
    ENROLLMENT_EVENT_KIND,
    Permissions.same("DeviceManagementManagedDevices.Read.All"),
)
LOGS = (SIGN_INS, AUDITS, ENROLLMENT_FAILURES)


class _OutOfTime(Exception):
    """No time is left to wait for the next page."""


@dataclasses.dataclass
class LogRead:
    """What was read of a log: ``rows`` by id, and why it could not be read, or why not to its end."""

    log: Log
    rows: dict[str, Row] = dataclasses.field(default_factory=dict)
    failure: RequestFailure | None = None
    cut: str | None = None
    read: bool = False
    short: str | None = None
    odd: int = 0

    @property
    def complete(self) -> bool:
        return self.failure is None and self.cut is None

    def moment(self, row: Row) -> datetime.datetime | None:
        return instant(row.get(self.log.time))

    def as_dict(self) -> dict[str, t.Any]:
        """As the module returns it."""
        if self.failure is not None:
            return {"log": self.log.name, "read": None, "complete": None, "oldest": None}
        times = [moment for row in self.rows.values() if (moment := self.moment(row)) is not None]
        oldest = in_utc(min(times)) if times else None
        return {"log": self.log.name, "read": len(self.rows), "complete": self.complete, "oldest": oldest}


class Reader:
    """Reads logs, not faster than the service answers. ``users`` are those of the devices, empty for everybody."""

    def __init__(self, client: GraphClient, users: Iterable[str], most: int) -> None:
        self._client = client
        self._users = list(users)
        self._most = most
        self._asked: collections.deque[float] = collections.deque(maxlen=MOST_REQUESTS)
        self._told = False

    def read(self, log: Log, since: datetime.datetime) -> LogRead:
        """The rows of a log from a time on, the newest first."""
        came = LogRead(log)
        self.more(came, since)
        return came

    def more(self, came: LogRead, since: datetime.datetime) -> int:
        """Read again from a time on, and add what is new: how many rows. A log that could not be read stays so."""
        log, before = came.log, len(came.rows)
        if came.failure is not None:
            return 0
        query: dict[str, str | int | bool] = {"$filter": self._filter(log, since)}
        if log.version == "beta" or log is AUDITS:
            query |= {"$orderby": f"{log.time} desc", "$top": min(LOG_PAGE, self._most)}
        came.odd = 0
        again, came.read, came.cut = came.read, True, None
        read = 0
        rows = self._client.list(
            log.path, log.purpose, query, log.version, kind=or_odd(log.kind), before_page=lambda: self._pace(log, read)
        )
        try:
            for row in rows:
                if read >= self._most:
                    came.cut = f"{log.noun}: the newest {self._most} were read, and there are more (max_rows)"
                    break
                read += 1
                if "id" not in row:
                    came.odd += 1
                    continue
                moment = came.moment(row)
                if moment is None or moment >= since:
                    came.rows[row["id"].lower()] = row
        except RequestFailure as failed:
            # Of a log nothing may be concluded from some pages, but what was found in them was there.
            if read == 0 and not again:
                came.failure = failed
            else:
                came.cut = f"{log.noun}: {read} were read, and then no more ({failed.error['cause']})"
        except _OutOfTime:
            came.cut = f"{log.noun}: the newest {read} were read, and then the time was up (timeout)"
        if came.odd and came.cut is None:
            came.cut = f"{log.noun}: {came.odd} entries are not of the form that Microsoft documents, and do not count"
        # What the first reading did not come to is not read by later ones, which begin later.
        came.short = came.short if again else came.cut
        came.cut = came.short or came.cut
        return len(came.rows) - before

    def _filter(self, log: Log, since: datetime.datetime) -> str:
        parts = [f"{log.time} ge {in_utc(since)}"]
        parts += [log.filter] if log.filter else []
        if log is SIGN_INS and self._users:
            named = [odata.equals("userPrincipalName", user) for user in self._users if user != PACKAGE_PREFIX]
            prefix = [f"startswith(userPrincipalName,{odata.literal(PACKAGE_PREFIX)})"]
            some = named + (prefix if PACKAGE_PREFIX in self._users else [])
            parts.append(some[0] if len(some) == 1 else f"({' or '.join(some)})")
        return " and ".join(parts)

    def _pace(self, log: Log, read: int) -> None:
        """Before each page. Intune has other limits."""
        if log is ENROLLMENT_FAILURES:
            return
        waits = self._client.waits
        if len(self._asked) == MOST_REQUESTS:
            seconds = self._asked[0] + REQUEST_SECONDS - waits.clock()
            if seconds > 0:
                self._tell(log, read)
                if not waits.wait(seconds, f"the logs are read as fast as the service answers ({log.noun}: {read})"):
                    raise _OutOfTime
        self._asked.append(waits.clock())

    def _tell(self, log: Log, read: int) -> None:
        """Say once how long it may take: nobody knows how many rows there are."""
        if self._told:
            return
        self._told = True
        pages = -(-max(0, self._most - read) // LOG_PAGE)
        seconds = int(pages * REQUEST_SECONDS / MOST_REQUESTS)
        self._client.waits.tell(
            f"{log.noun}: {read} were read; up to {pages} more requests in about {seconds} s, as far as there are more"
        )


def narrowed(users: Iterable[str | None]) -> list[str]:
    """Whose sign-ins are asked for: these users, and with one that nobody knows all package users. Empty for everybody,
    where they are too many for one question."""
    named = list(dict.fromkeys(PACKAGE_PREFIX if user is None else user for user in users))
    return named if len(named) <= MOST_IN_FILTER else []

# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A tenant that answers one question, look or deletion as a troubled service does, and all others well."""

from __future__ import annotations

import copy
import typing as t
from collections.abc import Callable

import httpx

from .fake_graph import ROOT, error
from .tenant_graph import TenantGraph

INTUNE = "deviceManagement/managedDevices"
AUTOPILOT = "deviceManagement/windowsAutopilotDeviceIdentities"
KEYS, LAPS = "informationProtection/bitlocker/recoveryKeys", "directory/deviceLocalCredentials"
LATE = error(429, "TooManyRequests", headers={"Retry-After": "1000"})
EXPIRED = error(400, "Directory_ExpiredPageToken", "The specified page token value has expired.")
Answer = t.Any
EMPTY = object()


def ok(body: t.Any) -> httpx.Response:
    return httpx.Response(200, json=body)


def empty_page(path: str, number: int) -> httpx.Response:
    return ok({"value": [], "@odata.nextLink": f"{ROOT}/v1.0/{path}?$skiptoken=later-{number}"})


class TroubledGraph(TenantGraph):
    """``trouble`` is the answer to each request for which ``where`` is true of (label, query), ``later`` that to each
    page behind it: a Response, an exception, EMPTY for an empty page with a next link, or None for the real answer."""

    def __init__(self) -> None:
        super().__init__()
        self.where: Callable[[str, dict], bool] | None = None
        self.trouble: Answer = None
        self.later: Answer = None
        self.later_once: list[Answer] = []
        self._first: list[tuple] = []

    def _answer(self, version, method, path, query, body, request):
        asked = (version, method, path, query, body, request)
        given = None
        if query.get("$skiptoken", "").startswith("later-"):
            number = int(query["$skiptoken"].removeprefix("later-"))
            given, asked = (self.later_once.pop() if self.later_once else self.later), self._first[number]
        elif self.where is not None and self.where(f"{method} {path}", query):
            self._first.append(asked)
            given, number = self.trouble, len(self._first) - 1
        if isinstance(given, Exception):
            raise given
        if given is None:
            return super()._answer(*asked)
        return empty_page(path, number) if given is EMPTY else copy.copy(given)

    def held(self, record: dict) -> list[bool]:
        """Whether Intune, Autopilot and the directory have the device, read past the product."""
        key = record["device_id"]
        return [
            any(
                row["azureADDeviceId"].lower() == key or row["id"] == record["intune_device_id"] for row in self.managed
            ),
            any(row["azureActiveDirectoryDeviceId"] == key for row in self.autopilot),
            any(row["deviceId"] == key for row in self.devices.values()),
        ]


#: A list that begins with a page that cannot be read (first, later): (answer, answer to the page behind it).
TROUBLES: dict[str, tuple[Answer, Answer]] = {
    "refused": (error(403, "Forbidden"), None),
    "broken": (error(500, "InternalServerError"), None),
    "throttled": (LATE, None),
    "a text": (ok("none"), None),
    "an odd object": (ok({"value": [{"id": 5}]}), None),
    "no list": (ok({}), None),
    "foreign link": (ok({"value": [], "@odata.nextLink": "https://evil.example/v1.0/x"}), None),
    "no link": (ok({"value": [], "@odata.nextLink": 5}), None),
    "page behind refused": (EMPTY, error(403, "Forbidden")),
    "page behind broken": (EMPTY, error(500, "InternalServerError")),
    "page behind throttled": (EMPTY, LATE),
    "page behind a text": (EMPTY, ok("none")),
    "page behind a login page": (EMPTY, httpx.Response(200, html="<html>Sign in</html>")),
    "page behind cut": (EMPTY, httpx.ReadError("cut")),
    "page behind late": (EMPTY, httpx.ReadTimeout("late")),
    "page behind in a circle": (EMPTY, EMPTY),
    "page behind expired": (EMPTY, EXPIRED),
}
#: Of one object: a look at it, or its deletion.
SINGLE: dict[str, Answer] = {
    "refused": error(403, "Forbidden"),
    "broken": error(500, "InternalServerError"),
    "throttled": LATE,
    "locked": error(423, "Locked"),
}


def make_trouble(graph: TroubledGraph, path: str, name: str, of: str = "") -> None:
    """This trouble with each list at the path whose question names ``of``."""
    first, later = TROUBLES[name]
    graph.where = lambda label, query: label == f"GET {path}" and of in query.get("$filter", "")
    graph.trouble, graph.later = first, later

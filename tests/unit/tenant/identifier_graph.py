# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A tenant with corporate identifiers."""

from __future__ import annotations

import httpx

from .device_graph import DeviceGraph
from .fake_graph import _gone, _page, error, guid

LIST = "importDeviceIdentityList"


class IdentifierGraph(DeviceGraph):
    """``bad`` are models that the service refuses, with the whole request."""

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[str, str] = {}
        self.bad: set[str] = set()
        self.parts: list[int] = []

    def _routes(self):
        path = "deviceManagement/importedDeviceIdentities"
        return [
            (f"GET {path}", lambda q, b: _page([self._identifier(one) for one in self.held])),
            (f"POST {path}/{LIST}", lambda q, b: self._take_identifiers(b)),
            (rf"DELETE {path}/([0-9a-f-]{{36}})", lambda q, b, one: _gone(self._drop_identifier(one))),
            *super()._routes(),
        ]

    def _identifier(self, text: str) -> dict:
        return {
            "id": self.held.get(text, guid(text)),
            "importedDeviceIdentifier": text,
            "importedDeviceIdentityType": "manufacturerModelSerial",
            "enrollmentState": "notContacted",
        }

    def _take_identifiers(self, body) -> httpx.Response:
        texts = [row["importedDeviceIdentifier"] for row in body["importedDeviceIdentities"]]
        self.parts.append(len(texts))
        if any(text.split(",")[1] in self.bad for text in texts):
            return error(400, "BadRequest", "One of them.")
        new = [text not in self.held for text in texts]
        self.held |= {text: guid(text) for text in texts}
        return _page([{**self._identifier(text), "status": status} for text, status in zip(texts, new)])

    def _drop_identifier(self, identity):
        return next((self.held.pop(text) for text, one in list(self.held.items()) if one == identity), None)

# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of certificates."""

from __future__ import annotations

from pathlib import Path

from .base import Case, Scene


def rows(_scratch: Path) -> list[Case]:
    return [
        Case(
            "certificates",
            {"store": "My", "issuers": ["ms-organization-access"]},
            lambda v: (
                v["certificates"]
                == [
                    {
                        "thumbprint": "AA" * 20,
                        "subject": "CN=device",
                        "issuer": "CN=MS-Organization-Access",
                        "has_private_key": True,
                        "not_before": "2026-01-02T03:04:05.000Z",
                        "not_after": "2036-01-02T03:04:05.000Z",
                    }
                ]
            ),
        ),
        Case("certificates", {"store": "My", "issuers": []}, lambda v: len(v["certificates"]) == 5),
        Case("certificates", {"store": "My", "issuers": ["nobody"]}, lambda v: v["certificates"] == []),
        Case("certificates", {"store": "Missing", "issuers": []}, lambda v: v["certificates"] == []),
        Case("certificates", {"store": "Denied", "issuers": []}, error="CryptographicException", hresult=-2147024891),
    ]


SCENES = [Scene("certificates", rows)]

# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refusals of the token endpoint, in the form that Entra gives them.

Microsoft, "Microsoft Entra authentication & authorization error codes"; wording from public issue threads.
"""

from __future__ import annotations

import datetime
import re
import typing as t
import uuid

#: Codes whose ``error`` is not invalid_request.
ERRORS = {
    "AADSTS7000215": "invalid_client",
    "AADSTS7000222": "invalid_client",
    "AADSTS700027": "invalid_client",
    "AADSTS700021": "invalid_client",
    "AADSTS700023": "invalid_client",
    "AADSTS700024": "invalid_client",
    "AADSTS50027": "invalid_client",
    "AADSTS700213": "invalid_client",
    "AADSTS700212": "invalid_client",
    "AADSTS5000814": "invalid_client",
    "AADSTS7000218": "invalid_client",
    "AADSTS7000216": "invalid_client",
    "AADSTS700016": "unauthorized_client",
    "AADSTS50034": "invalid_grant",
    "AADSTS500011": "invalid_resource",
    "AADSTS70016": "authorization_pending",
    "AADSTS70020": "expired_token",
    "AADSTS70018": "bad_verification_code",
    "AADSTS9002313": "invalid_grant",
    "AADSTS65001": "invalid_grant",
    "AADSTS50076": "interaction_required",
    "AADSTS53003": "access_denied",
    "AADSTS70011": "invalid_scope",
    "AADSTS70003": "unsupported_grant_type",
    "AADSTS1002012": "invalid_scope",
    "AADSTS50057": "invalid_grant",
    "AADSTS7000112": "unauthorized_client",
    "AADSTS90033": "temporarily_unavailable",
}
STATUS = {"invalid_client": 401, "temporarily_unavailable": 503}


class OAuthError(Exception):
    """``code`` is an AADSTS code, ``error`` the OAuth one that belongs to it."""

    def __init__(self, code: str, message: str, error: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.error = error or ERRORS.get(code, "invalid_request")
        self.message = message

    @property
    def status(self) -> int:
        return STATUS.get(self.error, 400)

    def body(self, now: datetime.datetime, correlation: str | None = None) -> dict[str, t.Any]:
        trace, correlation = str(uuid.uuid4()), correlation or str(uuid.uuid4())
        stamp = f"{now:%Y-%m-%d %H:%M:%SZ}"
        return {
            "error": self.error,
            "error_description": f"{self.code}: {self.message} Trace ID: {trace} Correlation ID: {correlation} "
            f"Timestamp: {stamp}",
            "error_codes": [int(re.sub(r"\D", "", self.code))],
            "timestamp": stamp,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": "https://login.microsoftonline.com/error?code=" + self.code.removeprefix("AADSTS"),
        }

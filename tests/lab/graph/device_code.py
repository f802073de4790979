# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sign-ins with a device code: the lab's user approves after a number of polls, or declines, or lets them expire."""

from __future__ import annotations

import base64
import dataclasses
import json
import secrets
import typing as t

from ..tenant import Tenant
from .oauth_errors import OAuthError

LIFETIME = 900


@dataclasses.dataclass
class Waiting:
    """A code that was given out. ``polls`` are left before the user has signed in."""

    client_id: str
    user_id: str
    scope: str
    polls: int
    outcome: str
    expires: float


class SignIns:
    """``user`` (a user principal name; by default the tenant's administrator) approves after ``polls`` polls.

    ``outcome``: approve, decline or expire; ``interval``: seconds between polls, which the client is told.
    """

    def __init__(self, clock: t.Callable[[], float]) -> None:
        self.user: str | None = None
        self.polls = 1
        self.outcome = "approve"
        self.interval = 1
        self._clock = clock
        self._codes: dict[str, Waiting] = {}
        self._refresh: dict[str, tuple[str, str, str]] = {}

    def begin(self, tenant: Tenant, client_id: str, scope: str, origin: str) -> dict[str, t.Any]:
        upn = self.user or f"admin@{tenant.domains[0]}"
        user = tenant.user(upn)
        if user is None:
            raise OAuthError("AADSTS50034", f"The user account {upn} does not exist in the {tenant.name} directory.")
        code, shown = secrets.token_urlsafe(48), secrets.token_hex(5)[:9].upper()
        self._codes[code] = Waiting(client_id, user["id"], scope, self.polls, self.outcome, self._clock() + LIFETIME)
        page = f"{origin}/devicelogin"
        return {
            "user_code": shown,
            "device_code": code,
            "verification_uri": page,
            "expires_in": LIFETIME,
            "interval": self.interval,
            "message": f"To sign in, use a web browser to open the page {page} and enter the code {shown} to "
            "authenticate.",
        }

    def redeem(self, code: str, client_id: str) -> Waiting:
        """The sign-in behind a code once the user has approved; OAuthError before and otherwise."""
        waiting = self._codes.get(code)
        if waiting is None or waiting.client_id != client_id:
            raise OAuthError("AADSTS70018", "Invalid verification code.")
        if waiting.expires <= self._clock() or waiting.outcome == "expire":
            raise OAuthError(
                "AADSTS70020",
                "The provided value for the input parameter 'device_code' is not valid. This device code has expired.",
            )
        if waiting.polls > 0:
            waiting.polls -= 1
            raise OAuthError("AADSTS70016", "OAuth 2.0 device flow error. Authorization is pending. Continue polling.")
        if waiting.outcome == "decline":
            raise OAuthError("AADSTS65004", "User declined to consent to access the app.", "authorization_declined")
        return self._codes.pop(code)

    def refresh_token(self, client_id: str, user_id: str, scope: str) -> str:
        token = "1.A" + secrets.token_urlsafe(60)
        self._refresh[token] = (client_id, user_id, scope)
        return token

    def refresh(self, token: str, client_id: str) -> tuple[str, str]:
        """(user id, scope) of a refresh token."""
        found = self._refresh.get(token)
        if found is None or found[0] != client_id:
            raise OAuthError("AADSTS9002313", "Invalid request. Request is malformed or invalid.")
        return found[1], found[2]

    @staticmethod
    def client_info(tenant_id: str, user_id: str) -> str:
        return base64.urlsafe_b64encode(json.dumps({"uid": user_id, "utid": tenant_id}).encode()).decode().rstrip("=")

# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access tokens: asked for once, renewed when refused, kept in a file only where the user wants it.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import base64
import contextlib
import json
import math
import os
import re
import stat
import time
import typing as t
from collections.abc import Callable
from pathlib import Path

from ...options import bad_option, is_guid
from ...report.writer import put
from ...result import Failure
from .answers import json_of
from .credentials import CredentialSettings
from .errors import Caller
from .sign_in import sign_in_errors, sign_in_failure
from .token_transport import TokenTransport

#: A token that ends within this many seconds is not used any more.
MARGIN_SECONDS = 120
# What may stand in a header.
_CLAIMS = re.compile(r'^bearer\b.*\bclaims="([^"]+)"', re.IGNORECASE)
_TOKEN = re.compile(r"[\x21-\x7e]{1,100000}")


class TokenFile:
    """One token in a private file, so that the tasks of a run share it. The directory is 0700, the file 0600."""

    def __init__(self, directory: str, fingerprint: str) -> None:
        self._directory = Path(directory)
        self._path = self._directory / f"{fingerprint}.json"
        self._require_private()

    def _require_private(self) -> None:
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            status = self._directory.lstat()
        except OSError as exc:
            raise bad_option(
                "token_cache", f"{self._directory} cannot be used: {exc.strerror}", "name a directory of your own"
            ) from None
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or stat.S_IMODE(status.st_mode) & 0o077:
            raise bad_option(
                "token_cache", f"others have access to {self._directory}", "name a directory of your own with mode 0700"
            )

    def load(self) -> tuple[str, float] | None:
        """(token, end as seconds since 1970); None where there is none that can be used."""
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW)
        except OSError:
            return None
        with open(descriptor, encoding="utf-8") as file:
            status = os.fstat(file.fileno())
            if status.st_uid != os.getuid() or stat.S_IMODE(status.st_mode) & 0o077:
                return None
            try:
                kept = json.load(file)
                token, expires_on = str(kept["token"]), float(kept["expires_on"])
            except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
                return None
            return (token, expires_on) if _TOKEN.fullmatch(token) and math.isfinite(expires_on) else None

    def save(self, token: str, expires_on: float) -> None:
        """Keep a token. A full disk does not fail the task."""
        with contextlib.suppress(OSError):
            put(str(self._path), json.dumps({"token": token, "expires_on": expires_on}))

    def forget(self) -> None:
        with contextlib.suppress(OSError):
            self._path.unlink()


class TokenSource:
    """The one token of a credential in this process. ``make`` builds the credential, and builds another for a new
    token: azure-identity keeps tokens inside a credential and would give the refused one again. ``way`` is the
    transport over which credentials ask."""

    def __init__(
        self,
        settings: CredentialSettings,
        make: Callable[[], t.Any],
        file: TokenFile | None = None,
        clock: Callable[[], float] = time.time,
        way: TokenTransport | None = None,
    ) -> None:
        self._settings = settings
        self._make = make
        self._file = file
        self._clock = clock
        self._way = way
        self._credential: t.Any = None
        self._token = ""
        self._expires_on = 0.0
        self._demanded: str | None = None

    def __repr__(self) -> str:
        return f"TokenSource({self._settings.kind})"

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be shown."""
        return (*self._settings.secrets, *((self._token,) if self._token else ()))

    def token(self) -> str:
        """The token. Failure, of side tenant, network or controller, where there is none."""
        claims = self._demanded
        if claims is None and self._usable():
            return self._token
        if claims is None and self._file is not None and not self._token:
            kept = self._file.load()
            if kept is not None:
                self._token, self._expires_on = kept
                if self._usable():
                    return self._token
        # Some credentials read variables, or start a program that does.
        with self._settings.environment.as_own():
            return self._asked_for(claims)

    def _asked_for(self, claims: str | None) -> str:
        if self._credential is None:
            self._credential = self._make()
        if self._way is not None:
            self._way.begin()
        try:
            given = self._credential.get_token(self._settings.scope, **({"claims": claims} if claims else {}))
            token, expires_on = given.token, float(given.expires_on)
            if not isinstance(token, str) or not _TOKEN.fullmatch(token) or not math.isfinite(expires_on):
                raise ValueError("what was given is not a token")
        except sign_in_errors() as exc:
            raise sign_in_failure(exc, self._settings.kind, self._way.status if self._way else None) from None
        self._token, self._expires_on, self._demanded = token, expires_on, None
        if self._file is not None:
            self._file.save(self._token, self._expires_on)
        return self._token

    def _usable(self) -> bool:
        return bool(self._token) and self._expires_on - MARGIN_SECONDS > self._clock()

    def renew(self, challenge: str = "") -> None:
        """Forget the token, because Graph refused it.

        ``challenge`` is the WWW-Authenticate of the refusal, of a request or of one in a batch: what it demands of a
        new token is asked for (continuous access evaluation).
        """
        expired = not self._usable()
        self._token, self._expires_on, self._demanded = "", 0.0, demanded(challenge)
        if self._file is not None:
            self._file.forget()
        # A user's credential whose token merely ended, or lacks a claim, renews it silently; a new one would ask for a
        # new sign-in.
        if not ((expired or self._demanded) and self._settings.delegated):
            self._credential = None

    def signed_in(self) -> tuple[str | None, str | None]:
        """The ids of the tenant and of the application that the token speaks for, as far as it can be read; a hint,
        too."""
        claims = _claims(self._token) or {}
        tenant_id, client_id = (
            value.lower() if isinstance(value, str) and is_guid(value) else None
            for value in (claims.get("tid"), claims.get("appid"))
        )
        return tenant_id, client_id

    def caller(self) -> Caller:
        """Who the token speaks for, as far as it can be read. Graph's tokens are opaque by contract: a hint, no
        proof."""
        claims = _claims(self._token)
        if claims is None:
            return Caller(self._settings.delegated, None, self._settings.client_id)
        named = claims.get("appid")
        client_id = self._settings.client_id or (named if isinstance(named, str) else None)
        if "scp" in claims:
            return Caller(True, frozenset(str(claims["scp"]).split()), client_id)
        roles = claims.get("roles")
        if isinstance(roles, list):
            return Caller(bool(self._settings.delegated), frozenset(map(str, roles)), client_id)
        return Caller(self._settings.delegated, None, client_id)

    def tenant(self) -> str:
        """Which tenant it is, as far as that is known: its id in the token, else as the settings name it. A hint, as
        ``caller``."""
        named = (_claims(self._token) or {}).get("tid")
        return named if isinstance(named, str) else (self._settings.tenant_id or self._settings.client_id or "").lower()


def _claims(token: str) -> dict | None:
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json_of(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return None
    return claims if isinstance(claims, dict) else None


def demanded(challenge: str) -> str | None:
    """The claims that Graph demands of a new token in a challenge (WWW-Authenticate), as azure-identity takes them;
    None where there are none that can be read.

    Source: Microsoft Entra, "Claims challenges, claims requests and client capabilities" (base64 of a JSON object).
    """
    found = _CLAIMS.search(challenge)
    if found is None:
        return None
    try:
        text = base64.b64decode(found.group(1) + "=" * (-len(found.group(1)) % 4), altchars=b"-_", validate=True)
        claims = json_of(text)
    except ValueError:
        return None
    return json.dumps(claims) if isinstance(claims, dict) else None


def require_delegated(source: TokenSource, settings: CredentialSettings, what: str, permission: str) -> None:
    """Failure where only a user may do this and the credential is an application's: before the first Graph call."""
    delegated = settings.delegated
    if delegated is None:
        source.token()
        delegated = source.caller().delegated
    if delegated is False:
        cause = f"Microsoft Graph lets only a signed-in user {what}; auth={settings.kind} signs in as an application"
        fix = (
            f"use auth=device_code with an application that has the delegated permission {permission}, and sign in "
            "as a Cloud Device Administrator"
        )
        raise Failure(
            f"{cause}; {fix}",
            side="controller",
            name="delegated_only",
            cause=cause,
            fix=fix,
            permissions=[permission],
            doc="https://learn.microsoft.com/graph/api/resources/mobilitymanagementpolicy",
        )

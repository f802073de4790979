# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who speaks on a connection: Basic (TLS only) and Negotiate/NTLM, as a host with AllowUnencrypted=false.

NTLM authenticates the TCP connection, not the request: one acceptor per connection, kept until it closes.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

import spnego
from spnego.exceptions import SpnegoError

from ..host import Host

_NTLMSSP = b"NTLMSSP\0"


class Refused(Exception):
    """The request is not authenticated; `challenges` are the WWW-Authenticate values of the 401."""

    def __init__(self, *challenges: str) -> None:
        super().__init__("401")
        self.challenges = challenges


class AccountFiles:
    """NTLM account files, one per host, in a private directory.

    The acceptor of pyspnego reads names and passwords from the file that NTLM_USER_FILE names, at the time of the
    handshake. Hosts have accounts of the same name with different passwords, so each host has its own file, written
    when it is first needed and again when the accounts have changed. The variable is set around each step; a step is
    one synchronous call, so that no other connection can come in between.
    """

    def __init__(self) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="winops-lab-")  # mode 0700
        self._written: dict[str, dict[str, str]] = {}
        self._number: dict[str, int] = {}

    def close(self) -> None:
        """Delete every file."""
        self._directory.cleanup()

    def use(self, host: Host) -> None:
        """Make the accounts of this host those of the next step of an acceptor."""
        number = self._number.setdefault(host.name, len(self._number))
        path = Path(self._directory.name, f"{number}.accounts")
        accounts = {**host.accounts, "": host.hostname}
        if self._written.get(host.name) != accounts:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.writelines(_lines(host.accounts, host.hostname))
            self._written[host.name] = accounts
        os.environ["NTLM_USER_FILE"] = str(path)


def _lines(accounts: Mapping[str, str], hostname: str) -> list[str]:
    # A machine outside a domain looks every name up among its own accounts, whatever domain the client wrote; the
    # forms that clients send for a local account are these.
    for name, password in accounts.items():
        if ":" in name or ":" in password or "\n" in password:
            raise ValueError(f"account {name}: the NTLM account file cannot hold a colon or a line end in a password")
    domains = ("", ".", hostname)
    return [f"{domain}:{name}:{accounts[name]}\n" for name in accounts for domain in domains]


class Connection:
    """Authentication state of one TCP connection to a host."""

    def __init__(self, host: Host, tls: bool, files: AccountFiles) -> None:
        self._host = host
        self._tls = tls
        self._files = files
        self._acceptor: spnego.ContextProxy | None = None
        self._scheme = ""
        self.account = ""
        self.method = ""

    @property
    def sealer(self) -> spnego.ContextProxy | None:
        """The context that seals messages, once NTLM is complete."""
        return self._acceptor if self.method == "ntlm" else None

    def authenticate(self, authorization: str) -> str:
        """Take the Authorization header of a request; return a WWW-Authenticate value for the answer (may be empty).

        Raises Refused (status 401) while the request may not be served.
        """
        scheme, _rest, value = authorization.partition(" ")
        scheme = scheme.lower()
        if scheme == "basic":
            return self._basic(value)
        if scheme in {"negotiate", "ntlm"}:
            return self._negotiate(scheme, value)
        if self.method == "ntlm":
            return ""
        raise self.refusal()

    def refusal(self) -> Refused:
        """Forget who spoke and offer what this listener accepts."""
        self.account = self.method = ""
        self._acceptor = None
        return Refused("Negotiate", 'Basic realm="WSMAN"') if self._tls else Refused("Negotiate")

    def _basic(self, value: str) -> str:
        if not self._tls:  # AllowUnencrypted=false: no passwords in the clear
            raise self.refusal()
        try:
            user, _rest, password = base64.b64decode(value, validate=True).decode("utf-8").partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise self.refusal() from None
        name = _local_name(user, self._host)
        expected = self._host.accounts.get(name)
        if expected is None or not hmac.compare_digest(expected.encode(), password.encode()):
            raise self.refusal()
        self.account, self.method = name, "basic"
        return ""

    def _negotiate(self, scheme: str, value: str) -> str:
        try:
            token = base64.b64decode(value, validate=True)
        except binascii.Error:
            raise self.refusal() from None
        self._files.use(self._host)
        try:
            if self._acceptor is None or self._acceptor.complete:
                self.account = self.method = ""
                self._acceptor = _acceptor(token)
            answer = self._acceptor.step(token)
        except (SpnegoError, ValueError) as error:
            raise self.refusal() from error
        header = f"{scheme.capitalize()} {base64.b64encode(answer).decode()}" if answer else ""
        if not self._acceptor.complete:
            raise Refused(header)
        self.account, self.method = _local_name(self._acceptor.client_principal or "", self._host), "ntlm"
        return header


def _acceptor(token: bytes) -> spnego.ContextProxy:
    # requests-ntlm puts bare NTLM messages into "Negotiate", others wrap them in SPNEGO.
    if token.startswith(_NTLMSSP):
        return spnego.server(protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm)
    return spnego.server(protocol="negotiate", options=spnego.NegotiateOptions.use_negotiate)


def _local_name(user: str, host: Host) -> str:
    """The account as the host spells it; the text itself where there is none."""
    domain, separator, name = user.rpartition("\\")
    if separator and domain.lower() not in {"", ".", host.hostname.lower()}:
        return user
    return next((known for known in host.accounts if known.lower() == name.lower()), name)

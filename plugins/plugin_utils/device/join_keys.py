# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keys that joins leave in the registry, the certificates that belong to them, and which of them is the join.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import re

from ..options import is_guid
from .answers import Result
from .dsregcmd_status import Status
from .reading import Key, known

DEVICE_CERTIFICATE_ISSUER = "MS-Organization-Access"
_THUMBPRINT = re.compile("[0-9A-Fa-f]{40}")


@dataclasses.dataclass(frozen=True)
class JoinKey:
    """One key below CloudDomainJoin\\JoinInfo: named by the thumbprint of its certificate, or by the id of the device,
    which is the certificate's subject.

    Windows looks for the first and takes the second where that is not there (dsreg.dll's own trace: "Using registry key
    based on device ID"); inventory scripts of Windows 365 and others read both. ``certificate`` is None where there is
    none, or the certificates could not be read.
    """

    name: str
    info: Key
    certificate: dict | None = None

    @property
    def thumbprint(self) -> str | None:
        """Its certificate's; where that is not there, the name if it is one."""
        own = self.name if _THUMBPRINT.fullmatch(self.name) else None
        return self.certificate["thumbprint"] if self.certificate else own

    @property
    def device_id(self) -> str | None:
        """The name, where the device's id is the name."""
        return self.name.lower() if is_guid(self.name) else None

    def is_named_by(self, status: Status) -> bool | None:
        """Whether it is the join that dsregcmd prints; None where that prints nothing by which one could tell."""
        for own, said in ((self.thumbprint, status.text("Thumbprint")), (self.device_id, status.text("DeviceId"))):
            if own and said:
                return own.lower() == said.lower()
        return None


@dataclasses.dataclass(frozen=True)
class JoinKeys:
    """The keys below CloudDomainJoin\\JoinInfo.

    Their order is that of their names, so it says nothing: ``live`` is the one that the other witnesses speak for, None
    where there is none or nobody can tell. ``stale`` are those that surely are not the join, None where nobody can
    tell.
    """

    all: list[JoinKey]
    live: JoinKey | None
    stale: list[JoinKey] | None

    @property
    def say_joined(self) -> bool:
        """Whether the registry speaks for a join: not where all that it holds is stale."""
        return bool(self.all) and self.stale != self.all


def judged_keys(root: Key, certificates: Result, status: Status) -> JoinKeys:
    """Which key of JoinInfo is the join: the one whose certificate is there, or where that leaves several or none, the
    one that dsregcmd names.

    ``root`` is the key CloudDomainJoin. Raises Refused where it was refused.
    """
    issued = known(lambda: device_certificates(certificates)) or []
    keys = [
        JoinKey(name, info, _certificate_of(name, issued, status)) for name, info in root.child("JoinInfo").children()
    ]
    found = [key for key in keys if key.certificate]
    if keys and not found and all(key.is_named_by(status) is False for key in keys):
        # dsregcmd names another join than any of these; where that one's certificate is there, nothing speaks for them.
        return JoinKeys(keys, None, keys if named_certificate(issued, status) else None)
    found = _of_one_certificate(found) or keys
    if len(found) > 1:
        found = _among_named(status, found)
    if len(found) != 1:
        return JoinKeys(keys, None, None if keys else [])
    return JoinKeys(keys, found[0], [key for key in keys if key is not found[0]])


def _certificate_of(name: str, issued: list[dict], status: Status) -> dict | None:
    """The certificate that a key's name says: by its thumbprint, else by its subject. A device that was registered
    again under its id may have several of these: the one that dsregcmd names, else the newest."""
    wanted = name.lower()
    own = [c for c in issued if c["thumbprint"].lower() == wanted]
    own = own or [c for c in issued if (common_name(c) or "").lower() == wanted]
    return named_certificate(own, status) or max(own, key=lambda c: c["not_before"], default=None)


def named_certificate(issued: list[dict], status: Status) -> dict | None:
    """Of these certificates the one that dsregcmd prints."""
    said = lower(status.text("Thumbprint"))
    return next((c for c in issued if c["thumbprint"].lower() == said), None)


def _of_one_certificate(keys: list[JoinKey]) -> list[JoinKey]:
    """Without those that share their certificate with a key of its thumbprint: that is the one which Windows takes."""
    by_thumbprint = {key.name.lower() for key in keys if not key.device_id}
    return [key for key in keys if not key.device_id or (key.thumbprint or "").lower() not in by_thumbprint]


def _among_named(status: Status, keys: list[JoinKey]) -> list[JoinKey]:
    """Those of the keys that dsregcmd names: the join itself, or where it prints none of them its tenant."""
    tenant_id = lower(status.text("TenantId"))
    found = [key for key in keys if key.is_named_by(status)]
    return found or [key for key in keys if tenant_id and tenant_of(key.info) == tenant_id]


def tenant_of(info: Key) -> str | None:
    """The tenant that a key of JoinInfo names, None where it names none or is closed."""
    return lower(known(lambda: info.text("TenantId")))


def device_certificates(certificates: Result) -> list[dict]:
    """Every certificate that device registration has issued to this device. Raises Refused."""
    return [c for c in certificates["certificates"] if DEVICE_CERTIFICATE_ISSUER in c["issuer"]]


def only_certificate(certificates: Result) -> dict | None:
    """The device certificate, None where there are several. Raises Refused."""
    issued = device_certificates(certificates)
    return issued[0] if len(issued) == 1 else None


def common_name(certificate: dict | None) -> str | None:
    """The common name of a certificate's subject, the device's id in its device certificate."""
    subject = certificate["subject"] if certificate else ""
    return next((part.strip()[3:] for part in subject.split(",") if part.strip().upper().startswith("CN=")), None)


def lower(text: str | None) -> str | None:
    return text.lower() if text else None

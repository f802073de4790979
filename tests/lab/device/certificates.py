# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates of the local machine: names and dates, and for those of a join a key pair and real bytes."""

from __future__ import annotations

import dataclasses
import datetime
import hashlib

from . import key_pairs

#: Names as the certificate provider prints them; DEVICE_ISSUER is documented in the Microsoft Entra device FAQ.
DEVICE_ISSUER = "DC=net + DC=windows + CN=MS-Organization-Access + OU=82dbaca4-3e81-46ca-9c73-0950c1eaca97"
P2P_ISSUER = "CN=MS-Organization-P2P-Access [{year}]"
MDM_ISSUER = "CN=Microsoft Intune MDM Device CA"


@dataclasses.dataclass(frozen=True)
class Certificate:
    """One certificate of a LocalMachine store. ``key``: the name of its key pair, empty where nobody needs one."""

    subject: str
    issuer: str
    not_before: datetime.datetime
    not_after: datetime.datetime
    has_private_key: bool = True
    store: str = "My"
    key: str = ""

    @property
    def der(self) -> bytes:
        """The certificate itself, of one that has a key pair."""
        return key_pairs.certificate(self.key, self.subject.removeprefix("CN="), self.not_before, self.not_after)

    @property
    def thumbprint(self) -> str:
        """Forty upper-case digits that are the same for the same names and dates."""
        if self.key:
            return hashlib.sha1(self.der, usedforsecurity=False).hexdigest().upper()
        text = f"{self.store}|{self.subject}|{self.issuer}|{self.not_before}|{self.not_after}"
        return hashlib.sha1(text.encode("utf-8"), usedforsecurity=False).hexdigest().upper()


def device_certificate(device_id: str, issued: datetime.datetime) -> Certificate:
    """The certificate of a join: valid for ten years from half an hour before it was issued."""
    start = issued.replace(microsecond=0)
    return Certificate(f"CN={device_id}", DEVICE_ISSUER, start - _MINUTES_30, _years(start, 10), key=device_id)


def p2p_certificate(device_id: str, tenant_id: str, issued: datetime.datetime) -> Certificate:
    """The peer-to-peer certificate of a joined device: one day."""
    start = issued.replace(microsecond=0)
    issuer = P2P_ISSUER.format(year=issued.year)
    return Certificate(f"CN={device_id}, DC={tenant_id}", issuer, start, start + datetime.timedelta(days=1))


def mdm_certificate(mdm_device_id: str, issued: datetime.datetime) -> Certificate:
    """The certificate of an Intune enrollment: one year."""
    start = issued.replace(microsecond=0)
    return Certificate(f"CN={mdm_device_id}", MDM_ISSUER, start, _years(start, 1))


def _root(name: str, first: int, last: int) -> Certificate:
    start, end = (datetime.datetime(year, 6, 23, 22, 4, 1, tzinfo=datetime.timezone.utc) for year in (first, last))
    return Certificate(name, name, start, end, has_private_key=False, store="Root")


#: What every Windows trusts; no part of a device's state, for nothing here changes them.
ROOTS = (
    _root("CN=Microsoft Root Certificate Authority 2010, O=Microsoft Corporation, C=US", 2010, 2035),
    _root("CN=DigiCert Global Root G2, OU=www.digicert.com, O=DigiCert Inc, C=US", 2013, 2038),
)
_MINUTES_30 = datetime.timedelta(minutes=30)


def _years(start: datetime.datetime, years: int) -> datetime.datetime:
    return start + datetime.timedelta(days=round(365.25 * years))

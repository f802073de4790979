# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the objects that a device's ids name are its own: by the key that it has proved, or by what was recorded.

The directory knows a device by its certificate: ``alternativeSecurityIds`` holds, as type 2, base64 of the UTF-16 text
``X509:<SHA1-TP-PUBKEY>``, the certificate's thumbprint, and a hash of its public key. Sources: [MS-DVRE] 2.3.3 (with a
plus between the two, which real objects lack); lithnet/access-manager; AADInternals.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import base64
import binascii
import re
import typing as t

from ...options import is_guid
from ...proofs import NOT_YET, PROVED, RECORDED
from ...result import Failure
from ..graph.client import GraphClient
from .leavers import Leaver

SELECT_KEYS = "alternativeSecurityIds"
X509 = 2
_KEY = re.compile(r"X509:<SHA1-TP-PUBKEY>([0-9A-F]{40})", re.IGNORECASE)
#: Longest computer name of NetBIOS; the directory has the whole name.
NETBIOS_LETTERS = 15
#: What boards say that have no serial number of their own.
NO_SERIAL = {"", "0", "none", "defaultstring", "tobefilledbyoem", "systemserialnumber", "notspecified", "notapplicable"}


def thumbprints(row: dict) -> set[str]:
    """The thumbprints of the certificates by which the directory knows a device, in upper case."""
    found = set()
    for item in row.get(SELECT_KEYS) or ():
        if isinstance(item, dict) and item.get("type") == X509:
            match = _KEY.match(_text(item.get("key")))
            if match:
                found.add(match.group(1).upper())
    return found


def problems(leaver: Leaver, check_mode: bool, tenant_id: str | None = None) -> list[str]:
    """Why it is not certain that what the tenant has of a device is its own; empty where it is.

    ``tenant_id`` is the tenant that is asked, where it is known. In check mode a proof that is still to come counts.
    """
    found = []
    if leaver.tenant_id and tenant_id and leaver.tenant_id.lower() != tenant_id.lower():
        found.append(f"it was in another tenant, {leaver.tenant_id}")
    said = _evidence(leaver, check_mode)
    return found + ([said] if said else []) + _disagreements(leaver)


def own_tenant(client: GraphClient) -> str | None:
    """The id of the tenant that is asked; None where it was given by a domain, or not at all."""
    tenant_id = client.session.settings.tenant_id
    return tenant_id if tenant_id and is_guid(tenant_id) else None


def uncertain(sentence: str, unsure: list[str], doc: str) -> Failure:
    """The Failure of a task that has left devices out, and done the rest."""
    cause = f"{sentence}: {unsure[0]}"
    fix = (
        "look at the objects that are named; remove what is too much; name a device by its device_id alone where you "
        "know that the object is its own"
    )
    return Failure(
        f"{cause}; {fix}",
        side="tenant",
        name="ownership_uncertain",
        cause=cause,
        fix=fix,
        evidence=unsure,
        doc=doc,
    )


def _evidence(leaver: Leaver, check_mode: bool) -> str | None:
    if leaver.evidence == RECORDED or (leaver.evidence == NOT_YET and check_mode):
        return None
    if leaver.evidence != PROVED:
        return (
            f"it has not proved that it holds the key of this id ({leaver.not_proved or 'nobody knows why'}), "
            "and neither the inventory nor an earlier report has recorded the id"
        )
    if leaver.row is None:
        return "the directory has no object of it, by which its proof could be judged"
    known = thumbprints(leaver.row)
    if str(leaver.proved_thumbprint).upper() in known:
        return None
    return (
        f"it has proved the key of the certificate {leaver.proved_thumbprint}, and the directory knows this id by "
        f"{', '.join(sorted(known)) or 'no certificate'}"
    )


def _disagreements(leaver: Leaver) -> list[str]:
    """Where the directory and Intune know another device than the record."""
    found = []
    names = (("the directory", leaver.row, "displayName"), ("Intune", leaver.managed, "deviceName"))
    for where, row, field in names:
        name = (row or {}).get(field)
        if leaver.hostname and name and not _is_name(leaver.hostname, str(name)):
            found.append(f"its name is {leaver.hostname}, and {where} calls this id {name}")
    ours, theirs = (_plain(text) for text in (leaver.serial_number, (leaver.managed or {}).get("serialNumber")))
    if ours != theirs and not {ours, theirs} & NO_SERIAL:
        found.append(
            f"its serial number is {leaver.serial_number}, and that of its record in Intune is "
            f"{(leaver.managed or {}).get('serialNumber')}"
        )
    return found


def _is_name(hostname: str, name: str) -> bool:
    """Whether a computer calls itself so: perhaps by the first letters only, or without its domain."""
    short, whole = hostname.casefold(), name.casefold()
    return short in (whole, whole.partition(".")[0]) or (len(short) == NETBIOS_LETTERS and whole.startswith(short))


def _plain(text: t.Any) -> str:
    """A serial number without what some readers write between its letters."""
    return re.sub(r"[^0-9a-z]", "", str(text or "").casefold())


def _text(key: t.Any) -> str:
    try:
        return base64.b64decode(str(key), altchars=b"-_" if re.search("[-_]", str(key)) else None).decode("utf-16-le")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return ""

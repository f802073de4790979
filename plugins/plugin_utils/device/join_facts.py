# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a device is joined to, by its witnesses; what a refused one could have changed is null.

Witnesses of a join, strongest first: the CloudDomainJoin registry key with the device certificate (read by AADInternals
and others, the certificate documented in the Entra devices FAQ), then ``dsregcmd /status`` (documented in "Troubleshoot
devices by using the dsregcmd command").

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses

from . import dsregcmd
from .answers import Answer, Result
from .reading import Key, Refused, known

DEVICE_CERTIFICATE_ISSUER = "MS-Organization-Access"
# AADInternals reads 3 for keys in the TPM and 0 for software keys.
KEY_IN_TPM = 3


@dataclasses.dataclass(frozen=True)
class Status:
    """What ``dsregcmd /status`` says. ``readable`` is false where it was refused or its text is not understood; a
    Windows without the program says nothing, and is readable."""

    keys: dict
    sections: dict
    readable: bool = True

    def text(self, name: str) -> str | None:
        value = self.keys.get(name)
        return value[0] if isinstance(value, list) and value else (value or None)

    def flag(self, name: str) -> bool | None:
        return {"YES": True, "NO": False}.get(self.text(name) or "")


def status_of(answer: Answer) -> Status:
    """dsregcmd's witness, one that says nothing where it was not asked."""
    result = answer.results.get("dsregcmd")
    if result is None:
        return Status({}, {})
    try:
        if not result["present"]:
            return Status({}, {})
        parsed = dsregcmd.parse(result["text"])
    except (Refused, dsregcmd.DsregcmdError):
        return Status({}, {}, readable=False)
    return Status(parsed["keys"], parsed["sections"])


def join_facts(answer: Answer, status: Status | None = None) -> dict:
    """``join``: what the device is joined to.

    Needs cloud_join and certificates; the rest sharpens it where it was asked.
    """
    status = status or Status({}, {})
    root = answer["cloud_join"].key()
    # Where the registry is refused, dsregcmd tells which certificate is the live one.
    nobody = (None if answer["cloud_join"].ok else status.text("Thumbprint"), None)
    thumbprint, info = known(lambda: join_info(root)) or nobody
    certificate = known(lambda: device_certificate(answer["certificates"], thumbprint))
    votes = {
        "cloud_join": known(lambda: join_info(root) is not None),
        "certificates": known(lambda: device_certificate(answer["certificates"], thumbprint) is not None),
        "dsregcmd": status.flag("AzureAdJoined"),
    }
    said = [vote for vote in votes.values() if vote is not None]
    silent = (not answer["cloud_join"].ok) + (not answer["certificates"].ok) + (not status.readable)
    joined = _verdict(said, silent)
    tenant_id = _lower(known(lambda: info.text("TenantId") if info else None) or status.text("TenantId"))
    facts = {
        "device_id": _lower(common_name(certificate) or status.text("DeviceId")),
        "tenant_id": tenant_id,
        "tenant_name": known(lambda: root.child("TenantInfo", tenant_id or "").text("DisplayName"))
        or status.text("TenantName"),
        "joined_by": known(lambda: info.text("UserEmail") if info else None),
        "thumbprint": thumbprint or status.text("Thumbprint"),
        "certificate_expires": certificate["not_after"] if certificate else None,
        "tpm_protected": _tpm_protected(info, status),
        "device_auth_status": status.text("DeviceAuthStatus"),
    }
    return {
        "type": _join_type(joined, _in_domain(answer, status), lambda: is_registered(answer)),
        **(facts if joined else dict.fromkeys(facts)),
        "witnesses_agree": False if len(set(said)) > 1 else None if silent else True,
    }


def join_info(root: Key) -> tuple[str, Key] | None:
    """(thumbprint, key) of the join that the registry tells of, None where it tells of none. Raises Refused.

    ``root`` is the key CloudDomainJoin.
    """
    return next(root.child("JoinInfo").children(), None)


def device_certificate(certificates: Result, thumbprint: str | None) -> dict | None:
    """The device certificate: the one the registry names, or any of that issuer where the registry names none.

    Raises Refused.
    """
    issued = [c for c in certificates["certificates"] if DEVICE_CERTIFICATE_ISSUER in c["issuer"]]
    if thumbprint:
        issued = [c for c in issued if c["thumbprint"].lower() == thumbprint.lower()]
    return issued[0] if issued else None


def common_name(certificate: dict | None) -> str | None:
    """The common name of a certificate's subject, the device's id in its device certificate."""
    subject = certificate["subject"] if certificate else ""
    return next((part.strip()[3:] for part in subject.split(",") if part.strip().upper().startswith("CN=")), None)


def in_domain(answer: Answer) -> bool | None:
    """Whether Windows says that it is joined to an AD domain; None where it does not say. Raises Refused."""
    return answer["computer"].instance().flag("PartOfDomain")


def _verdict(votes: list[bool], silent: int) -> bool | None:
    """By the majority of the witnesses, None where those that were refused could have changed it."""
    yes, all_votes = sum(votes), len(votes) + silent
    if yes * 2 > all_votes:
        return True
    return None if (yes + silent) * 2 > all_votes else False


def _join_type(joined: bool | None, domain: bool | None, is_registered) -> str | None:
    if joined is None or domain is None:
        return None
    if joined:
        return "hybrid" if domain else "entra"
    if domain:
        return "domain"
    registered = known(is_registered)
    return None if registered is None else "registered" if registered else "none"


def _in_domain(answer: Answer, status: Status) -> bool | None:
    if "computer" not in answer.results:  # Who does not ask does not need to know.
        return bool(status.flag("DomainJoined"))
    said = known(lambda: in_domain(answer))
    return status.flag("DomainJoined") if said is None else said


def is_registered(answer: Answer) -> bool:
    """Whether a user has a work account here. Raises Refused where none is seen and a user's hive is closed."""
    if "workplace_join" not in answer.results:
        return False
    users = answer["workplace_join"].users().values()
    # The closed ones last: a work account that is seen is one, whatever the others hide.
    return any(next(key.children(), None) for key in sorted(users, key=lambda key: key.refused))


def _tpm_protected(info: Key | None, status: Status) -> bool | None:
    said = status.flag("TpmProtected")
    if said is not None or info is None:
        return said
    in_tpm = known(lambda: info.number("TransportKeyStatus"))
    return None if in_tpm is None else in_tpm == KEY_IN_TPM


def _lower(text: str | None) -> str | None:
    return text.lower() if text else None

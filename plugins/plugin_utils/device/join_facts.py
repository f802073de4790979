# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a device is joined to, by its witnesses; what a refused one could have changed is null.

Witnesses of a join, strongest first: the CloudDomainJoin registry key with the device certificate (read by AADInternals
and others, the certificate documented in the Entra devices FAQ), then ``dsregcmd /status`` (documented in "Troubleshoot
devices by using the dsregcmd command"). The registry may hold keys of earlier tenants beside the live one (reported
after migrations from tenant to tenant), so it is believed only with another witness.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from . import dsregcmd_rows
from .answers import Answer, Result
from .dsregcmd_status import Status, status_of
from .join_keys import (
    JoinKey,
    JoinKeys,
    common_name,
    device_certificates,
    judged_keys,
    lower,
    named_certificate,
    only_certificate,
    tenant_of,
)
from .reading import Key, known

# AADInternals reads 3 for keys in the TPM and 0 for software keys.
KEY_IN_TPM = 3
# The join types of a device of a tenant.
JOINED_TYPES = ("entra", "hybrid")


def join_facts(answer: Answer, status: Status | None = None) -> dict:
    """``join``: what the device is joined to, and what earlier joins have left.

    Needs cloud_join and certificates; the rest sharpens it where it was asked. ``status`` spares reading dsregcmd
    again.
    """
    status = status_of(answer) if status is None else status
    root = answer["cloud_join"].key()
    keys = known(lambda: judged_keys(root, answer["certificates"], status))
    live = keys.live if keys else None
    certificate = known(lambda: _own_certificate(answer["certificates"], keys, status))
    votes = {
        "cloud_join": None if keys is None else keys.say_joined,
        "certificates": known(lambda: _has_certificate(answer["certificates"], keys, certificate, status)),
        "dsregcmd": status.flag("AzureAdJoined"),
    }
    said = [vote for vote in votes.values() if vote is not None]
    silent = (not answer["cloud_join"].ok) + (not answer["certificates"].ok) + (not status.readable)
    joined = _verdict(said, silent)
    tenant_id = lower(known(lambda: live.info.text("TenantId") if live else None) or status.text("TenantId"))
    facts = {
        "device_id": lower(common_name(certificate) or (live and live.device_id) or status.text("DeviceId")),
        "tenant_id": tenant_id,
        "tenant_name": known(lambda: _tenant_name(root, tenant_id)) or status.text("TenantName"),
        "joined_by": known(lambda: live.info.text("UserEmail") if live else None),
        "thumbprint": certificate["thumbprint"] if certificate else status.text("Thumbprint"),
        "certificate_expires": certificate["not_after"] if certificate else None,
        "tpm_protected": _tpm_protected(live.info if live else None, status),
        "device_auth_status": status.text("DeviceAuthStatus"),
    }
    at_odds = len(set(said)) > 1 or bool(live and _names_another(status, live))
    return {
        "type": _join_type(joined, _in_domain(answer, status), lambda: is_registered(answer)),
        **(facts if joined else dict.fromkeys(facts)),
        "witnesses_agree": False if at_odds else None if silent else True,
        "stale_joins": known(lambda: _stale_joins(root, keys, joined)),
        "unknown_rows": dsregcmd_rows.unknown_rows(status.sections) if status.readable else None,
    }


def _tenant_name(root: Key, tenant_id: str | None) -> str | None:
    return root.child("TenantInfo", tenant_id or "").text("DisplayName")


def _names_another(status: Status, live: JoinKey) -> bool:
    return bool(status.flag("AzureAdJoined") and live.is_named_by(status) is False)


def _stale_joins(root: Key, keys: JoinKeys | None, joined: bool | None) -> list[dict] | None:
    """What earlier joins left in the registry; all of it where the device is joined to nothing. Null where nobody can
    tell it from the join."""
    if keys is None or joined is None:
        return None
    stale = keys.stale if joined else keys.all
    return None if stale is None else [_stale_join(root, key) for key in stale]


def _stale_join(root: Key, key: JoinKey) -> dict:
    tenant_id = tenant_of(key.info)
    return {
        "key": key.name,
        "thumbprint": key.thumbprint,
        "tenant_id": tenant_id,
        "tenant_name": known(lambda: _tenant_name(root, tenant_id)),
        "joined_by": known(lambda: key.info.text("UserEmail")),
    }


def _own_certificate(certificates: Result, keys: JoinKeys | None, status: Status) -> dict | None:
    """The certificate of the live key; without one that which dsregcmd names, or the only one. Raises Refused."""
    issued = device_certificates(certificates)
    if keys and keys.live:
        return keys.live.certificate
    return named_certificate(issued, status) if status.text("Thumbprint") else only_certificate(certificates)


def _has_certificate(certificates: Result, keys: JoinKeys | None, own: dict | None, status: Status) -> bool:
    """Whether the certificate is there that another witness names; any where none names one. Raises Refused."""
    issued = device_certificates(certificates)
    names_one = status.text("Thumbprint") if keys is None else keys.live
    return own is not None if names_one else bool(issued)


def is_joined(join: dict) -> bool:
    """Whether the facts ``join`` are of a device of a tenant, in an AD domain too or not."""
    return join["type"] in JOINED_TYPES


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

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

    def texts(self, name: str) -> list[str]:
        """What each row of this name says: most stand once, or not at all."""
        value = self.keys.get(name) or []
        return [value] if isinstance(value, str) else value

    def text(self, name: str) -> str | None:
        """What the first of them says."""
        return next(iter(self.texts(name)), None)

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
    """``join``: what the device is joined to, and what earlier joins have left.

    Needs cloud_join and certificates; the rest sharpens it where it was asked. ``status`` spares reading dsregcmd
    again.
    """
    status = status_of(answer) if status is None else status
    root = answer["cloud_join"].key()
    keys = known(lambda: judged_keys(root, answer["certificates"], status))
    thumbprint, info = (keys.live if keys else None) or (None, None)
    # Where the registry does not name the certificate, dsregcmd does.
    named = thumbprint or status.text("Thumbprint")
    certificate = known(lambda: device_certificate(answer["certificates"], named))
    votes = {
        "cloud_join": None if keys is None else keys.say_joined,
        "certificates": known(lambda: _has_certificate(answer["certificates"], keys, named)),
        "dsregcmd": status.flag("AzureAdJoined"),
    }
    said = [vote for vote in votes.values() if vote is not None]
    silent = (not answer["cloud_join"].ok) + (not answer["certificates"].ok) + (not status.readable)
    joined = _verdict(said, silent)
    tenant_id = _lower(known(lambda: info.text("TenantId") if info else None) or status.text("TenantId"))
    facts = {
        "device_id": _lower(common_name(certificate) or status.text("DeviceId")),
        "tenant_id": tenant_id,
        "tenant_name": known(lambda: _tenant_name(root, tenant_id)) or status.text("TenantName"),
        "joined_by": known(lambda: info.text("UserEmail") if info else None),
        "thumbprint": named,
        "certificate_expires": certificate["not_after"] if certificate else None,
        "tpm_protected": _tpm_protected(info, status),
        "device_auth_status": status.text("DeviceAuthStatus"),
    }
    at_odds = len(set(said)) > 1 or bool(thumbprint and _names_another(status, thumbprint))
    return {
        "type": _join_type(joined, _in_domain(answer, status), lambda: is_registered(answer)),
        **(facts if joined else dict.fromkeys(facts)),
        "witnesses_agree": False if at_odds else None if silent else True,
        "stale_joins": known(lambda: _stale_joins(root, keys, joined)),
    }


@dataclasses.dataclass(frozen=True)
class JoinKeys:
    """The keys below CloudDomainJoin\\JoinInfo, each named by the thumbprint of a device certificate.

    Their order is that of their names, so it says nothing: ``live`` is the one that the other witnesses speak for, None
    where there is none or nobody can tell. ``stale`` are those that surely are not the join, None where nobody can
    tell.
    """

    all: list[tuple[str, Key]]
    live: tuple[str, Key] | None
    stale: list[tuple[str, Key]] | None

    @property
    def say_joined(self) -> bool:
        """Whether the registry speaks for a join: not where all that it holds is stale."""
        return bool(self.all) and self.stale != self.all


def judged_keys(root: Key, certificates: Result, status: Status) -> JoinKeys:
    """Which key of JoinInfo is the join: the one whose certificate is there, or where that leaves several or none, the
    one that dsregcmd names.

    ``root`` is the key CloudDomainJoin. Raises Refused where it was refused.
    """
    keys = list(root.child("JoinInfo").children())
    names = {name.lower() for name, _info in keys}
    issued = known(lambda: {c["thumbprint"].lower() for c in device_certificates(certificates)})
    named = _lower(status.text("Thumbprint"))
    found = [key for key in keys if key[0].lower() in (issued or ())]
    if keys and not found and named and named not in names:
        # dsregcmd names another join than any of these; where that one's certificate is there, nothing speaks for them.
        return JoinKeys(keys, None, keys if named in (issued or ()) else None)
    found = found or keys
    if len(found) > 1:
        found = _named_by(status, found)
    if len(found) != 1:
        return JoinKeys(keys, None, None if keys else [])
    return JoinKeys(keys, found[0], [key for key in keys if key is not found[0]])


def _named_by(status: Status, keys: list[tuple[str, Key]]) -> list[tuple[str, Key]]:
    """Those of the keys that dsregcmd names by thumbprint, or by tenant where it prints none."""
    thumbprint, tenant_id = _lower(status.text("Thumbprint")), _lower(status.text("TenantId"))
    by_thumbprint = [key for key in keys if key[0].lower() == thumbprint]
    return by_thumbprint or [key for key in keys if tenant_id and _tenant_of(key[1]) == tenant_id]


def _tenant_of(info: Key) -> str | None:
    return _lower(known(lambda: info.text("TenantId")))


def _tenant_name(root: Key, tenant_id: str | None) -> str | None:
    return root.child("TenantInfo", tenant_id or "").text("DisplayName")


def _names_another(status: Status, thumbprint: str) -> bool:
    named = status.text("Thumbprint")
    return bool(named and status.flag("AzureAdJoined") and named.lower() != thumbprint.lower())


def _stale_joins(root: Key, keys: JoinKeys | None, joined: bool | None) -> list[dict] | None:
    """What earlier joins left in the registry; all of it where the device is joined to nothing. Null where nobody can
    tell it from the join."""
    if keys is None or joined is None:
        return None
    stale = keys.stale if joined else keys.all
    return None if stale is None else [_stale_join(root, thumbprint, info) for thumbprint, info in stale]


def _stale_join(root: Key, thumbprint: str, info: Key) -> dict:
    tenant_id = _tenant_of(info)
    return {
        "thumbprint": thumbprint,
        "tenant_id": tenant_id,
        "tenant_name": known(lambda: _tenant_name(root, tenant_id)),
        "joined_by": known(lambda: info.text("UserEmail")),
    }


def device_certificates(certificates: Result) -> list[dict]:
    """Every certificate that device registration has issued to this device. Raises Refused."""
    return [c for c in certificates["certificates"] if DEVICE_CERTIFICATE_ISSUER in c["issuer"]]


def device_certificate(certificates: Result, thumbprint: str | None) -> dict | None:
    """The device certificate of this thumbprint; without one the only one that there is, None where there are several.

    Raises Refused.
    """
    issued = device_certificates(certificates)
    if thumbprint:
        return next((c for c in issued if c["thumbprint"].lower() == thumbprint.lower()), None)
    return issued[0] if len(issued) == 1 else None


def _has_certificate(certificates: Result, keys: JoinKeys | None, named: str | None) -> bool:
    """Whether the certificate is there that another witness names; any where none names one."""
    if keys is not None and keys.live is None or not named:
        return bool(device_certificates(certificates))
    return device_certificate(certificates, named) is not None


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

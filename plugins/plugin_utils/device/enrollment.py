# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""MDM enrollments of a device, each judged by what it is.

An enrollment works where its certificate is there and has not expired, AND its task folder is there (MS-MDM registry
values as read by Fleet and IntuneMigration). EnrollmentState is one witness: 1 is enrolled and 0 is not, and the others
are silent, because 3, 4, 6 and 13 are seen on enrollments that work (fleetdm/fleet, issues 48760 and 17874, pull
request 47725). The tenant's MdmUrl, or a key alone, proves nothing: the Enrollments key also holds Windows' own subkeys
and leftovers of earlier enrollments.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import re

from . import windows_own
from .answers import Answer, Result
from .enrollment_channels import (
    CONFIGURATION_MANAGER,
    DISCOVERY_URL,
    INTUNE,
    LOCAL,
    MMPC,
    OF_PACKAGE,
    channel_of,
    enrollments_of_packages,
)
from .reading import ABSENT, Key, known, plain_id

NOT_ENROLLED, ENROLLED = 0, 1
# Values on the Enrollments key itself that are reported to stop every enrollment, with the code in which it then ends
# (fleetdm/fleet issue 34993 and several field scripts). A signal and no proof: Microsoft documents neither.
STOPPING_VALUES = {"MmpcEnrollmentFlag": "0x80190190", "ExternallyManaged": "0x80180026"}
# Other subkeys (Context, Status, ValidNodePaths ...) are Windows' own.
_ID = re.compile(r"\{?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?", re.IGNORECASE)
# Intune writes the tenant behind the name: someone@contoso.com@<tenant id>.
_TENANT_IN_UPN = re.compile(r"@([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\s*$", re.IGNORECASE)
_SYNC_TIME = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z")


def enrollments(answer: Answer) -> list[dict]:
    """Every enrollment-like subkey in an answer to the observations of the subset mdm: ``{enrolled, provider, channel,
    enrollment_id, upn, discovery_url, state, type, tenant_id, thumbprint, certificate_expires, expired, last_sync,
    witnesses, why_not}``.

    ``enrolled`` says that it works, whoever's it is; ``why_not`` says what it lacks. A witness that was refused is
    null, and so is ``enrolled`` where it hangs on it. Times are UTC texts. Raises Refused where the registry was
    refused, or the key of what may be an enrollment.
    """
    seen = _Seen(answer)
    return [
        _enrollment(name, key, seen)
        for name, key in answer["enrollments"].key().children()
        if not (key.refused and not _may_enroll(name)) and "ProviderID" in key.values
    ]


def _may_enroll(name: str) -> bool:
    """Whether a key below Enrollments may be an enrollment, by its name alone."""
    return bool(_ID.fullmatch(name)) and plain_id(name) not in windows_own.ENROLLMENT_IDS


class _Seen:
    """What the device shows beside the enrollments' keys; None for what was refused."""

    def __init__(self, answer: Answer) -> None:
        tasks, certificates = answer["enrollment_tasks"], answer["certificates"]
        self.folders = known(lambda: {plain_id(folder) for folder in tasks["folders"]})
        self.expiries = known(lambda: {c["thumbprint"].lower(): c["not_after"] for c in certificates["certificates"]})
        # The device's own clock: by it Windows judges the certificate, and answers of jobs have no time.
        self.now = answer.device.get("utc")
        self.accounts = _asked(answer, "mdm_accounts")
        self.packages = known(lambda: enrollments_of_packages(_asked(answer, "package_enrollments")))

    def last_sync(self, enrollment_id: str) -> str | None:
        """When the MDM was last asked with success, as its OMA-DM account says."""
        account = next((key for name, key in self.accounts.children() if plain_id(name) == enrollment_id), ABSENT)
        told = _SYNC_TIME.fullmatch(account.child("Protected", "ConnInfo").text("ServerLastSuccessTime") or "")
        return "{}-{}-{}T{}:{}:{}.000Z".format(*told.groups()) if told else None


def _asked(answer: Answer, name: str) -> Key:
    """A key, an absent one where nobody asked for it."""
    return answer[name].key() if name in answer.results else ABSENT


def _enrollment(name: str, key: Key, seen: _Seen) -> dict:
    values, enrollment_id = key.values, plain_id(name)
    provider = str(values["ProviderID"])
    thumbprint = known(lambda: values.text("DMPCertThumbPrint")) or None
    state = known(lambda: values.number("EnrollmentState"))
    upn = known(lambda: values.text("UPN")) or None
    discovery_url = known(lambda: values.text(DISCOVERY_URL))
    there = None if seen.expiries is None else (thumbprint or "").lower() in seen.expiries
    witnesses = {
        "state": None if state is None and "EnrollmentState" in values else state == ENROLLED,
        "certificate": there,
        "tasks": None if seen.folders is None else enrollment_id in seen.folders,
    }
    expires = (seen.expiries or {}).get((thumbprint or "").lower())
    item = {
        "provider": provider,
        "channel": channel_of(enrollment_id, values, discovery_url, seen.packages),
        "enrollment_id": enrollment_id,
        "upn": upn,
        "discovery_url": discovery_url,
        "state": state,
        "type": known(lambda: values.number("EnrollmentType")),
        "tenant_id": _tenant_id(known(lambda: values.text("AADTenantID")), upn),
        "thumbprint": thumbprint,
        "certificate_expires": expires,
        "expired": bool(expires and seen.now and expires < seen.now),
        "last_sync": known(lambda: seen.last_sync(enrollment_id)),
        "witnesses": witnesses,
    }
    lacks = _lacks(item)
    # A state that could not be read might be a no.
    silent = None in witnesses.values()
    return {"enrolled": False if lacks else None if silent else True, **item, "why_not": " and ".join(lacks) or None}


def _lacks(item: dict) -> list[str]:
    """What an enrollment needs to work and surely has not."""
    witnesses = item["witnesses"]
    lacks = {
        f"its state is {item['state']}": item["state"] == NOT_ENROLLED,
        "its certificate is gone": witnesses["certificate"] is False,
        f"its certificate expired on {(item['certificate_expires'] or '')[:10]}": item["expired"],
        "its task folder is gone": witnesses["tasks"] is False,
    }
    return [text for text, is_so in lacks.items() if is_so]


def _tenant_id(told: str | None, upn: str | None) -> str | None:
    in_upn = _TENANT_IN_UPN.search(upn or "")
    return plain_id((told or "").strip()) or (in_upn[1].lower() if in_upn else None)


def named(item: dict) -> str:
    """How a sentence names an item of enrollments()."""
    return f"enrollment {item['enrollment_id']} of {item['provider']}"


def is_local(item: dict) -> bool:
    """Whether an item of enrollments() belongs to Windows itself, to a provisioning package or to Configuration
    Manager, and stands in nobody's way."""
    return item["channel"] in (LOCAL, OF_PACKAGE, CONFIGURATION_MANAGER)


def is_foreign(item: dict, tenant_id: str | None) -> bool:
    """Whether an item of enrollments(), or the facts ``mdm``, belongs to another tenant than this one."""
    return None not in (tenant_id, item["tenant_id"]) and item["tenant_id"] != tenant_id


def manages(item: dict, tenant_id: str | None) -> bool:
    """Whether an item of enrollments() is one by which a device of this tenant (None: of no tenant) is managed, if it
    works."""
    return not is_local(item) and item["channel"] != MMPC and not is_foreign(item, tenant_id)


def is_of_tenants_mdm(mdm: dict, tenant_id: str) -> bool:
    """Whether the facts ``mdm`` are of a working enrollment in the MDM of this tenant: what ``expect_mdm`` means.

    Without a tenant of its own an enrollment is Intune's, or has the address that the tenant gave the device.
    """
    if not mdm["enrolled"] or is_foreign(mdm, tenant_id):
        return False
    return mdm["tenant_id"] == tenant_id or mdm["channel"] == INTUNE or mdm["offered_by_tenant"] is True


def leftovers(found: list[dict], tenant_id: str | None) -> list[dict]:
    """Of the items of enrollments() those by which a device of this tenant would be managed, and which surely do not
    work."""
    return [
        item for item in found if item["channel"] is not None and manages(item, tenant_id) and item["enrolled"] is False
    ]


def with_children(items: list[dict], found: list[dict]) -> list[dict]:
    """These of the items of enrollments(), and before them what Windows has made beside Intune's (MMP-C).

    Without its parent such a child manages nothing and stops the next enrollment. It stays where another enrollment in
    Intune works, or where it is another tenant's.
    """
    intune = [item for item in items if item["channel"] == INTUNE]
    others = [item for item in found if item["channel"] == INTUNE and item["enrolled"] is not False]
    if not intune or any(item not in items for item in others):
        return items
    tenants = {None, *(item["tenant_id"] for item in intune)}
    children = [item for item in found if item["channel"] == MMPC and item["tenant_id"] in tenants]
    return [child for child in children if child not in items] + items


def in_the_way(found: list[dict], tenant_id: str | None) -> dict | None:
    """Of the items of enrollments() one that works, and does not manage a device of this tenant: while it is there,
    Windows makes no other. None where another one manages the device, or there is none."""
    working = [item for item in found if item["enrolled"] and not is_local(item)]
    if any(manages(item, tenant_id) for item in working):
        return None
    return next(iter(working), None)


def whose(item: dict, tenant_id: str | None) -> str:
    """How a sentence "the device is enrolled ..." goes on about an item that does not manage it."""
    if is_foreign(item, tenant_id):
        return f"in the MDM of another tenant, {item['tenant_id']}"
    if item["channel"] == MMPC:
        return f"by the channel MMP-C only ({item['provider']}), whose enrollment in Intune is gone"
    return f"with another provider, {item['provider']}"


def stopping_values(root: Key) -> dict[str, int]:
    """The values on the Enrollments key itself, other than 0, that stop every enrollment. Raises Unreadable."""
    found = {name: root.number(name) for name in STOPPING_VALUES}
    return {name: value for name, value in found.items() if value}


def offers_no_mdm(cloud_join: Result, tenant_id: str | None) -> bool:
    """Whether the tenant surely gave the device no MDM address when it joined: its key is there and has none.

    ``cloud_join`` is the answer to the registry key CloudDomainJoin.
    """

    def no_address() -> bool:
        return _tenant(cloud_join, tenant_id).exists and not offered_address(cloud_join, tenant_id)

    return known(no_address) is True


def offered_address(cloud_join: Result, tenant_id: str | None) -> str | None:
    """The address of the MDM that a tenant gave the device when it joined. Raises Unreadable."""
    return _tenant(cloud_join, tenant_id).text("MdmEnrollmentUrl")


def _tenant(cloud_join: Result, tenant_id: str | None) -> Key:
    """What a tenant has told the device when it joined. Reading it raises Refused."""
    return cloud_join.key().child("TenantInfo", tenant_id or "")

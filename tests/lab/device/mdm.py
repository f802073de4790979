# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""MDM enrollment: what follows a join when the tenant's MDM scope covers it, and what it leaves on the device.

Registry values, certificate, task folder and events as Fleet, IntuneMigration and Microsoft's troubleshooting pages
read them. Enrollment type 6 is "device-wide with Entra" in mdmregistration.h.
"""

from __future__ import annotations

import dataclasses

from ..tenant import arrival, device_objects
from ..tenant.enrolled import Course
from . import baseline, joinstate, mdm_admission, network, own_keys, security_key, tasks
from .certificates import mdm_certificate
from .errors import signed
from .events import MDM

ENROLLMENTS = r"SOFTWARE\Microsoft\Enrollments"
TASK_FOLDER = r"\Microsoft\Windows\EnterpriseMgmt"
PROVIDER = "MS DM Server"
#: The channel beside Intune (MMP-C), whose enrollment is the child of Intune's.
MMPC_PROVIDER = "Microsoft Device Management"
#: Values on the Enrollments key itself, and in which code an enrollment ends because of them (fleetdm/fleet, 34993).
STOPPING = {"MmpcEnrollmentFlag": (2, 0x80190190), "ExternallyManaged": (1, 0x80180026)}
#: EnrollmentState of enrollments that work all the same (fleetdm/fleet, 48760 and 17874, pull request 47725).
WORKING_STATES = (3, 4, 6, 13)
ALREADY_ENROLLED = 0x8018000A
CONNECTIVITY = 0x80180010
DEVICE_CREDENTIAL = 2
#: EnrollmentType of an enrollment that a join brings: device-wide with Entra (mdmregistration.h).
ENTRA_ENROLLMENT = 6
CURRENT_POLICIES = r"SOFTWARE\Microsoft\PolicyManager\current\device"
#: One policy stands for all that an MDM sets.
POLICY_AREA, POLICY = "DeviceLock", "MaxInactivityTimeDeviceLock"
ACCOUNTS = r"SOFTWARE\Microsoft\Provisioning\OMADM\Accounts"
#: Places that hold a key per enrollment besides Enrollments itself.
TRACES = (
    rf"{ENROLLMENTS}\Status",
    rf"{ENROLLMENTS}\Context",
    r"SOFTWARE\Microsoft\EnterpriseResourceManager\Tracked",
    r"SOFTWARE\Microsoft\PolicyManager\AdmxInstalled",
    r"SOFTWARE\Microsoft\PolicyManager\Providers",
    ACCOUNTS,
    r"SOFTWARE\Microsoft\Provisioning\OMADM\Logger",
    r"SOFTWARE\Microsoft\Provisioning\OMADM\Sessions",
)
#: What the enrollment client registers (its own list of names, and public inventories): sixteen on a Windows 11.
TASKS = (
    "Login Schedule created by enrollment client",
    "Maintenance Schedule created by enrollment client",
    "OS Edition Upgrade event listener created by enrollment client",
    "Passport for Work alert created by enrollment client",
    "Policy Manager Login Refresh Schedule",
    "Provisioning initiated session",
    "PushLaunch",
    "PushRenewal",
    "Schedule #1 created by enrollment client",
    "Schedule #2 created by enrollment client",
    "Schedule #3 created by enrollment client",
    "Schedule created by enrollment client for renewal of certificate warning",
    "Schedule to run OMADMClient by client",
    "Schedule to run OMADMClient by server",
    "Win10 S Mode event listener created by enrollment client",
    "Wsc Startup event listener created by enrollment client",
)


@dataclasses.dataclass
class MdmOptions:
    """``delay``: device seconds from the join to the enrollment. ``pending``: an enrollment is still to come.
    ``baseline``: what its security baseline sets, ``firewall`` and ``token_filter`` (see ``baseline``).
    ``record_user``: whom Intune's record of a device names that a package has joined, ``nobody`` or ``package``.
    ``broker_failures``: HRESULTs in which the token broker ends when an Azure VM first asks it for tokens.
    ``security_key``: what Intune sets of the sign-in with a security key, ``security_key_after`` device seconds after
    the enrollment.
    ``unregistration``: how Windows ends one: ``works``, ``hangs``, or ``returns_code`` although it works."""

    delay: float = 30.0
    pending: bool = False
    baseline: tuple[str, ...] = ()
    record_user: str = "nobody"
    broker_failures: list[int] = dataclasses.field(default_factory=list)
    security_key: int | None = None
    security_key_after: float = 0.0
    unregistration: str = "works"


def follow_join(device) -> None:
    """Begin the enrollment that a join brings, if the tenant told the device an MDM address."""
    join = joinstate.read(device)
    if join is not None and join.mdm_url and not device.image.server:
        device.mdm.pending = True
        device.spawn(_enroll_later(device))


def resume(device) -> None:
    """At boot: an enrollment that the restart cut off begins again."""
    if device.mdm.pending:
        device.spawn(_enroll_later(device))


async def _enroll_later(device) -> None:
    await device.delay(device.mdm.delay)
    join = joinstate.read(device)
    if join is None:
        device.mdm.pending = False
        return
    try:
        await device.network.request(network.MDM)
    except network.Unreachable:
        fail(device, CONNECTIVITY)
        return
    device.mdm.pending = False
    hresult = refusal(device)
    if hresult is None:
        hresult = mdm_admission.refusal(device, join)
    if hresult is not None:
        if hresult:
            fail(device, hresult)
        return
    enroll(device, join)
    succeed(device)


def refusal(device) -> int | None:
    """The HRESULT in which an enrollment ends because of what is on the device; 0 where it ends without a word."""
    active = enrollments(device)
    providers = {device.registry.get(rf"{ENROLLMENTS}\{name}", "ProviderID", "") for name in active}
    if providers:
        return 0 if providers == {MMPC_PROVIDER} else ALREADY_ENROLLED
    for name, (value, hresult) in STOPPING.items():
        if device.registry.get(ENROLLMENTS, name, 0) == value:
            return hresult
    return None


def succeed(device, credential: int = DEVICE_CREDENTIAL) -> None:
    """The events of an enrollment that went well, and what the MDM then sets."""
    for event_id in (4, 6, 8, 10, 16, 58, 72):
        device.event(MDM, event_id)
    device.event(MDM, 75, [credential])
    baseline.apply(device)
    security_key.after_sync(device)


def fail(device, hresult: int, credential: int = DEVICE_CREDENTIAL) -> None:
    device.mdm.pending = False
    device.event(MDM, 71, [signed(hresult)])
    device.event(MDM, 76, [credential, signed(hresult)])


def enrollments(device) -> list[str]:
    """Ids of enrollments that the registry calls active, or whose tasks run whatever it calls them; leftovers and
    other MDMs' included, Windows' own and packages' not."""
    own = own_keys.names(device)
    return [
        name
        for name in device.registry.subkeys(ENROLLMENTS)
        if name not in own
        and device.registry.get(rf"{ENROLLMENTS}\{name}", "ProviderID", "") not in ("", *own_keys.PROVIDERS)
        and (
            device.registry.get(rf"{ENROLLMENTS}\{name}", "EnrollmentState") == 1
            or device.registry.get(rf"{ENROLLMENTS}\{name}", "EnrollmentState") in WORKING_STATES
            and device.tasks.exists(rf"{TASK_FOLDER}\{name}")
        )
    ]


def enroll(device, join: joinstate.Join) -> str:
    """Everything a finished enrollment leaves, at the time of the join's certificate; returns its id."""
    enrollment_id = device.next_id("enrollment").upper()
    certificate = mdm_certificate(device.next_id("mdm device"), join.certificate.not_before)
    device.certificates.append(certificate)
    write_traces(device, enrollment_id, join, certificate.thumbprint)
    synced = join.certificate.not_before.strftime("%Y%m%dT%H%M%SZ")
    device.registry.set(
        rf"{ACCOUNTS}\{enrollment_id}\Protected\ConnInfo",
        {"ServerLastAccessTime": synced, "ServerLastSuccessTime": synced},
    )
    device.registry.set(rf"{ACCOUNTS}\{enrollment_id}\Protected", {"AcctSid": "S-1-5-18"})
    for name in TASKS:
        device.tasks.register(rf"{TASK_FOLDER}\{enrollment_id}", tasks.Task(name))
    apply_policies(device, enrollment_id)
    security_key.by_mdm(device)
    _tell_tenant(device, join, certificate.subject.removeprefix("CN="))
    return enrollment_id


def write_traces(device, enrollment_id: str, join: joinstate.Join, thumbprint: str) -> None:
    """The registry part of an enrollment."""
    device.registry.set(
        rf"{ENROLLMENTS}\{enrollment_id}",
        {
            "ProviderID": PROVIDER,
            "EnrollmentState": 1,
            "EnrollmentType": ENTRA_ENROLLMENT,
            "UPN": join.user_email,
            "DiscoveryServiceFullURL": join.mdm_url,
            "AADTenantID": join.tenant_id,
            "AADResourceID": "https://manage.microsoft.com/",
            "DMPCertThumbPrint": thumbprint,
            "CurCryptoProvider": "Microsoft Software Key Storage Provider",
            "CurKeyContainer": f"ConfigMgrEnrollment-{enrollment_id.lower()}",
            "EnrollmentFlags": 0,
            "IsFederated": 0,
            "RenewErrorCode": 0,
            "RenewROBOSupport": 1,
            "RenewStatus": 0,
            "RenewTimestamp": bytes(8),
            "RenewalPeriod": 42,
            "RootCertThumbPrint": "",
            "SID": "",
        },
    )
    for place in TRACES:
        device.registry.set(rf"{place}\{enrollment_id}")
    device.registry.set(rf"{ACCOUNTS}\{enrollment_id}", account_values(PROVIDER, thumbprint))


def account_values(provider: str, thumbprint: str) -> dict[str, str | int]:
    """What the client of OMA-DM knows of an enrollment, beside what is protected."""
    return {"ServerId": provider, "SslClientCertReference": f"MY;System;{thumbprint}", "ProtoVer": "1.2"}


def apply_policies(device, enrollment_id: str) -> None:
    """What the MDM sets: its own value, and the value that holds, with the provider that won."""
    own = rf"SOFTWARE\Microsoft\PolicyManager\Providers\{enrollment_id}\default\Device\{POLICY_AREA}"
    device.registry.set(own, {POLICY: 15})
    device.registry.set(
        rf"{CURRENT_POLICIES}\{POLICY_AREA}",
        {POLICY: 15, f"{POLICY}_ProviderSet": 1, f"{POLICY}_WinningProvider": enrollment_id},
    )


def leave_leftovers(device, tenant_id: str) -> str:
    """An enrollment that was removed badly: its key still says 1, certificate and tasks are gone."""
    enrollment_id = device.next_id("leftover").upper()
    device.registry.set(
        rf"{ENROLLMENTS}\{enrollment_id}",
        {
            "ProviderID": PROVIDER,
            "EnrollmentState": 1,
            "EnrollmentType": ENTRA_ENROLLMENT,
            "UPN": "",
            "DiscoveryServiceFullURL": "https://enrollment.manage.microsoft.com/enrollmentserver/discovery.svc",
            "AADTenantID": tenant_id,
            "DMPCertThumbPrint": device.new_id("leftover").replace("-", "").upper() + "00000000",
        },
    )
    for place in TRACES:
        device.registry.set(rf"{place}\{enrollment_id}")
    return enrollment_id


def _tell_tenant(device, join: joinstate.Join, mdm_device_id: str) -> None:
    """The tenant's side: the device object becomes managed, Intune gets a record."""
    tenant = device.directory.tenants.get(join.tenant_id)
    found = tenant.device(join.device_id) if tenant else None
    if found is None:
        return
    found.update({**device_objects.MANAGED, "isManaged": True, "mdmAppId": tenant.mdm_policy["id"]})
    stamp = device.directory.clock.utc().strftime("%Y-%m-%dT%H:%M:%SZ")
    bulk = join.user_email.startswith("package_")
    kind = "windowsBulkAzureDomainJoin" if bulk else "windowsAzureADJoin"
    upn = join.user_email if not bulk or device.mdm.record_user == "package" else ""
    user = tenant.user(upn) if upn else None
    record = {
        "id": mdm_device_id,
        "azureADDeviceId": join.device_id,
        "deviceName": device.hostname,
        "serialNumber": device.hardware.serial,
        "operatingSystem": "Windows",
        "osVersion": found["operatingSystemVersion"],
        "manufacturer": device.hardware.manufacturer,
        "model": device.hardware.model,
        "deviceEnrollmentType": kind if join.user_email else "azureAdJoinUsingAzureVmExtension",
        "managementAgent": "mdm",
        "complianceState": "unknown",
        "enrolledDateTime": stamp,
        "lastSyncDateTime": stamp,
        "managementState": "managed",
        "azureADRegistered": True,
        "deviceRegistrationState": "registered",
        "managedDeviceOwnerType": "company",
        "joinType": "azureADJoined",
        "userPrincipalName": upn,
        "userId": user["id"] if user else "",
        "users": [user["id"]] if user and not bulk else [],
        "autopilotEnrolled": False,
    }
    if tenant.intune is None:
        tenant.managed_devices[mdm_device_id] = record
        return
    from .joined_user import OfDevice

    clock = device.directory.clock
    course = Course(record, found, OfDevice(device), clock.elapsed())
    if device.console_user and tenant.user(device.console_user):
        course.users.append((clock.elapsed(), tenant.user(device.console_user)))
    arrival.enroll(tenant, course)
    arrival.proceed(device.directory, tenant)

# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The deployment of a device that has just been unpacked, or reset: join, enrollment, the phases of its status page.

``begin(device, user)`` starts it and returns the task that ends with its outcome; ``device.deployment`` has the
options. ``place(device, user, at)`` puts a device into the middle of one, where it stays. The phases are a generator:
each step is done at once, and yields how long it takes.
"""

from __future__ import annotations

import asyncio
import dataclasses
import datetime
import typing as t
from collections.abc import Iterator

from ..tenant import TenantError, deployments, policy
from ..tenant import registration as service
from ..tenant.objects import utc_seconds
from . import deployment_registry as written
from . import joinstate, mdm, mdm_admission
from .accounts import add_role_members, entra_sid
from .registry import Registry

DEPLOYED, INCOMPLETE, FAILED, LOCKED_OUT = "deployed", "incomplete", "failed", "locked_out"
WAITS_FOR_USER = "waits_for_user"
#: The second enrollment without a user, while the record of the first is there and nobody has allowed another.
USED_UP = 0x80180014
NO_OBJECT, NOT_ALLOWED, DETECTION, TIMED_OUT = 0x801C03F3, 0x801C0003, 0x87D1041C, 0x800705B4
POLICY_URI = "./Device/Vendor/MSFT/Policy/Config/DeviceLock/MaxInactivityTimeDeviceLock"
#: Where a device may be placed besides a phase and the end: where its page waits for as long as it may.
HANG = "hang"


class _Stop(Exception):
    """The deployment ends in ``outcome``; ``code`` is the HRESULT that the page shows."""

    def __init__(self, outcome: str, code: int = 0) -> None:
        super().__init__(outcome)
        self.outcome, self.code = outcome, code


def begin(device, user: str | None) -> asyncio.Task:
    """The person ``user`` (a user principal name) signs in to a device in its first setup; None: nobody does, and it
    deploys itself if its profile says so.

    The task ends with ``deployed``, ``incomplete`` (past an error), ``failed``, ``locked_out`` (another user is
    assigned) or ``waits_for_user`` (nobody signed in, and no profile does without). A device that is not registered is
    joined and enrolled as the user's own choice, and no event tells of it.
    """
    return device.spawn(_run(device, Deployment(device, user)))


def place(device, user: str | None, at: str, hours: float = 0) -> str | None:
    """Put a device into a deployment that began ``hours`` ago and stays at ``at`` (a phase, ``hang`` or ``end``); the
    outcome where it has ended."""
    run = Deployment(device, user)
    run.ago = datetime.timedelta(hours=hours)
    with device.directory.earlier(hours * 60):
        try:
            for phase, seconds in run.steps():
                if at in (phase, HANG if seconds > device.deployment.seconds else phase):
                    return None
        except _Stop as stop:
            return run.stop(stop)
        return run.end()


async def _run(device, run: Deployment) -> str:
    try:
        for _phase, seconds in run.steps():
            await device.delay(seconds)
    except _Stop as stop:
        return run.stop(stop)
    return run.end()


class Deployment:
    """One deployment of one device. ``tenant`` is None where the device is registered nowhere and nobody signs in."""

    def __init__(self, device, user: str | None) -> None:
        self.device, self.options = device, device.deployment
        self.upn = user
        self.tenant, self.identity = _registration(device, user)
        self.profile = deployments.profile_of(self.tenant, self.identity) if self.tenant and self.identity else None
        self.user = self.tenant.user(user) if self.tenant and user else None
        self.page: dict[str, t.Any] = deployments.DEFAULT_PAGE
        self.event: deployments.Event | None = None
        self.phase = "DevicePreparation"
        self.past_error = False
        #: How long ago what happens now has happened.
        self.ago = datetime.timedelta()
        self.enrollment_id = ""

    @property
    def now(self) -> datetime.datetime:
        return self.device.clock.utc() - self.ago

    @property
    def sid(self) -> str:
        return entra_sid(self.user["id"]) if self.user else ""

    def steps(self) -> Iterator[tuple[str, float]]:
        """(phase, device seconds that it takes from here) of each step. _Stop where it ends early."""
        if self.user is None and not deployments.deploys_itself(self.profile):
            raise _Stop(WAITS_FOR_USER if self.upn is None else LOCKED_OUT)
        assigned = (self.identity or {}).get("userPrincipalName")
        if self.user is not None and assigned and assigned.lower() != self.user["userPrincipalName"].lower():
            raise _Stop(LOCKED_OUT)
        self.phases = written.Phases(self.device, self.options.form)
        yield from self._prepare()
        if not self.page.get("showInstallationProgress"):
            return
        self.phase = "DeviceSetup"
        yield from self._set_up("device_setup", "Device")
        if self.user is not None:
            self.phase = "AccountSetup"
            yield from self._set_up("account_setup", self.sid)

    # --- device preparation -------------------------------------------------------------------------------------------

    def _prepare(self) -> Iterator[tuple[str, float]]:
        device, phases, tenant = self.device, self.phases, self.tenant
        if self.profile is not None:
            written.write_profile(device, tenant)
        tpm = "inProgress" if deployments.deploys_itself(self.profile) else "notRequired"
        phases.tell("DevicePreparation", "inProgress", TpmAttestationSubcategory=tpm, AadjSubcategory="inProgress")
        yield "device_preparation", self.options.seconds
        anchor = self._join()
        phases.tell("DevicePreparation", AadjSubcategory="succeeded", MdmEnrollmentSubcategory="inProgress")
        self.page = deployments.page_of(tenant, anchor["id"], self.user["id"] if self.user else None)
        if self.identity is not None and self.profile is not None:
            self.event = deployments.Event(tenant, self.identity, self.profile, self.page, self.now)
            self.event.tell(
                self.now,
                osVersion=f"10.0.{device.image.build}.{device.image.revision}",
                userPrincipalName=self.user["userPrincipalName"] if self.user else "",
                userId=self.user["id"] if self.user else deployments.NO_DEVICE,
                managedDeviceName=device.hostname,
            )
        yield "device_preparation", self.options.seconds
        self._enroll()
        phases.finish("DevicePreparation")

    def _join(self) -> dict:
        """The device object of the join: the one that the registration is anchored to, where there is one."""
        device, tenant = self.device, self.tenant
        if self.user is not None:
            self._sign_in(self.user)
        upn = self.user["userPrincipalName"] if self.user else ""
        scope = policy.mdm_applies(tenant, self.user["id"] if self.user else None)
        scope = scope or (self.user is None and tenant.mdm_policy["appliesTo"] != "none")
        anchor = tenant.device(self.identity["azureAdDeviceId"]) if self.identity else None
        if self.identity is not None and anchor is None:
            raise _Stop(FAILED, NO_OBJECT)
        registered = service.create(device.directory, tenant, device, upn, scope)
        found = tenant.device(registered.device_id)
        if anchor is not None:
            tenant.devices.pop(found["id"])
            kept = {"id": anchor["id"], "deviceId": anchor["deviceId"]}
            physical = [*anchor["physicalIds"], *found["physicalIds"]]
            anchor.update({**found, **kept, "physicalIds": list(dict.fromkeys(physical))})
            registered = dataclasses.replace(registered, device_id=anchor["deviceId"])
            found = anchor
        joinstate.write(device, registered)
        add_role_members(device, tenant)
        return found

    def _sign_in(self, user: dict) -> None:
        """The person signs in to the registration service, which may refuse the device."""
        try:
            service.sign_in(self.device.directory, self.tenant, user, self.device)
        except TenantError as error:
            raise _Stop(FAILED, NOT_ALLOWED if error.phase == "join" else error.hresult) from error

    def _enroll(self) -> None:
        device, tenant, identity = self.device, self.tenant, self.identity
        join = joinstate.read(device)
        if join is None or not join.mdm_url:
            return
        old = [row for row in tenant.managed_devices.values() if row["azureADDeviceId"] == join.device_id]
        used_up = identity is not None and identity.get("userlessEnrollmentStatus") == "blocked"
        if self.user is None and used_up and old:
            raise _Stop(FAILED, USED_UP)
        for row in old:
            del tenant.managed_devices[row["id"]]
        hresult = mdm_admission.refusal(device, join)
        if hresult is not None:
            raise _Stop(FAILED, hresult)
        self.enrollment_id = mdm.enroll(device, join)
        mdm.succeed(device)
        record = next(row for row in tenant.managed_devices.values() if row["azureADDeviceId"] == join.device_id)
        record.update(autopilotEnrolled=identity is not None, enrolledDateTime=utc_seconds(self.now))
        if self.user is None:
            record["deviceEnrollmentType"] = "windowsAzureADJoinUsingDeviceAuth"
        if identity is not None:
            identity.update(
                managedDeviceId=record["id"],
                azureActiveDirectoryDeviceId=join.device_id,
                azureAdDeviceId=join.device_id,
                enrollmentState="enrolled",
                lastContactedDateTime=record["enrolledDateTime"],
            )
            if self.user is None:
                identity["userlessEnrollmentStatus"] = "blocked"
        written.write_page(device, self.enrollment_id, self.page, self.user is not None)
        if self.event is not None:
            self.event.tell(self.now, deviceId=record["id"], enrollmentState="enrolled")

    # --- device setup, account setup ----------------------------------------------------------------------------------

    def _set_up(self, name: str, scope: str) -> Iterator[tuple[str, float]]:
        device, phases, options = self.device, self.phases, self.options
        status = "deviceSetupStatus" if scope == "Device" else "accountSetupStatus"
        began = self.now
        if scope != "Device":
            device.users.setdefault(scope, Registry())
            device.registry.set(written.first_sync(self.enrollment_id, scope))
        else:
            device.registry.set(
                rf"{written.TRACKING}\Device\DevicePreparation\PolicyProviders\Sidecar",
                {"InstallationState": written.COMPLETED},
            )
        self._tell(**{status: "inProgress"})
        phases.tell(
            self.phase,
            "inProgress",
            SecurityPoliciesSubcategory="succeeded",
            CertificatesSubcategory="notRequired",
            NetworkProfilesSubcategory="notRequired",
        )
        written.record_policies(device, scope, "ExpectedPolicies", {POLICY_URI: 1})
        apps = self._apps(name)
        bad = options.app if scope == "Device" else "installs"
        if bad == "config_manager":
            written.write_provider(device, scope, "ConfigMgr", None)
            phases.tell(self.phase, AppsSubcategory="inProgress")
            yield name, self._page_seconds()
            yield from self._give_up(name, status, TIMED_OUT)
            return
        written.write_provider(device, scope, "Sidecar", True)
        for app in apps:
            written.write_app(device, scope, app, written.NOT_INSTALLED)
        for number, app in enumerate(apps):
            written.write_app(device, scope, app, written.IN_PROGRESS)
            phases.tell(self.phase, AppsSubcategory="inProgress", text=phases.of(number, len(apps)))
            last = number == len(apps) - 1
            yield name, self._page_seconds() if last and bad == "hangs" else options.seconds
            if last and bad in ("hangs", "fails"):
                if bad == "fails":
                    written.write_app(device, scope, app, written.ERROR)
                yield from self._give_up(name, status, DETECTION if bad == "fails" else TIMED_OUT)
                return
            written.write_app(device, scope, app, written.COMPLETED)
        phases.tell(self.phase, AppsSubcategory="succeeded", text=phases.of(len(apps), len(apps)))
        phases.finish(self.phase)
        took = deployments.duration((self.now - began).total_seconds())
        self._tell(**{status: "success", status.replace("Status", "Duration"): took})
        self._synced(scope)

    def _give_up(self, name: str, status: str, code: int) -> Iterator[tuple[str, float]]:
        """The page shows an error. The person goes on where the page lets them and they want to."""
        text = f"0x{code:08x}"
        self.phases.tell(self.phase, "failed", AppsSubcategory="failed", text=text)
        if not (self.options.goes_on and self.page.get("allowDeviceUseOnInstallFailure")):
            self._tell(**{status: "failure"})
            raise _Stop(FAILED, code)
        yield name, self.options.seconds
        self.past_error = True
        self._tell(**{status: "successWithTimeout"})

    def _synced(self, scope: str) -> None:
        place = written.first_sync(self.enrollment_id, None if scope == "Device" else scope)
        self.device.registry.set(place, {"IsSyncDone": 1})

    def _apps(self, name: str) -> list[str]:
        chosen = [app for app in self.page.get("selectedMobileAppIds") or [] if app]
        own = [self.device.new_id(f"app {number}") for number in range(self.options.apps)]
        return (chosen or own) if name == "device_setup" else own[:1]

    def _page_seconds(self) -> float:
        return 60.0 * (self.page.get("installProgressTimeoutInMinutes") or 60)

    def _tell(self, **properties: t.Any) -> None:
        if self.event is not None:
            self.event.tell(self.now, **properties)

    # --- the end ------------------------------------------------------------------------------------------------------

    def end(self) -> str:
        """The person is at the desktop."""
        if self.user is not None:
            self.device.console_user = self.user["userPrincipalName"]
            self.device.users.setdefault(self.sid, Registry())
            if self.enrollment_id:
                self._synced(self.sid)
        if self.event is not None:
            states = {} if self.user is not None else {"accountSetupStatus": "notAttempted"}
            self.event.end(self.now, "successWithTimeout" if self.past_error else "success", **states)
        return INCOMPLETE if self.past_error else DEPLOYED

    def stop(self, stop: _Stop) -> str:
        """It ends before that."""
        if stop.outcome != FAILED:
            return stop.outcome
        if self.phase == "DevicePreparation":
            step = "AadjSubcategory" if self.event is None else "MdmEnrollmentSubcategory"
            self.phases.tell(self.phase, "failed", text=f"0x{stop.code:08x}", **{step: "failed"})
        if self.event is not None:
            failed = {"enrollmentState": "failed"} if self.phase == "DevicePreparation" else {}
            said = {"enrollmentFailureDetails": f"Error code 0x{stop.code:08x}"} if failed else {}
            self.event.end(self.now, "failure", **failed, **said)
        return FAILED


def _registration(device, user: str | None) -> tuple[t.Any, dict | None]:
    """(tenant, registration) of a device: where its serial number is registered, else the tenant of the user."""
    tenants = device.directory.tenants
    chosen = [tenants[device.deployment.tenant]] if device.deployment.tenant else list(tenants.values())
    for tenant in chosen:
        identity = deployments.identity_of(tenant, device.hardware.serial)
        if identity is not None:
            return tenant, identity
    domain = (user or "").rpartition("@")[2].lower()
    return next((tenant for tenant in chosen if domain in map(str.lower, tenant.domains)), None), None

# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One simulated Windows device: the parts that hold its state and the doors through which the world sees it.

Implements ``tests.lab.host.Host``. What a device *does* (provisioning, enrollment, restart, operations) lives in
modules of its own that take the device as an argument.
"""

from __future__ import annotations

import asyncio
import dataclasses
import datetime
import itertools
import typing as t
import uuid
from collections.abc import Coroutine, Mapping, Sequence

from ..clock import Clock
from ..tenant import arrival
from .accounts import DEFAULT_RULES, SYSTEM, Account, Caller, Member, caller, can_sign_in
from .bitlocker import Volume, go_on
from .certificates import Certificate
from .claims import Claim
from .deployment_options import DeploymentOptions
from .events import SYSTEM as SYSTEM_LOG
from .events import EventLogs
from .faults import Faults
from .files import ENVIRONMENT, Files
from .icd import Designer
from .images import COMPUTER_NAME, TCPIP, Image
from .jobs import Job
from .leaving import Leave
from .mdm import MdmOptions
from .network import Network
from .power import Power
from .processes import Processes
from .provisioning.package import EngineOptions, InstalledPackage
from .registry import Registry
from .tasks import Tasks
from .wipe import Wipe

NAMESPACE = uuid.UUID("6f3d9a52-5a5e-4c25-9a0c-3f6d1c1f0b7e")


@dataclasses.dataclass
class Hardware:
    """What the machine is made of. ``azure`` marks a virtual machine in Azure, ``identity`` its managed identity,
    ``resource`` its name in Azure where that is not the computer's. ``hash``: of what kind its hardware hash is
    (``firmware.HASHES``), ``link`` the same of its DeviceLink (``device_link.LINKS``).

    ``tpm_fips``: a TPM 1.2 in FIPS mode, which no class shows. ``vbs``: virtualization-based security runs.
    """

    manufacturer: str = "LENOVO"
    model: str = "21HM"
    serial: str = "PF000000"
    hash: str = "whole"
    link: str = "no_tool"
    tpm: bool = True
    tpm_version: str = "2.0"
    tpm_ready: bool = True
    tpm_fips: bool = False
    vbs: bool = True
    azure: bool = False
    identity: str | None = None
    resource: str | None = None
    free_bytes: int = 120 * 2**30
    #: Where its recovery environment is; and what it runs on: mains, battery, or a battery that says nothing.
    recovery_partition: bool = True
    power: str = "mains"


class Device:
    """One device. Its registry, files and certificates are the truth: joined means what they say."""

    def __init__(self, name: str, hostname: str, image: Image, clock: Clock, directory, seed: str = "") -> None:
        self.name = name
        self.image = image
        self.clock = clock
        self.directory = directory
        self.seed = seed or name
        self.skew = datetime.timedelta()
        self.online = True
        self.on_power: list = []
        self.faults = Faults()
        #: Set: what it would take its time over is done at once.
        self.hurried = asyncio.Event()
        self.variables: dict[str, t.Any] = {}
        self.groups: list[str] = []
        self.expect: dict[str, t.Any] = {}
        self.kind = ""
        self.registry = Registry(image.registry)
        self.users: dict[str, Registry] = {}
        #: Keys of HKLM (paths, spelled as they are there) and people's hives (SIDs) that are closed to all but SYSTEM.
        self.closed_keys: set[str] = set()
        self.closed_users: set[str] = set()
        #: What it refuses its caller to look at: ``{"op": operation, "of": one of its texts}`` (without: any).
        self.refused_reads: list[dict[str, str]] = []
        self.files = Files(image.files, ENVIRONMENT)
        self.certificates: list[Certificate] = []
        self.events = EventLogs(image.logs, image.language.split("-")[0])
        self.processes = Processes()
        self.tasks = Tasks(image.task_folders, image.tasks)
        self.network = Network(self)
        self.power = Power(self)
        self.jobs: dict[str, Job] = {}
        self.packages: dict[str, InstalledPackage] = {package.id: package for package in image.packages}
        self.engine = EngineOptions()
        self.mdm = MdmOptions()
        self.deployment = DeploymentOptions()
        self.hardware = Hardware(serial="PF" + self.new_id("serial").replace("-", "")[:6].upper())
        self.local_accounts: list[Account] = []
        self.members: list[Member] = []
        self._volumes: list[Volume] = []
        #: The rules for passwords of local accounts, as Windows has them without any policy; seconds, -1 never.
        self.password_rules: dict[str, int] = dict(DEFAULT_RULES)
        self.keys: set[str] = set()
        #: What a join calls its key in the registry: ``thumbprint`` or ``device_id``; both are seen.
        self.join_key = "thumbprint"
        #: Who has a key of Windows Hello here, by the name.
        self.hello_keys: set[str] = set()
        #: What a group policy sets EnableFIDODeviceLogon to, whoever changes it; None without one.
        self.sign_in_policy: int | None = None
        #: Whom it pretends to be (``claims``); None for an honest device.
        self.claim: Claim | None = None
        self.icd = Designer()
        self.leave = Leave()
        self.wipe = Wipe()
        #: At its first start (``out_of_box``): nobody uses it yet.
        self.out_of_box = False
        self.installations = 1
        self.wow64_shell = False
        #: Whether the inventory connects by HTTPS; None where the inventory may choose.
        self.secure: bool | None = None
        self.login = ""
        self.domain: str | None = None
        #: The tenant (id) that the domain's service connection point names; None without a hybrid set-up.
        self.hybrid_tenant: str | None = None
        #: The id of the device as which its managed identity has joined it (the state that dsregcmd calls SecureVM).
        self.secure_vm: str | None = None
        #: A signed-in Entra user (user principal name) who has a primary refresh token.
        self.console_user: str | None = None
        self.domain_tests: dict[str, str] = {}
        self.powershell_processes = 0
        #: What makes this device's PowerShell a real one (``tests.lab.powershell.real``); None where it is simulated.
        self.powershell: t.Any = None
        #: Whether the scenario asks for that; the lab does it once its control API has an address.
        self.wants_powershell = False
        self._ids = itertools.count()
        self._running: set[asyncio.Task] = set()
        self.hostname = hostname
        self.set_name(hostname, active=True)
        self.booted = self.utc() - datetime.timedelta(hours=7)
        self.installed = (self.utc() - datetime.timedelta(days=400)).replace(microsecond=0)
        self.machine_sid = self.sid_of_installation()

    # --- identity and time ----------------------------------------------------------------------------------------

    def utc(self) -> datetime.datetime:
        """The device's own idea of UTC: true time plus its skew."""
        return self.clock.utc() + self.skew

    def new_id(self, purpose: str) -> str:
        """A GUID (lower case) that is the same in every run of the same scenario for the same purpose."""
        return str(uuid.uuid5(NAMESPACE, f"{self.seed}/{purpose}"))

    def next_id(self, purpose: str) -> str:
        """A further GUID with each call."""
        return self.new_id(f"{purpose}/{next(self._ids)}")

    def sid_of_installation(self) -> str:
        """Each installation of Windows has a SID of its own."""
        more = "" if self.installations == 1 else f"{self.installations}/"
        return "S-1-5-21-" + "-".join(
            str(uuid.uuid5(NAMESPACE, f"{self.seed}/{more}{part}").int % 2**32) for part in "abc"
        )

    @property
    def volumes(self) -> list[Volume]:
        """Its drives as they are by now."""
        for tenant in self.directory.tenants.values():  # A policy may have begun something meanwhile.
            arrival.proceed(self.directory, tenant)
        return go_on(self, self._volumes)

    @volumes.setter
    def volumes(self, volumes: list[Volume]) -> None:
        self._volumes = volumes

    @property
    def hardware_uuid(self) -> str:
        """Its SMBIOS UUID, as Windows spells it."""
        return self.new_id("smbios").upper()

    def set_name(self, hostname: str, active: bool) -> None:
        """Write the computer name; ``active`` False leaves it pending until the next boot."""
        self.registry.set(rf"{COMPUTER_NAME}\ComputerName", {"ComputerName": hostname.upper()[:15]})
        self.registry.set(TCPIP, {"NV Hostname": hostname})
        if active:
            self.registry.set(rf"{COMPUTER_NAME}\ActiveComputerName", {"ComputerName": hostname.upper()[:15]})
            self.registry.set(TCPIP, {"Hostname": hostname})
            self.hostname = hostname
            self.files.environment["computername"] = hostname

    # --- accounts -------------------------------------------------------------------------------------------------

    @property
    def accounts(self) -> Mapping[str, str]:
        """Accounts that can sign in, with their passwords."""
        return {account.name: account.password for account in self.local_accounts if can_sign_in(self, account)}

    def account(self, name: str) -> Account | None:
        return next((a for a in self.local_accounts if a.name.lower() == name.lower()), None)

    @property
    def applied(self) -> dict[str, InstalledPackage]:
        """Packages that somebody has applied, by id: without those that are on every PC."""
        own = {package.id: package for package in self.image.packages}
        return {name: package for name, package in self.packages.items() if own.get(name) is not package}

    # --- small writers --------------------------------------------------------------------------------------------

    def event(self, log: str, event_id: int, data: Sequence = (), provider: str = "") -> None:
        """Write an event at the device's own time."""
        self.events.write(log, event_id, self.utc(), data, provider)

    def system_event(self, provider: str, event_id: int, data: Sequence = ()) -> None:
        self.event(SYSTEM_LOG, event_id, data, provider)

    # --- what runs ------------------------------------------------------------------------------------------------

    def spawn(self, work: Coroutine) -> asyncio.Task:
        """Run something on the device; it is cut off when the power goes."""
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    def kill_everything(self) -> None:
        """Cut off all that runs, as the end of a session does."""
        for task in list(self._running):
            task.cancel()

    async def sleep(self, seconds: float) -> None:
        """Wait that many device seconds."""
        await self.clock.sleep(seconds)

    async def delay(self, seconds: float) -> None:
        """Wait that many device seconds, or until somebody hurries the device."""
        waits = [asyncio.ensure_future(wait) for wait in (self.sleep(seconds), self.hurried.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    # --- the doors ------------------------------------------------------------------------------------------------

    def process_started(self, count: int = 1) -> None:
        self.powershell_processes += count

    def caller(self, account: str, system: bool = False) -> Caller:
        return SYSTEM if system else caller(self, account)

    async def run_operations(self, request: dict, *, account: str, system: bool = False) -> dict:
        """Run one request of vocabulary.json. ConnectionAbortedError if the device loses power meanwhile."""
        from .operations import run_request

        if not self.online:
            raise ConnectionAbortedError(f"{self.name} is off")
        if not system and (clock := self.faults.take("clock_set")) is not None:
            self.skew += datetime.timedelta(seconds=clock["seconds"])
        task = self.spawn(run_request(self, self.caller(account, system), request))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.cancelled():
                raise ConnectionAbortedError(f"{self.name} lost power") from None
            raise

    async def dsregcmd(self, arguments: list[str], *, account: str) -> tuple[int, str]:
        """Run dsregcmd.exe: exit code and text with CRLF line ends."""
        from .dsregcmd import run

        return await run(self, self.caller(account), arguments)

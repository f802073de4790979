# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A device from the options of a scenario: what it is, what it is joined to, how its world treats it."""

from __future__ import annotations

import copy
import datetime
import typing as t

from .. import ppkg
from ..tenant import BulkToken, Directory, Registered, Tenant
from ..tenant import registration as service
from . import (
    accounts,
    after_join,
    autojoin,
    deployment,
    events,
    furnish,
    history,
    joinstate,
    leaving,
    mdm,
    power,
    record,
    security_key,
    wipe,
)
from .accounts import POLICIES
from .deployment_options import DeploymentOptions
from .device import Device
from .errors import signed
from .images import image
from .provisioning import cmdlets, engine, memory, own_packages, results
from .provisioning.package import POLICY, EngineOptions, InstalledPackage, Removal, category, key

#: A failure that may pass.
TOKEN_BROKER = 0xCAA50021
DEFAULT_BUILD = "22631.4317"
JOINED_DAYS_AGO = 60


def build(name: str, hostname: str, options: dict[str, t.Any], context: Context) -> Device:
    """A device named ``name`` in the inventory. ``options`` is the ``device`` block of a kind, already checked."""
    options = copy.deepcopy(options)  # What of it is used up, is used up for this device.
    windows = options.get("windows", {})
    made = image(
        windows.get("edition", "Professional"),
        str(windows.get("build", DEFAULT_BUILD)),
        windows.get("language", "en-US"),
    )
    device = Device(name, options.get("hostname", hostname), made, context.clock, context.directory)
    device.wants_powershell = options.get("powershell") == "real"
    device.skew = datetime.timedelta(seconds=options.get("clock_skew", 0))
    power.backdate_boot(device, 7)
    own_packages.try_again(device, device.booted + datetime.timedelta(seconds=own_packages.AFTER_BOOT))
    device.domain = options.get("domain")
    device.domain_tests = options.get("domain_tests", {})
    furnish.accounts(device, options, next(iter(context.tenants.values())))
    furnish.hardware(device, options)
    _set_azure(device, options.get("azure"), context)
    furnish.surroundings(device, options)
    furnish.management(device, options, context.tenants)
    device.mdm.unregistration = options.get("unregistration", device.mdm.unregistration)
    device.join_key = options.get("join_key", device.join_key)
    device.mdm.delay = options.get("mdm_delay", device.mdm.delay)
    device.power.boot_seconds = options.get("boot_seconds", device.power.boot_seconds)
    device.power.at_boot = [engine.resume, mdm.resume, autojoin.resume]
    device.engine = _engine(options.get("engine", {}))
    _set_state(device, options, context)
    if options.get("out_of_box"):  # In its box: off, and at its first start when somebody turns it on.
        wipe.install_anew(device)
        device.out_of_box, device.online = True, False
    return device


class Context(t.NamedTuple):
    """What a device is built into. ``packages``: (label to (bytes, tenant, token's user principal name))."""

    clock: t.Any
    directory: Directory
    tenants: dict[str, Tenant]
    packages: dict[str, Package]


class Package(t.NamedTuple):
    """A package file of the world. ``upn`` is its package user; None, like ``token``, where it carries no token."""

    label: str
    data: bytes
    tenant: Tenant
    upn: str | None
    id: str
    token: BulkToken | None


def _engine(options: dict[str, t.Any]) -> EngineOptions:
    given = dict(options)
    if "retry_delays" in given:
        given["retry_delays"] = tuple(given["retry_delays"])
    given["failures"] = [{"times": 1, **failure} for failure in given.get("failures", [])]
    if "restart" in given:
        given["restart"] = {"when": "after_join", **given["restart"]}
    given["removal"] = Removal(**given.get("removal", {}))
    return EngineOptions(**given)


def _set_azure(device: Device, azure: dict | None, context: Context) -> None:
    if azure is not None:
        device.hardware.azure = True
        device.hardware.resource = azure.get("resource")
        device.mdm.broker_failures = list(azure.get("broker_failures", []))
        identity = azure.get("identity")
        device.hardware.identity = context.tenants[identity].id if identity else None
        if azure.get("name_taken"):
            service.leave_earlier_vm(context.tenants[azure["identity"]], device)


def _set_state(device: Device, options: dict[str, t.Any], context: Context) -> None:
    for stale in options.get("stale_joins", []):
        tenant = context.tenants[stale["tenant"]]
        joinstate.leave_stale(
            device, tenant.id, tenant.name, stale.get("certificate", False), stale.get("key", "thumbprint")
        )
    join = options.get("join")
    if join is not None:
        _join(device, join, options.get("mdm", "none"), context)
        for name in mdm.enrollments(device) if "mdm_state" in options else []:
            device.registry.set(rf"{mdm.ENROLLMENTS}\{name}", {"EnrollmentState": options["mdm_state"]})
    elif options.get("mdm") == "leftovers":
        mdm.leave_leftovers(device, next(iter(context.tenants.values())).id)
    _deploy(device, options.get("deployment"), context)
    if "tried" in options:
        tried = dict(options["tried"])
        package = context.packages[tried.pop("package")] if "package" in tried else None
        history.try_to_join(device, next(iter(context.tenants.values())), package, **tried)
        domain = next(iter(context.tenants.values())).domains[0]
        device.variables["lab_user"] = package.upn if package else f"{tried['user']}@{domain}"
    if options.get("earlier_failures"):
        _earlier_failures(device)
    if options.get("sign_in_failures"):
        _sign_in_failures(device)
    if "after_join" in options:
        tenant = context.tenants[(join or {}).get("tenant", "main")]
        after_join.furnish_after_join(device, options["after_join"], tenant)
    if "record" in options:
        record.keep(device, context.tenants[(join or {}).get("tenant", "main")], options["record"])
    device.refused_reads = list(options.get("refuses", []))
    power.mark_pending(device, options.get("pending_reboot", []))
    if "rename" in options.get("pending_reboot", []):
        device.set_name(f"{device.hostname}-NEW"[-15:], active=False)
    device.power.blocks_join = options.get("reboot_blocks_join", False)
    if options.get("token_filter"):
        device.registry.set(POLICIES, {"LocalAccountTokenFilterPolicy": 0})
    if options.get("policies"):
        device.registry.set(POLICY, options["policies"])
    if options.get("uicc") is False:
        device.registry.delete(memory.UICC)
    for label in options.get("installed", []):
        _installed(device, context.packages[label], **options.get("installed_before", {}))
    for fault in options.get("faults", []):
        settings = {name: value for name, value in fault.items() if name not in ("kind", "times")}
        device.faults.add(fault["kind"], settings, fault.get("times", 1))


def _deploy(device: Device, options: dict[str, t.Any] | None, context: Context) -> None:
    """How its deployments go, and where it stands in one."""
    if options is None:
        return
    user, at, hours = (options.pop(name, None) for name in ("user", "at", "hours"))
    if "tenant" in options:
        options["tenant"] = context.tenants[options["tenant"]].id
    device.deployment = DeploymentOptions(**options)
    if at is not None:
        domain = next(iter(context.tenants.values())).domains[0]
        deployment.place(device, user if user is None or "@" in user else f"{user}@{domain}", at, hours or 0)


def _join(device: Device, join: dict[str, t.Any], enrolled: str, context: Context) -> None:
    tenant = context.tenants[join.get("tenant", "main")]
    trust = {"entra": "AzureAd", "hybrid": "ServerAd", "registered": "Workplace"}[join["type"]]
    upn = f"lab.user@{tenant.domains[0]}" if trust == "Workplace" else f"admin@{tenant.domains[0]}"
    if "package" in join:
        upn = context.packages[join["package"]].upn or upn
    offered = enrolled in ("enrolled", "offered")
    registered = service.create(context.directory, tenant, device, upn, offered, trust_type=trust, logged=False)
    when = device.utc() - datetime.timedelta(days=JOINED_DAYS_AGO)
    if trust == "Workplace":
        joinstate.register_workplace(device, f"{device.machine_sid}-1002", registered, when)
    else:
        state = joinstate.write(device, registered, JOINED_DAYS_AGO)
        if trust == "AzureAd":
            accounts.add_role_members(device, tenant)
        else:
            device.hybrid_tenant = tenant.id
        if join.get("console_user"):
            device.console_user = f"lab.user@{tenant.domains[0]}"
            device.hello_keys.add(device.console_user)
        if enrolled == "enrolled":
            mdm.enroll(device, state)
        elif enrolled == "leftovers":
            mdm.leave_leftovers(device, tenant.id)
    if join.get("half_left"):
        leaving.forget_registry(device)
    _set_object(tenant, registered, join.get("object", "present"))


def _set_object(tenant: Tenant, registered: Registered, state: str) -> None:
    found = tenant.device(registered.device_id)
    if found is not None and state == "disabled":
        found["accountEnabled"] = False
    elif found is not None and state == "deleted":
        del tenant.devices[found["id"]]


def _earlier_failures(device: Device) -> None:
    """Failures of attempts a month ago: evidence of nothing that happens now."""
    when = device.utc() - datetime.timedelta(days=30)
    unresolved, refused = signed(0x80072EE7), signed(0xCAA20003)
    write = device.events.write
    write(events.PROVISIONING, 20, when, ["An older package", "{6a9b2c1e-0f4d-4f0a-9c55-0d2f6c1b7a11}"])
    write(events.PROVISIONING, 12, when, ["AADJ", unresolved, "AADJ/BPRT", "AADJ"])
    write(events.PROVISIONING, 22, when, ["An older package", unresolved])
    write(
        events.REGISTRATION,
        305,
        when,
        [
            refused,
            "AADSTS50126: Error validating credentials due to invalid username or password.",
            "Managed",
            "common",
        ],
    )
    write(events.MDM, 76, when, [mdm.DEVICE_CREDENTIAL, signed(mdm.CONNECTIVITY)])


def _sign_in_failures(device: Device) -> None:
    """An hour ago the sign-in of a person failed for want of a network."""
    when, unreachable = device.utc() - datetime.timedelta(hours=1), signed(0xC000023C)
    write = device.events.write
    write(events.AAD, 1097, when, ["Error: 0xCAA10001 Need user interface to continue.", "Exception of type 'class'"])
    write(
        events.AAD,
        1025,
        when,
        ["0", "https://login.microsoftonline.com/common/oauth2/token", device.next_id("request")],
    )
    write(events.AAD, 1104, when, ["Get token", unreachable])
    write(events.AAD, 1104, when, ["Lookup name name from SID", unreachable])


def _installed(device: Device, package: Package, file: bool = True, failures: int = 0, waits: bool = False) -> None:
    """A package that was applied before the world began, without its join (left since, or another cause).

    ``file``: the engine's copy is still there. Its join has failed that many times, or waits for something.
    """
    settings = ppkg.inspect(package.data)
    path = rf"{device.files.resolve(cmdlets.STORE)}\{package.label}.ppkg"
    device.files.make_directory(cmdlets.STORE)
    device.files.write(path, package.data)
    known = InstalledPackage(key(settings["package_id"]), settings["name"], settings["version"], path, settings)
    device.packages[known.id] = known
    results.register(device, known)
    for name in known.order:
        join = category(known.sets[name]) == "AADJ"
        for hresult in [TOKEN_BROKER] * failures or [results.PENDING if waits else 0] if join else [0]:
            results.record(device, known, name, hresult, "AADJ/BPRT")
        memory.keep(device, known, name)
        if (value := dict(known.sets[name]).get(security_key.SETTING)) is not None:
            security_key.by_package(device, value)
        if join and (failures or waits):
            known.pending.append(name)
    if not file:
        device.files.remove(path)

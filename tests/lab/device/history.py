# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A join that was tried some minutes before the lab began: the tenant's logs have it, the device shows what is left.

The tenant decides as it does for any join. ``shows``: ``everything`` that a join writes, the ``code`` alone (events of
the provisioning engine and its results, without the registration service's words), or ``nothing`` (since then the
device was reset, or its logs were cleared).
"""

from __future__ import annotations

import contextlib
import datetime
import json
import ntpath
import typing as t

from .. import ppkg
from ..tenant import Tenant, TenantError, audits, policy
from ..tenant import registration as service
from ..tenant.objects import utc_seconds
from . import accounts, joinstate, mdm, mdm_admission
from .errors import signed
from .events import PROVISIONING, REGISTRATION
from .provisioning import aadj, cmdlets, memory, results
from .provisioning.package import InstalledPackage, category, key

NODE = aadj.NODE
#: The engine tries a failing join once and three times more.
AT_ONCE = 4
#: Device seconds from a join to its enrollment.
LATER = 30.0


@contextlib.contextmanager
def earlier(device, minutes: float) -> t.Iterator[None]:
    """What is done within has happened so many minutes ago, for the tenant and for the device."""
    device.skew -= datetime.timedelta(minutes=minutes)
    with device.directory.earlier(minutes):
        yield
    device.skew += datetime.timedelta(minutes=minutes)


def try_to_join(
    device,
    tenant: Tenant,
    package=None,
    *,
    user: str | None = None,
    minutes: float = 30,
    times: int = 1,
    shows: str = "everything",
    hresult: int | None = None,
    mdm_hresult: int | None = None,
    then: str | None = None,
) -> None:
    """Join by the package (``build.Package``), or by a person, ``times`` a minute apart; ``hresult`` and
    ``mdm_hresult``: what the device reports in place of the service's own code, of the join and of the enrollment.
    ``then``: its object was ``deleted`` or ``disabled`` afterwards."""
    for number in range(times):
        with earlier(device, minutes - number):
            registered = (
                _by_person(device, tenant, user, shows) if user else _by_package(device, package, shows, hresult)
            )
        if registered is not None:
            with earlier(device, minutes - number):
                _complete(device, registered)
            with earlier(device, minutes - number - LATER / 60):
                _enroll(device, shows, mdm_hresult)
            if then:
                with earlier(device, (minutes - number) / 2):
                    _lose_object(device, tenant, registered.device_id, then)
            return


def _by_package(device, package, shows: str, hresult: int | None) -> service.Registered | None:
    known, code = _known(device, package, shows), 0
    registered = None
    for _attempt in range(AT_ONCE):
        try:
            registered = _ask(device, package)
            code = 0
            break
        except TenantError as error:
            _tell(device, error, shows)
            code = hresult or error.hresult
    if shows != "nothing":
        _record(device, known, code)
    return registered


def _ask(device, package) -> service.Registered:
    grant = service.redeem(device.directory, package.token.value, device)
    return service.register(device.directory, grant, device)


def _by_person(device, tenant: Tenant, name: str, shows: str) -> service.Registered | None:
    user = tenant.user(name if "@" in name else f"{name}@{tenant.domains[0]}")
    assert user is not None
    try:
        request = service.sign_in(device.directory, tenant, user, device)
    except TenantError as error:
        _tell(device, error, shows)
        return None
    scope = policy.mdm_applies(tenant, user["id"])
    return service.create(device.directory, tenant, device, user["userPrincipalName"], scope, request)


def _tell(device, failure: TenantError, shows: str) -> None:
    """What a refusal by the registration service writes; the token service's stands nowhere (``aadj``)."""
    if shows == "everything" and failure.phase == "join":
        data = [signed(failure.hresult), failure.request_id, failure.status, failure.response]
        device.event(REGISTRATION, 204, data)


def _known(device, package, shows: str) -> InstalledPackage:
    settings = ppkg.inspect(package.data)
    path = rf"{device.files.resolve(cmdlets.STORE)}\{package.label}.ppkg"
    known = InstalledPackage(key(settings["package_id"]), settings["name"], settings["version"], path, settings)
    if shows != "nothing" and known.id not in device.packages:
        device.files.make_directory(cmdlets.STORE)
        device.files.write(path, package.data)
        device.packages[known.id] = known
        results.register(device, known)
    return device.packages.get(known.id, known)


def _record(device, package: InstalledPackage, code: int) -> None:
    """What the engine leaves of a run that ended in this code."""
    file = ntpath.basename(package.path)
    device.event(PROVISIONING, 20, [file, package.id])
    for name in package.order:
        values = package.sets[name]
        area, join = category(values), category(values) == "AADJ"
        hresult = code if join else 0
        device.event(PROVISIONING, 10, [area, values[0][0] if values else name])
        results.record(device, package, name, hresult, NODE if join else "")
        memory.keep(device, package, name)
        if hresult:
            device.event(PROVISIONING, 12, [area, signed(hresult), NODE, area])
            package.pending = [name]
        else:
            device.event(PROVISIONING, 11, [area, ""])
    device.event(PROVISIONING, 22 if code else 21, [file, signed(code)] if code else [file])


def _complete(device, registered: service.Registered) -> None:
    said = json.dumps({"Certificate": {}, "DeviceId": registered.device_id})
    device.event(REGISTRATION, 104, [said, registered.request_id])
    joinstate.write(device, registered)
    accounts.add_role_members(device, device.directory.tenants[registered.tenant_id])
    device.event(REGISTRATION, 105)
    device.event(REGISTRATION, 106)


def _enroll(device, shows: str, hresult: int | None) -> None:
    join = joinstate.read(device)
    if join is None or not join.mdm_url or device.image.server:
        return
    refused = mdm.refusal(device)
    if refused is None:
        refused = mdm_admission.refusal(device, join)
    if refused is None:
        mdm.enroll(device, join)
        mdm.succeed(device)
    elif refused and shows != "nothing":
        mdm.fail(device, hresult or refused)


def _lose_object(device, tenant: Tenant, device_id: str, how: str) -> None:
    """The administrator deletes the object, or disables it."""
    found, admin = tenant.device(device_id), tenant.user(f"admin@{tenant.domains[0]}")
    assert found is not None and admin is not None
    changed = {} if how == "deleted" else {"AccountEnabled": False}
    activity, operation = ("Delete device", "Delete") if how == "deleted" else ("Update device", "Update")
    target = audits.target("Device", found, changed)
    audits.write(device.directory, tenant, activity, audits.by_user(admin), [target], operation=operation)
    if how == "deleted":
        del tenant.devices[found["id"]]
        tenant.deleted_devices[found["id"]] = {**found, "deletedDateTime": utc_seconds(device.directory.now())}
    else:
        found["accountEnabled"] = False

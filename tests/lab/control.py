# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control API of the lab: JSON over HTTP on loopback, for tests and demos.

=======================================  ==============================================================================
GET /devices                             [{name, hostname, kind, online, out_of_box, join, expect}]
GET /devices/NAME                        the whole state (``tests.lab.device.dump``), with ``digest``
GET /devices/NAME/events?log=LOG         [{id, record, utc, provider, data}], newest first
GET /devices/NAME/faults                 {kind: how many are still to come}
POST /devices/NAME/faults                {"kind": ..., "times": 1, ...options}
DELETE /devices/NAME/faults              no faults are pending any more
POST /devices/NAME/refuses               {"reads": [{"op": operation, "of": key, log or class}]}: what it refuses from
                                         now on, and nothing else; without ``of`` the whole operation
POST /devices/NAME/hurry                 what it takes its time over from now on is done at once: the work of its
                                         provisioning engine, the enrollment that follows its join, the rest of a leave
                                         that is held, the steps of its deployment
POST /devices/NAME/power                 {"state": "on" | "off" | "restart", "delay": device seconds}
POST /devices/NAME/sign-in               {"user": user principal name, or null}: the person who unpacks a device that is
                                         at its first start signs in, and its deployment begins; on a device that is
                                         joined a user of its tenant signs in
POST /devices/NAME/medium                {"folder": path}: somebody inserts a stick with this root into a device that is
                                         on; {packages, taken, screen} (``tests.lab.device.media``)
PATCH /devices/NAME/accounts/ACCOUNT     {"enabled": false, "locked": true, ...}: somebody changes a local account
GET /tenant, GET /tenants/LABEL          policies, users, groups, tokens (no secrets), devices
PATCH /tenant                            {"registration_policy": {}, "mdm_policy": {}, "security_defaults": {},
                                         "conditional_access": []}
POST /tenant/packages/LABEL              {"token": "revoke" | "expire" | "renew"}
PATCH /tenant/devices/DEVICE_ID          {"accountEnabled": false, ...}
DELETE /tenant/devices/DEVICE_ID         the object is gone; the device does not know
(/tenant/faults, /tenant/settings, ...)   ``tests.lab.graph.control``
POST /devices/NAME/programs              {"program", "arguments", "caller"}: a native program of a device whose
                                         PowerShell is real; see ``tests.lab.powershell.programs``
POST /devices/NAME/sync                  what was changed in its description, and what it is now; {directory, program,
                                         environment} of its PowerShell
GET /packages                            {label: {id, user, tenant}}
=======================================  ==============================================================================

Errors are {"error": sentence} with status 400 or 404. /tenant is the tenant that devices are to join; every tenant has
the same routes below /tenants/LABEL.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
import typing as t
from pathlib import Path

from aiohttp import web

from .device import joined_user, media, out_of_box
from .device.accounts import has_local_administrator
from .device.dump import dump, summary
from .device.operations.dispatch import HANDLERS
from .device.wire import utc_text
from .graph import control as graph_control
from .graph.service import Service
from .scenario_device import FAULTS
from .tenant import Tenant, arrival, audits
from .tenant.model import LIFETIME_DAYS
from .world import World

WORLD: web.AppKey[World] = web.AppKey("world", World)
ACCOUNT = ("enabled", "locked", "password_expired", "expired", "administrator")
POLICIES = ("registration_policy", "mdm_policy", "security_defaults", "conditional_access")


def application(world: World, service: Service | None = None) -> web.Application:
    """The API of one world; ``tests.lab.__main__`` serves it. With ``service`` also the switches of its Graph."""
    app = web.Application(middlewares=[_errors])
    app[WORLD] = world
    if service is not None:
        graph_control.add_routes(app, service, _find_tenant)
    app.router.add_get("/devices", _devices)
    app.router.add_get("/devices/{name}", _device)
    app.router.add_get("/devices/{name}/events", _events)
    app.router.add_get("/devices/{name}/faults", _faults)
    app.router.add_post("/devices/{name}/faults", _add_fault)
    app.router.add_delete("/devices/{name}/faults", _clear_faults)
    app.router.add_post("/devices/{name}/refuses", _refuses)
    app.router.add_post("/devices/{name}/hurry", _hurry)
    app.router.add_post("/devices/{name}/power", _power)
    app.router.add_post("/devices/{name}/sign-in", _sign_in)
    app.router.add_post("/devices/{name}/medium", _insert_medium)
    app.router.add_patch("/devices/{name}/accounts/{account}", _change_account)
    app.router.add_post("/devices/{name}/programs", _run_program)
    app.router.add_post("/devices/{name}/sync", _sync)
    app.router.add_get("/packages", _packages)
    for prefix in ("/tenant", "/tenants/{label}"):
        app.router.add_get(prefix, _tenant)
        app.router.add_patch(prefix, _set_policies)
        app.router.add_post(prefix + "/packages/{package}", _change_token)
        app.router.add_patch(prefix + "/devices/{device_id}", _change_object)
        app.router.add_delete(prefix + "/devices/{device_id}", _delete_object)
    return app


class _Refused(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@web.middleware
async def _errors(request: web.Request, handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except _Refused as refusal:
        return web.json_response({"error": str(refusal)}, status=refusal.status)


# --- devices ------------------------------------------------------------------------------------------------------


async def _devices(request: web.Request) -> web.Response:
    return web.json_response([summary(host) for host in request.app[WORLD].hosts])


async def _device(request: web.Request) -> web.Response:
    return web.json_response(dump(_host(request)))


async def _events(request: web.Request) -> web.Response:
    host, log = _host(request), request.query.get("log", "")
    if not host.events.exists(log):
        raise _Refused(404, f"{host.name} has no log '{log}'")
    return web.json_response(
        [
            {"id": e.id, "record": e.record, "utc": utc_text(e.utc), "provider": e.provider, "data": list(e.data)}
            for e in reversed(host.events.read(log))
        ]
    )


async def _faults(request: web.Request) -> web.Response:
    return web.json_response(_host(request).faults.pending())


async def _add_fault(request: web.Request) -> web.Response:
    host, body = _host(request), await _body(request)
    kind, times = body.pop("kind", None), body.pop("times", 1)
    if kind not in FAULTS:
        raise _Refused(400, f"kind must be one of {', '.join(FAULTS)}")
    if not isinstance(times, int) or times < 1:
        raise _Refused(400, "times must be a whole number above 0")
    host.faults.add(kind, body, times)
    return web.json_response({"faults": host.faults.pending()})


async def _clear_faults(request: web.Request) -> web.Response:
    _host(request).faults.clear()
    return web.json_response({"faults": {}})


async def _refuses(request: web.Request) -> web.Response:
    host, reads = _host(request), (await _body(request)).get("reads")
    if not isinstance(reads, list) or not all(isinstance(one, dict) and one.get("op") in HANDLERS for one in reads):
        raise _Refused(400, "reads must be a list of {op: an operation, of: what of it}")
    host.refused_reads = [{name: str(one[name]) for name in ("op", "of") if name in one} for one in reads]
    return web.json_response({"reads": host.refused_reads})


async def _hurry(request: web.Request) -> web.Response:
    _host(request).hurried.set()
    return web.json_response({"hurried": True})


async def _power(request: web.Request) -> web.Response:
    host, body = _host(request), await _body(request)
    state = body.get("state")
    if state == "off":
        host.power.stop()
        await host.power.off()
    elif state == "on":
        await host.power.on()
    elif state == "restart":
        host.power.schedule_restart(body.get("delay", 0), "asked for over the control API", "lab")
    else:
        raise _Refused(400, "state must be on, off or restart")
    return web.json_response({"online": host.online, "restart_scheduled": host.power.scheduled})


async def _sign_in(request: web.Request) -> web.Response:
    host, body = _host(request), await _body(request)
    try:
        if joined_user.may(host):
            return web.json_response({"signed_in": joined_user.sign_in(host, str(body.get("user")))})
        out_of_box.sign_in(host, body.get("user"))
    except ValueError as error:
        raise _Refused(400, str(error)) from error
    return web.json_response({"deployment": "begun"})


async def _insert_medium(request: web.Request) -> web.Response:
    host, body = _host(request), await _body(request)
    try:
        return web.json_response(media.insert(host, Path(str(body.get("folder")))))
    except ValueError as error:
        raise _Refused(400, str(error)) from error


async def _change_account(request: web.Request) -> web.Response:
    host, body = _host(request), await _body(request)
    account = host.account(request.match_info["account"])
    if account is None:
        raise _Refused(404, f"{host.name} has no account '{request.match_info['account']}'")
    if not set(body) <= set(ACCOUNT) or not all(isinstance(value, bool) for value in body.values()):
        raise _Refused(400, f"only {', '.join(ACCOUNT)} can be set, to true or false")
    for name, value in body.items():
        setattr(account, name, value)
    return web.json_response({"local_administrator": has_local_administrator(host)})


async def _run_program(request: web.Request) -> web.Response:
    powershell, body = _powershell(request), await _body(request)
    return web.json_response(await powershell.run_program(body["program"], body["arguments"], body["caller"]))


async def _sync(request: web.Request) -> web.Response:
    powershell = _powershell(request)
    if not powershell.device.online:
        raise _Refused(503, f"{powershell.device.name} is off")
    powershell.sync()
    return web.json_response(
        {
            "directory": str(powershell.directory),
            "program": powershell.pwsh,
            "environment": powershell.environment(powershell.device.login),
        }
    )


def _powershell(request: web.Request):
    host = _host(request)
    if host.powershell is None:
        raise _Refused(404, f"the PowerShell of {host.name} is simulated")
    return host.powershell


# --- tenants ------------------------------------------------------------------------------------------------------


async def _tenant(request: web.Request) -> web.Response:
    tenant = _find_tenant(request)
    arrival.proceed(request.app[WORLD].directory, tenant)
    shown = {
        f.name: getattr(tenant, f.name)
        for f in dataclasses.fields(tenant)
        # How often somebody asked changes nothing in a tenant.
        if f.name not in ("applications", "approvals", "evaluated_at", "evaluations_refused", "intune", "logs")
    }
    shown["tokens"] = [
        {"user_id": token.user_id, "issued": utc_text(token.issued), "expires": utc_text(token.expires)}
        for token in tenant.tokens.values()
    ]
    return web.json_response(shown)


async def _set_policies(request: web.Request) -> web.Response:
    tenant, body = _find_tenant(request), await _body(request)
    unknown = set(body) - set(POLICIES)
    if unknown:
        raise _Refused(400, f"only {', '.join(POLICIES)} can be set, not {', '.join(sorted(unknown))}")
    for name in POLICIES[:3]:
        getattr(tenant, name).update(body.get(name, {}))
    tenant.conditional_access = body.get("conditional_access", tenant.conditional_access)
    return web.json_response({name: getattr(tenant, name) for name in POLICIES})


async def _change_token(request: web.Request) -> web.Response:
    world, tenant, body = request.app[WORLD], _find_tenant(request), await _body(request)
    package = world.packages.get(request.match_info["package"])
    token = package.token if package is not None and package.tenant is tenant else None
    if package is None or token is None:
        raise _Refused(404, f"this tenant issued no token for a package '{request.match_info['package']}'")
    now = world.clock.utc()
    if body.get("token") == "revoke":
        user = tenant.users.pop(token.user_id, None)
        if user is not None:
            _record(request, "Delete user", "Delete", audits.target("User", user))
    elif body.get("token") == "expire":
        token.expires = now - datetime.timedelta(days=1)
    elif body.get("token") == "renew":
        token.expires = now + datetime.timedelta(days=LIFETIME_DAYS)
        tenant.users.setdefault(
            token.user_id,
            {
                "id": token.user_id,
                "userPrincipalName": package.upn,
                "displayName": str(package.upn).partition("@")[0],
                "accountEnabled": True,
            },
        )
    else:
        raise _Refused(400, "token must be revoke, expire or renew")
    return web.json_response({"user_exists": token.user_id in tenant.users, "expires": utc_text(token.expires)})


async def _change_object(request: web.Request) -> web.Response:
    found, body = _find_object(request), await _body(request)
    named = {name[0].upper() + name[1:]: value for name, value in body.items()}
    _record(request, "Update device", "Update", audits.target("Device", found, named))
    found.update(body)
    return web.json_response(found)


async def _delete_object(request: web.Request) -> web.Response:
    found = _find_object(request)
    del _find_tenant(request).devices[found["id"]]
    _record(request, "Delete device", "Delete", audits.target("Device", found))
    return web.json_response(found)


def _record(request: web.Request, activity: str, operation: str, target: dict[str, t.Any]) -> None:
    """The tenant's administrator did it, says the log of the directory."""
    world, tenant = request.app[WORLD], _find_tenant(request)
    admin = tenant.user(f"admin@{tenant.domains[0]}")
    assert admin is not None
    kind = "UserManagement" if target["type"] == "User" else "Device"
    audits.write(world.directory, tenant, activity, audits.by_user(admin), [target], operation=operation, category=kind)


async def _packages(request: web.Request) -> web.Response:
    packages = request.app[WORLD].packages
    return web.json_response(
        {label: {"id": p.id, "user": p.upn, "tenant": p.tenant.id} for label, p in packages.items()}
    )


# --- small ones ---------------------------------------------------------------------------------------------------


def _host(request: web.Request):
    name = request.match_info["name"]
    host = request.app[WORLD].host(name)
    if host is None:
        raise _Refused(404, f"there is no device '{name}'")
    return host


def _find_tenant(request: web.Request) -> Tenant:
    world = request.app[WORLD]
    label = request.match_info.get("label")
    if label is None:
        return world.tenant
    if label not in world.tenants:
        raise _Refused(404, f"there is no tenant '{label}', only {', '.join(world.tenants)}")
    return world.tenants[label]


def _find_object(request: web.Request) -> dict:
    found = _find_tenant(request).device(request.match_info["device_id"])
    if found is None:
        raise _Refused(404, "there is no device object with this deviceId")
    return found


async def _body(request: web.Request) -> dict[str, t.Any]:
    try:
        body = await request.json()
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise _Refused(400, f"the body is no JSON: {error}") from error
    if not isinstance(body, dict):
        raise _Refused(400, "the body must be an object")
    return body

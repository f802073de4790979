# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scenarios: YAML files that describe a world. docs/lab.md has the schema, ``scenario_schema`` checks it."""

from __future__ import annotations

import collections
import datetime
import functools
import itertools
import typing as t
from pathlib import Path

import yaml

from . import ppkg, scenario_tenant
from .clock import Clock
from .device import build as builder
from .device import claims
from .device import furnish as furnish_device
from .device.device import Device
from .host import ScenarioError
from .scenario_schema import check
from .tenant import Directory, Tenant, planted_logs
from .tenant.furnish import furnish
from .world import World

DIRECTORY = Path(__file__).with_name("scenarios")
LIBRARY = ("kinds.yml", "kinds_preflight.yml", "kinds_disconnect.yml", "kinds_witnesses.yml")
WEB = "https://packages.lab.example/"
#: The account of the inventory, as a package makes it.
INVENTORYS = {"name": furnish_device.LOGIN, "password": furnish_device.PASSWORD, "group": "Administrators"}
WAYS = ("method", "reboot", "expect_mdm")


def load_world(
    scenario: str = "demo",
    *,
    devices: int | None = None,
    speed: float = 1.0,
    out: Path = Path("build/lab"),
    clock: Clock | None = None,
) -> World:
    """Build the world of a scenario: a name in tests/lab/scenarios or the path of a YAML file.

    devices: replicate the scenario's devices in turn up to this number; speed: device seconds per real second; out:
    existing directory, packages are written to <out>/packages (mode 0600). ScenarioError for a scenario that cannot be
    used, with the file, the place in it and what would be right.
    """
    description = read(scenario)
    clock = clock or Clock(speed)
    tenants = {label: _tenant(label, options) for label, options in description["tenants"].items()}
    directory = Directory(list(tenants.values()), clock)
    packages = {label: _package(label, options, tenants, clock) for label, options in description["packages"].items()}
    for label, options in description["tenants"].items():
        scenario_tenant.shape(tenants[label], options, packages, clock)
    _delete_users(description["packages"], packages)
    paths = _write(packages, out)
    directory.web = {f"{WEB}{label}.ppkg": package.data for label, package in packages.items()}
    context = builder.Context(clock, directory, tenants, packages)
    hosts = [_host(name, kind, entry, context, paths) for name, kind, entry in _fleet(description, devices)]
    main = next(iter(tenants.values()))
    _claim(hosts, [entry["device"] for _name, _kind, entry in _fleet(description, devices)])
    for label, options in description["tenants"].items():
        people = {
            name: planted_logs.package_user(package.token.user_id, package.upn or "")
            for name, package in packages.items()
            if package.token is not None
        }
        planted_logs.plant(directory, tenants[label], options.get("logs", {}), people)
    return World(clock, directory, tenants, packages, hosts, {"join_tenant_id": main.id})


# --- files --------------------------------------------------------------------------------------------------------


def read(scenario: str) -> dict[str, t.Any]:
    """A scenario's description, checked and merged over the library of tenants, packages and kinds."""
    path = Path(scenario) if scenario.endswith((".yml", ".yaml")) else DIRECTORY / f"{scenario}.yml"
    if not path.is_file() or path.name in LIBRARY:
        names = sorted(file.stem for file in DIRECTORY.glob("*.yml") if file.name not in LIBRARY)
        known = ", ".join(names)
        raise ScenarioError(f"there is no scenario '{scenario}'; use one of {known}, or a path ending in .yml")
    library = _library()
    own = _load(path)
    merged = {part: {**library[part], **own.get(part, {})} for part in ("tenants", "packages", "kinds")}
    if own["devices"] == "all":
        own["devices"] = [{"kind": kind} for kind in merged["kinds"]]
    check.references(path, own, merged)
    return {**merged, "devices": own["devices"]}


@functools.cache
def _library() -> dict[str, t.Any]:
    merged: dict[str, t.Any] = {"tenants": {}, "packages": {}, "kinds": {}}
    for name in LIBRARY:
        path = DIRECTORY / name
        content = _parse(path)
        check.library(path, content)
        for part, entries in content.items():
            merged[part].update(entries)
    return merged


def _load(path: Path) -> dict[str, t.Any]:
    content = _parse(path)
    check.scenario(path, content)
    return content


def _parse(path: Path) -> t.Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ScenarioError(f"{path} is no YAML: {error}") from error


# --- tenants and packages -----------------------------------------------------------------------------------------


def _tenant(label: str, options: dict[str, t.Any]) -> Tenant:
    domain = options.get("domain", f"{label}.example")
    tenant = Tenant(
        options.get("id") or Tenant("", label, [domain]).object_id(f"tenant/{label}"),
        options.get("name", label),
        [domain, f"{label}.onmicrosoft.example"],
    )
    furnish(tenant)
    return tenant


def _package(label: str, options: dict[str, t.Any], tenants: dict[str, Tenant], clock: Clock) -> builder.Package:
    tenant = tenants[options.get("tenant", next(iter(tenants)))]
    kind = options.get("token", "valid")
    token = None
    if kind != "none":
        age = 200 if kind == "expired" else 10
        token = tenant.issue_bulk_token(label, clock.utc() - datetime.timedelta(days=age))
    package_id = tenant.object_id(f"package file/{label}")
    data = ppkg.build(
        options.get("title", label),
        package_id,
        options.get("version", "1.0"),
        token.value if token else None,
        computer_name=options.get("computer_name"),
        security_key=options.get("security_key"),
        wifi=options.get("wifi"),
        certificates=_certificates(options.get("certificate")),
        policies=options.get("policies"),
        commands=options.get("commands", []),
        accounts=[INVENTORYS] if options.get("account") else [],
        variant=options.get("variant", "wcd"),
    )
    upn = tenant.users[token.user_id]["userPrincipalName"] if token else None
    return builder.Package(label, data, tenant, upn, package_id, token)


def _certificates(name: str | None) -> list[dict]:
    return [{"kind": "root", "name": name, "data": name.encode()}] if name else []


def _delete_users(options: dict[str, dict], packages: dict[str, builder.Package]) -> None:
    for label, package in packages.items():
        kind = options[label].get("token")
        found = [user for user in package.tenant.users.values() if user["userPrincipalName"] == package.upn]
        for user in found:
            if kind == "user_gone":
                del package.tenant.users[user["id"]]
            elif kind == "user_disabled":
                user["accountEnabled"] = False


def _write(packages: dict[str, builder.Package], out: Path) -> dict[str, Path]:
    directory = out / "packages"
    directory.mkdir(parents=True, exist_ok=True)
    paths = {}
    for label, package in packages.items():
        paths[label] = (directory / f"{label}.ppkg").resolve()
        paths[label].touch(mode=0o600)
        paths[label].chmod(0o600)
        paths[label].write_bytes(package.data)
    return paths


# --- devices ------------------------------------------------------------------------------------------------------


def _fleet(description: dict[str, t.Any], wanted: int | None) -> t.Iterator[tuple[str, str, dict]]:
    """(inventory name, kind, options) of each device; names are numbered by kind."""
    entries = [entry for entry in description["devices"] for _each in range(entry.get("count", 1))]
    fleet = list(itertools.islice(itertools.cycle(entries), wanted or len(entries)))
    totals = collections.Counter(entry["kind"] for entry in fleet)
    counters: dict[str, int] = {}
    for position, entry in enumerate(fleet):
        kind = entry["kind"]
        counters[kind] = number = counters.get(kind, 0) + 1
        own_name = entry.get("name") if position < len(entries) and entry.get("count", 1) == 1 else None
        name = own_name or f"{kind.replace('_', '-')}-{number:0{max(2, len(str(totals[kind])))}d}"
        yield name, kind, _merge(description["kinds"][kind], entry)


def _merge(kind: dict[str, t.Any], entry: dict[str, t.Any]) -> dict[str, t.Any]:
    merged = {**kind, **{key: value for key, value in entry.items() if key not in ("kind", "count", "name")}}
    for part in ("device", "variables", "expect"):
        merged[part] = {**kind.get(part, {}), **entry.get(part, {})}
    return merged


def _host(name: str, kind: str, entry: dict[str, t.Any], context: builder.Context, paths: dict[str, Path]) -> Device:
    device = builder.build(name, _hostname(name), entry["device"], context)
    if "tenant" in entry["expect"] and "package" in entry:
        device.variables["lab_user"] = context.packages[entry["package"]].upn
    device.kind = kind
    device.groups = [kind]
    device.expect = entry["expect"]
    device.variables.update({f"join_{way}": entry[way] for way in WAYS if way in entry})
    if "package" in entry:
        device.variables["join_src"] = str(paths[entry["package"]])
    device.variables.update({"lab_kind": kind, "lab_expect": entry["expect"], **entry["variables"]})
    return device


def _claim(hosts: list[Device], options: list[dict[str, t.Any]]) -> None:
    """Let those that are to be dishonest be so, once there are all whom they can pretend to be."""
    by_name = {host.name: host for host in hosts}
    for host, given in zip(hosts, options, strict=True):
        if "claims" in given:
            wanted = given["claims"]
            if wanted["device"] not in by_name:
                raise ScenarioError(f"{host.name} claims to be {wanted['device']}, and there is no such device")
            claims.claim(host, by_name[wanted["device"]], wanted["how"], wanted.get("serial", False))


def _hostname(name: str) -> str:
    """A computer name of at most 15 characters that keeps the number at the end of the inventory name."""
    head, dash, number = name.upper().replace("_", "-").rpartition("-")
    return f"{head[: 14 - len(number)]}{dash}{number}"

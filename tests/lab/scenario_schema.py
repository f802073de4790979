# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The schema of scenario files: what may stand where, and a clear sentence for what may not."""

from __future__ import annotations

import typing as t
from pathlib import Path

from .device.images import CLIENT_VERSIONS, EDITIONS, SERVER_VERSIONS
from .graph.faults import KINDS as GRAPH_FAULTS
from .scenario_device import DEVICE
from .scenario_record import RECORD
from .scenario_shapes import Either, ListOf, MapOf, Needs, OneOf, fit, refuse, suggest
from .tenant.approvals import DECISIONS, PROTECTED
from .tenant.autopilot import CODES as IMPORT_ERRORS
from .tenant.enrolled import DEFAULTS as INTUNE_SECONDS
from .tenant.enrolled import KINDS as POLICY_KINDS
from .tenant.enrolled import TARGETS
from .tenant.licences import PRODUCTS
from .tenant.planted_logs import APPS, RESOURCES
from .tenant.roles import SHORT as ROLES

_ENTRY = {"user": str, "package": str, "minutes": float, "late": float, "count": int, "device": str}
LOGS = {
    "lag": float,
    "keep_days": float,
    "licence_check": OneOf(("done", "directory_read")),
    "without_window": OneOf(("slow", "answered")),
    "odd_filters": OneOf(("refused", "empty", "ignored")),
    "sign_ins": ListOf(
        {
            **_ENTRY,
            "app": OneOf(tuple(APPS)),
            "resource": OneOf(tuple(RESOURCES)),
            "error": int,
            "interactive": bool,
            "mfa": bool,
            "browser": str,
            "correlation": str,
            "policies": ListOf(Needs(("name", "result"), {"name": str, "result": str, "controls": ListOf(str)})),
        }
    ),
    "audits": ListOf(
        Needs(
            ("activity",),
            {
                **_ENTRY,
                "activity": str,
                "on_user": str,
                "by": str,
                "service": str,
                "operation": str,
                "reason": str,
                "failed": bool,
                "correlation": str,
            },
        )
    ),
    "enrollment_failures": ListOf(
        Needs(("category", "reason"), {**_ENTRY, "category": str, "reason": str, "type": str})
    ),
}
TENANT = {
    "id": str,
    "name": str,
    "domain": str,
    "mfa": bool,
    "quota": int,
    "join": Either((OneOf(("all", "none")), ListOf(str))),
    "mdm": Either((OneOf(("all", "none")), ListOf(str))),
    "join_groups": ListOf(str),
    "mdm_groups": ListOf(str),
    "conditional_access": {"mfa": ListOf(str), "block": ListOf(str)},
    "conditional_access_policies": ListOf(dict),
    "enrollment_restrictions": ListOf(dict),
    "enrollment_limits": ListOf(Needs(("limit",), {"name": str, "limit": int, "groups": ListOf(str)})),
    "apps": ListOf(Needs(("name",), {"name": str, "type": str, "count": int})),
    "multi_admin_approval": {
        "protect": ListOf(OneOf(PROTECTED)),
        "decide": OneOf(tuple(DECISIONS)),
        "polls": int,
    },
    "security_defaults": bool,
    "registration_policy": dict,
    "passkey_policy": dict,
    "pass_policy": dict,
    "managed": MapOf(RECORD),
    "intune": {
        **dict.fromkeys(INTUNE_SECONDS, float),
        "secure_by_default": bool,
        "encrypt_seconds": float,
        "policies": ListOf(
            Needs(
                ("name",),
                {
                    "name": str,
                    "kind": OneOf(POLICY_KINDS),
                    "assigned": OneOf(TARGETS),
                    "demands": ListOf(str),
                    "grace_days": float,
                    "state": str,
                    "settings": ListOf(dict),
                },
            )
        ),
        "arriving": MapOf(
            {
                "after": float,
                "user": str,
                "enrolled_by": str,
                "agent": str,
                "lacks": ListOf(str),
                "config_manager": bool,
                "encryption": {"from": int, "seconds": float, "restart_after": float},
                "signs_in": Needs(("user",), {"user": str, "after": float}),
            }
        ),
    },
    "domain_types": MapOf(OneOf(("Managed", "Federated"))),
    "logs": LOGS,
    "users": MapOf(
        {
            "name": str,
            "enabled": bool,
            "licences": ListOf(OneOf(PRODUCTS)),
            "without": ListOf(str),
            "devices": int,
            "roles": ListOf(OneOf(ROLES)),
            "roles_in_a_unit": ListOf(OneOf(ROLES)),
            "usage_location": str,
            "passkeys": ListOf(
                Needs(
                    ("aaguid",),
                    {
                        "aaguid": str,
                        "type": str,
                        "name": str,
                        "model": str,
                        "attestation": str,
                        "count": int,
                    },
                )
            ),
            "registered": ListOf(str),
            "report_nulls": ListOf(str),
            "pass": str,
        }
    ),
    "groups": MapOf(
        {
            "members": ListOf(str),
            "packages": ListOf(str),
            "rule": str,
            "paused": bool,
            "description": str,
            "unique_name": str,
            "role_assignable": bool,
            "synchronised": bool,
        }
    ),
    "skus": MapOf(int),
    "without_service_principals": ListOf(str),
    "devices": ListOf(
        Needs(
            ("name",),
            {
                "name": str,
                "count": int,
                "trust": OneOf(("AzureAd", "ServerAd", "Workplace")),
                "days": float,
                "signed_in": bool,
                "enabled": bool,
                "owner": str,
                "properties": dict,
            },
        )
    ),
    "autopilot_profiles": ListOf(Needs(("displayName",), {"displayName": str, "self_deploying": bool, "tag": str})),
    "status_pages": ListOf(Needs(("displayName",), {"displayName": str, "properties": dict})),
    "autopilot": ListOf(
        Needs(
            ("serial",),
            {
                "serial": str,
                "group_tag": str,
                "model": str,
                "manufacturer": str,
                "user": str,
                "profile": str,
                "properties": dict,
                "listed": OneOf(("after_sync", "never")),
            },
        )
    ),
    "autopilot_service": {
        "import_seconds": float,
        "listing_seconds": float,
        "sync_seconds": float,
        "profile_seconds": float,
        "removal_seconds": float,
        "errors": MapOf(ListOf(OneOf(IMPORT_ERRORS))),
        "kept_receipts": MapOf(int),
    },
    "associations": ListOf(
        Needs(
            ("serial",),
            {
                "serial": str,
                "uuid": str,
                "state": OneOf(("preassociated", "associated", "pendingRemoval")),
                "managed": str,
            },
        )
    ),
    "corporate_identifiers": ListOf(str),
    "preparation_policies": ListOf(
        Needs(
            ("name",),
            {
                "name": str,
                "account": OneOf(("administrator", "standard")),
                "template": OneOf(("user_driven", "association")),
                "group": str,
                "owned": bool,
                "assigned": ListOf(str),
            },
        )
    ),
    "faults": ListOf(
        Needs(
            ("kind",),
            {
                "kind": OneOf(GRAPH_FAULTS),
                "times": int,
                "skip": int,
                "path": str,
                "query": str,
                "methods": ListOf(str),
                "after": bool,
                "html": bool,
                "form": str,
                "content": str,
                "retry_after": float,
                "seconds": float,
                "host": str,
                "code": str,
            },
        )
    ),
    "settings": {"lag": int, "route_lag": int, "page_size": int, "rule_reads": int, "token_lifetime": int},
}
PACKAGE = {
    "title": str,
    "version": str,
    "tenant": str,
    "computer_name": str,
    "security_key": bool,
    "wifi": str,
    "certificate": str,
    "policies": MapOf(int),
    "commands": ListOf(str),
    "account": bool,
    "variant": OneOf(("wcd", "provxml_only")),
    "token": OneOf(("valid", "expired", "user_gone", "user_disabled", "none")),
}
CHECKS = (
    "edition",
    "build",
    "server",
    "join_state",
    "pending_reboot",
    "clock",
    "tpm",
    "endpoint_login",
    "endpoint_device_login",
    "endpoint_registration",
    "endpoint_mdm",
    "endpoint_msauth",
    "endpoint_msftauth",
    "proxy",
    "tls",
    "name_resolution",
    "azure_identity",
    "disk",
    "package_policy",
    "enrollment_leftovers",
    "winrm_account",
    "token_filter",
    "winrm_firewall",
    "winrm_listener",
    "local_administrator",
    "winrm_client_certificate",
)
#: What the tenant's half of a diagnosis is to find (scenario tenant_half).
TENANT_CAUSES = (
    "not_allowed",
    "quota",
    "conditional_access",
    "registration_mfa",
    "user_deleted",
    "user_disabled",
    "token_expired",
    "object_deleted",
    "object_disabled",
    "mdm_scope",
    "licence",
    "restriction",
    "limit",
    "not_yet",
    "nothing",
)
#: What ``preflight`` says of a kind: the checks that fail, warn, cannot be known; ``check_mode`` those that fail in
#: check mode, where that looks with other eyes; ``diagnose`` is the code it must find after a join, or after a leave.
EXPECT = {
    "outcome": OneOf(("joined", "unchanged", "refused", "failed")),
    "name": str,
    "code": str,
    "mdm": bool,
    "preflight": ListOf(OneOf(CHECKS)),
    "warn": ListOf(OneOf(CHECKS)),
    "unknown": ListOf(OneOf(CHECKS)),
    "check_mode": ListOf(OneOf(CHECKS)),
    "diagnose": str,
    "disconnect": OneOf(("left", "unchanged", "refused", "failed")),
    "disconnect_name": str,
    "autopilot": OneOf(("deployed", "incomplete", "refused", "failed")),
    "autopilot_name": str,
    "security_keys": OneOf(("ready", "waiting", "undecided", "enabled", "refused", "failed")),
    "security_keys_name": str,
    "tenant": OneOf(TENANT_CAUSES),
    "policy": str,
}
KIND = {
    "description": str,
    "device": DEVICE,
    "package": str,
    "method": OneOf(("provisioning_package", "azure_vm")),
    "expect_mdm": bool,
    "reboot": bool,
    "variables": dict,
    "expect": EXPECT,
}
ENTRY = Needs(("kind",), {**KIND, "kind": str, "count": int, "name": str})
LIBRARY = {"tenants": MapOf(TENANT), "packages": MapOf(PACKAGE), "kinds": MapOf(KIND)}
SCENARIO = {**LIBRARY, "description": str, "devices": Either((OneOf(("all",)), ListOf(ENTRY)))}


class check:
    """The three checks, each raising ScenarioError with the file and the place."""

    @staticmethod
    def library(path: Path, content: t.Any) -> None:
        fit(path, "the file", content, LIBRARY)

    @staticmethod
    def scenario(path: Path, content: t.Any) -> None:
        fit(path, "the file", content, SCENARIO)
        if not content.get("devices"):
            refuse(path, "devices", "a scenario needs at least one device")
        for number, entry in enumerate(content["devices"] if isinstance(content["devices"], list) else []):
            if entry.get("count", 1) < 1:
                refuse(path, f"devices[{number}].count", "must be at least 1")

    @staticmethod
    def references(path: Path, own: dict, merged: dict) -> None:
        """Names that one part of a scenario uses and another must have."""
        for label, tenant in merged["tenants"].items():
            for option in ("join", "mdm"):
                if isinstance(tenant.get(option), list):
                    _known(path, f"tenants.{label}.{option}", tenant[option], merged, "packages")
            for option in ("join_groups", "mdm_groups"):
                _known(path, f"tenants.{label}.{option}", tenant.get(option, []), tenant, "groups")
            for name, group in tenant.get("groups", {}).items():
                _known(path, f"tenants.{label}.groups.{name}", group.get("packages", []), merged, "packages")
                _users(path, f"tenants.{label}.groups.{name}.members", group.get("members", []), tenant)
            for number, entry in enumerate(tenant.get("devices", [])):
                _users(path, f"tenants.{label}.devices[{number}].owner", [entry.get("owner", "admin")], tenant)
            for part in ("sign_ins", "audits", "enrollment_failures"):
                for number, entry in enumerate(tenant.get("logs", {}).get(part, [])):
                    place = f"tenants.{label}.logs.{part}[{number}]"
                    _known(path, place, [entry["package"]] if "package" in entry else [], merged, "packages")
                    _users(path, place, [entry[key] for key in ("user", "on_user") if key in entry], tenant)
                    if part == "sign_ins" and len({"user", "package"} & set(entry)) != 1:
                        refuse(path, place, "needs 'user' or 'package'")
            for control, labels in tenant.get("conditional_access", {}).items():
                _known(path, f"tenants.{label}.conditional_access.{control}", labels, merged, "packages")
        for label, package in merged["packages"].items():
            _known(path, f"packages.{label}.tenant", [package.get("tenant", "main")], merged, "tenants")
        for number, entry in enumerate(own["devices"]):
            _known(path, f"devices[{number}].kind", [entry["kind"]], merged, "kinds")
            _device(path, f"devices[{number}]", entry, merged)
        for label, kind in merged["kinds"].items():
            _device(path, f"kinds.{label}", kind, merged)


def _device(path: Path, place: str, entry: dict, merged: dict) -> None:
    options = entry.get("device", {})
    join = options.get("join", {})
    named = (entry.get("package"), join.get("package"), options.get("tried", {}).get("package"))
    packages = [label for label in named if label] + options.get("installed", [])
    _known(path, place, packages, merged, "packages")
    tenants = [label for label in (join.get("tenant"), (options.get("azure") or {}).get("identity")) if label]
    tenants += [
        one["tenant"] for part in ("stale_joins", "enrollments") for one in options.get(part, []) if "tenant" in one
    ]
    _known(path, place, tenants, merged, "tenants")
    windows = options.get("windows", {})
    if "build" in windows:
        server = EDITIONS[windows.get("edition", "Professional")].server
        known = SERVER_VERSIONS if server else CLIENT_VERSIONS
        if windows["build"].split(".")[0] not in {str(build) for build in known}:
            refuse(
                path,
                f"{place}.device.windows.build",
                f"no {'server' if server else 'client'} Windows here has build {windows['build']}; "
                f"use one of {', '.join(map(str, known))}, with the revision behind a dot",
            )


def _users(path: Path, place: str, names: list[str], tenant: dict) -> None:
    known = [name.partition("@")[0] for name in tenant.get("users", {})] + ["admin", "lab.user"]
    for name in names:
        if name.partition("@")[0] not in known:
            refuse(path, place, f"there is no user '{name}'{suggest(name, known)}")


def _known(path: Path, place: str, names: list[str], merged: dict, part: str) -> None:
    known = merged.get(part, {})
    for name in names:
        if name not in known:
            refuse(path, place, f"there is no '{name}' under {part}{suggest(name, known)}")

# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a scenario may say of a device: the part ``device`` of a kind or of an entry.

docs/lab.md explains each option; ``device/build.py`` applies them.
"""

from __future__ import annotations

from .device.after_join_options import AFTER_JOIN
from .device.bitlocker import TYPES
from .device.claims import HOW as CLAIMS
from .device.claims import SERIAL_ALONE
from .device.deployment_options import APPS, FORMS
from .device.device_link import LINKS
from .device.firmware import HASHES
from .device.icd import FAULTS as ICD_FAULTS
from .device.icd import SOURCES as ICD_SOURCES
from .device.images import EDITIONS, LANGUAGES
from .device.recovery import STATES as RECOVERY_STATES
from .device.security_key import UNLOCK
from .scenario_record import RECORD
from .scenario_shapes import ListOf, MapOf, Needs, OneOf

#: Where a device may be placed in a deployment (``device/deployment.py``).
PLACES = ("device_preparation", "device_setup", "account_setup", "hang", "end")
JOIN_KEYS = ("thumbprint", "device_id")
ENGINE = {
    "seconds": float,
    "cmdlet_limit": float,
    "retry_delays": ListOf(float),
    "retries_at_once": int,
    "restart": {"when": OneOf(("before_join", "after_join")), "after": float},
    "restart_after_rename": float,
    "failures": ListOf(Needs(("hresult",), {"hresult": int, "times": int, "message": str})),
    "refuses": int,
    "join_events": bool,
    "listing": OneOf(("registered", "files")),
    "memory": OneOf(("checksums", "results")),
    "removal": {"seconds": float, "takes_join": bool},
}
FAULTS = (
    "drop_receive",
    "drop_half_answer",
    "drop_request",
    "http_500",
    "slow_receive",
    "never_answers",
    "busy_shells",
    "access_denied",
    "powershell_blocked",
    "download",
    "clock_set",
)
ACCOUNTS = {
    "account": {"name": str, "kind": OneOf(("local", "domain", "entra")), "administrator": bool},
    "local_administrators": ListOf(
        Needs(("name",), {"name": str, "enabled": bool, "locked": bool, "password_expired": bool, "expired": bool})
    ),
    "unresolvable": ListOf(OneOf(("entra", "domain", "local"))),
    "token_filter": bool,
    "wow64_shell": bool,
}
SURROUNDINGS = {
    "blocked": ListOf(str),
    "blocked_for_system": ListOf(str),
    "blocked_for_user": ListOf(str),
    "unresolved": ListOf(str),
    "inspected": ListOf(str),
    "direct": bool,
    "tls12": bool,
    "users_proxy": str,
    "proxy": Needs(("server",), {"server": str, "bypass": ListOf(str), "answers": bool}),
    "winrm": {
        "network": OneOf(("public", "private", "domain")),
        "https": bool,
        "rules": OneOf(("all", "subnet", "domain", "none")),
        "firewall_off": ListOf(OneOf(("public", "private", "domain"))),
        "certificate": OneOf(("valid", "expired", "missing", "enterprise")),
        "client_certificate": str,
        "tls13": bool,
    },
}
MANAGEMENT = {
    "mdm": OneOf(("none", "offered", "enrolled", "leftovers")),
    "mdm_delay": float,
    "mdm_state": int,
    "unregistration": OneOf(("works", "hangs", "returns_code")),
    "enrollments": ListOf(
        Needs(
            ("provider",),
            {
                "provider": str,
                "state": int,
                "parts": ListOf(OneOf(("certificate", "tasks", "traces"))),
                "tenant": str,
                "expired": bool,
            },
        )
    ),
    "enrollment_values": MapOf(int),
    "co_management": int,
    "stale_joins": ListOf(Needs(("tenant",), {"tenant": str, "certificate": bool, "key": OneOf(JOIN_KEYS)})),
    "baseline": ListOf(OneOf(("firewall", "token_filter"))),
    "record_user": OneOf(("nobody", "package")),
    "laps": {
        "root": OneOf(("mdm", "policy", "config")),
        "backup": OneOf(("off", "entra", "ad")),
        "account": str,
        "automatic": {"target": OneOf(("built_in", "new")), "name": str, "enabled": bool, "random": bool},
        "gone": bool,
    },
    "security_key": {
        "csp": int,
        "policy": int,
        "mdm": int,
        "after": float,
        "plural": int,
        "unlock": OneOf(tuple(UNLOCK)),
        "excluded": bool,
        "disabled": bool,
        "policy_returns": bool,
    },
    "autojoin_stopped": bool,
    "leave": {
        "seconds": float,
        "held": bool,
        "exit_code": int,
        "failures": ListOf(int),
        "unflushed": ListOf(int),
        "unenrolls": bool,
        "unenroll_seconds": float,
    },
    "claims": Needs(("device", "how"), {"device": str, "how": OneOf((*CLAIMS, SERIAL_ALONE)), "serial": bool}),
}
DEVICE = {
    **ACCOUNTS,
    **SURROUNDINGS,
    **MANAGEMENT,
    "recovery": OneOf(RECOVERY_STATES),
    "power": OneOf(("mains", "battery", "none")),
    "wipe": {
        "ready": float,
        "seconds": float,
        "returns": ListOf(int),
        "ignored": bool,
        "undone": bool,
        "bricked": bool,
    },
    "after_join": AFTER_JOIN,
    "record": RECORD,
    "refuses": ListOf(Needs(("op",), {"op": str, "of": str})),
    "hotpatch": bool,
    "vbs": bool,
    "tpm_version": OneOf(("1.2", "2.0")),
    "tpm_ready": bool,
    "tpm_fips": bool,
    "free_gb": float,
    "bitlocker": ListOf({"mount_point": str, "protected": bool, "protectors": ListOf(OneOf(TYPES))}),
    "hostname": str,
    "serial": str,
    "manufacturer": str,
    "model": str,
    "hardware_hash": OneOf(HASHES),
    "device_link": OneOf(LINKS),
    "architecture": OneOf(("AMD64", "x86", "ARM64")),
    "icd": {
        "from": ListOf(OneOf(ICD_SOURCES)),
        "version": str,
        "store": bool,
        "seconds": float,
        "fault": OneOf(ICD_FAULTS),
    },
    "association_hints": ListOf(str),
    "powershell": OneOf(("simulated", "real")),
    "domain": str,
    "domain_tests": MapOf(str),
    "tpm": bool,
    "clock_skew": float,
    "windows": {"edition": OneOf(EDITIONS), "build": str, "language": OneOf(LANGUAGES), "core": bool},
    "join": Needs(
        ("type",),
        {
            "type": OneOf(("entra", "hybrid", "registered")),
            "tenant": str,
            "package": str,
            "object": OneOf(("present", "disabled", "deleted")),
            "console_user": bool,
            "half_left": bool,
        },
    ),
    "tried": {
        "package": str,
        "user": str,
        "minutes": float,
        "times": int,
        "shows": OneOf(("everything", "code", "nothing")),
        "hresult": int,
        "mdm_hresult": int,
        "then": OneOf(("deleted", "disabled")),
    },
    "azure": {"identity": str, "resource": str, "name_taken": bool, "broker_failures": ListOf(int)},
    "deployment": {
        "user": str,
        "at": OneOf(PLACES),
        "hours": float,
        "form": OneOf(FORMS),
        "seconds": float,
        "app": OneOf(APPS),
        "apps": int,
        "goes_on": bool,
        "tenant": str,
    },
    "join_key": OneOf(JOIN_KEYS),
    "arc": OneOf(("Connected", "Disconnected")),
    "pending_reboot": ListOf(OneOf(("servicing", "update", "file_renames", "rename"))),
    "reboot_blocks_join": bool,
    "installed": ListOf(str),
    "installed_before": {"file": bool, "failures": int, "waits": bool},
    "uicc": bool,
    "policies": MapOf(int),
    "engine": ENGINE,
    "boot_seconds": float,
    "out_of_box": bool,
    "earlier_failures": bool,
    "sign_in_failures": bool,
    "faults": ListOf(
        Needs(
            ("kind",),
            {
                "kind": OneOf(FAULTS),
                "times": int,
                "skip": int,
                "once": str,
                "seconds": float,
                "by": OneOf(("constrained_language", "malicious_content")),
                "as": OneOf(("cut", "redirect", "http", "too_large")),
            },
        )
    ),
}

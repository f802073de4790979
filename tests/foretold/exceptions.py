# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What check mode cannot foretell, each with the reason. Nothing else may differ between check mode and the run."""

from __future__ import annotations

import typing as t

from .story import Case

PACKAGES = frozenset({"join", "ppkg"})


class RunOnly(t.NamedTuple):
    """Failures that only the run can find: by their code, or by their name.

    ``modules`` and, where it is only so for some, ``kinds`` of device; ``checked`` is the outcome in check mode, where
    only one is possible.
    """

    reason: str
    modules: frozenset[str]
    failures: frozenset[str]
    kinds: frozenset[str] = frozenset()
    checked: str | None = None

    def holds(self, case: Case, checked: dict[str, t.Any], error: dict[str, t.Any]) -> bool:
        return (
            case.module in self.modules
            and bool({error["code"], error["name"]} & self.failures)
            and (not self.kinds or case.kind in self.kinds)
            and self.checked in (None, checked.get("outcome"))
        )


RUN_ONLY = (
    RunOnly(
        "the tenant decides when the device registers: token, user, policies, Conditional Access, names that are taken",
        PACKAGES,
        frozenset(
            {
                "AADSTS700082",
                "AADSTS50034",
                "AADSTS50076",
                "0xcaa20003",
                "0x801c0024",
                "0xcaa2000c",
                "0x801c0003",
                "0x801c0083",
                "0x801c0072",
            }
        ),
    ),
    RunOnly(
        "a package does not say of which tenant its bulk token is",
        frozenset({"join"}),
        frozenset({"joined_wrong_tenant"}),
    ),
    RunOnly(
        "check mode asks no server and no metadata service as SYSTEM; winops.entra.preflight does",
        PACKAGES,
        frozenset(
            {
                "0x80072ee2",
                "0x80072f8f",
                "0x801c0042",
                "0xcaa82ee2",
                "0x80072ee7",
                "0x80072efd",
                "0x80072f7d",
                "0xcaa82f8f",
                "0x80180010",
            }
        ),
    ),
    RunOnly(
        "check mode downloads nothing",
        PACKAGES,
        frozenset(
            {
                "download_not_found",
                "download_hash",
                "download_certificate",
                "download_proxy",
                "download_timeout",
                "download_tls",
            }
        ),
    ),
    RunOnly(
        "what Windows makes of a package is its own decision: policies of the device, disk, TPM, consent, a join that "
        "is in the package",
        PACKAGES,
        frozenset(
            {
                "0x80070005",
                "0x80070103",
                "0x80004004",
                "0x80070070",
                "0x80280036",
                "0x801c000f",
                "0x80070a83",
                "0x80070032",
                "0xcaa50021",
            }
        ),
    ),
    RunOnly(
        "the name of the VM's resource in Azure is not read",
        frozenset({"join"}),
        frozenset({"0x801c0001"}),
    ),
    RunOnly(
        "whether an enrollment follows the join, the tenant and Windows decide after it",
        frozenset({"join"}),
        frozenset({"0x8018000a", "0x80190190", "0x80180026", "0x80180014", "no_mdm_address"}),
        checked="would_join",
    ),
    RunOnly(
        "a joined device may enroll at any time: only the end of the wait tells that it has not",
        frozenset({"join"}),
        frozenset({"mdm_not_enrolled"}),
        kinds=frozenset({"joined_mdm_offered", "joined_user_signed_in", "joined_multi_session"}),
        checked="unchanged",
    ),
    RunOnly(
        "whether the enrollment comes depends on who is signed in, and on the tenant",
        frozenset({"mdm"}),
        frozenset({"0x8018002a", "mdm_not_enrolled"}),
    ),
    RunOnly(
        "whether Windows leaves shows only when it does",
        frozenset({"disconnect"}),
        frozenset({"not_left", "half_left"}),
        kinds=frozenset({"joined_leave_fails_once", "joined_leave_unflushed"}),
    ),
)


class Otherwise(t.NamedTuple):
    """Something about a change, or a whole one, that only the run can know, although both end well.

    ``what`` is the change's own name, or how it begins; ``fields`` of its ``after`` are not compared, or, where there
    are none, the whole change.
    """

    reason: str
    module: str
    what: str
    fields: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    variants: frozenset[str] = frozenset()

    def is_of(self, case: Case) -> bool:
        return (
            case.module == self.module
            and (not self.kinds or case.kind in self.kinds)
            and (not self.variants or case.variant in self.variants)
        )


OTHERWISE = (
    Otherwise(
        "which of the ways makes the engine apply the package again, and what it really cleared, the engine shows",
        "join",
        "package",
        frozenset({"by", "cleared"}),
        kinds=frozenset({"applied_before_by_results"}),
        variants=frozenset({"path", "path, reboot", "url"}),
    ),
    Otherwise(
        "Windows may end an enrollment with the join although nobody asked for it; check mode warns of it",
        "disconnect",
        "mdm enrollment ",
        kinds=frozenset({"joined_leave_ends_mdm"}),
    ),
    Otherwise(
        "what is in a package that the controller does not have is not known: it renames the device",
        "join",
        "restart",
        kinds=frozenset({"renamed", "self_restart"}),
        variants=frozenset({"path, reboot"}),
    ),
)

#: Cases whose third run changes something, or fails, with the reason: by module, variant and kind ("": any).
NOT_AT_REST = {
    ("ppkg", "force", ""): "force applies the package each time",
    ("ppkg", "force, apply_again: false", ""): "force applies the package each time, or is refused",
    ("ppkg", "a package that joins, force", ""): "force applies the package each time; Windows refuses a second join",
}

#: Options that no case gives, with the reason.
INDIFFERENT = {
    "add_to_report": "it writes on the controller, in check mode too, beside the report of check mode",
    "checksum": "it belongs to url, or is compared on the controller before the device is asked",
    "deployment_timeout": "it bounds a wait of the run, and check mode waits for nothing",
    "fact_name": "it names what Ansible keeps, and nothing is done otherwise",
    "gone_after": "it bounds a wait of the run, and check mode waits for nothing",
    "package_id": "it belongs to path and url",
    "poll_interval": "it says how often the run looks",
    "reboot_timeout": "it bounds a wait of the run, and check mode waits for nothing",
    "wait_for_deployment": "the run waits longer, and check mode waits for nothing",
    "timeout": "it bounds a wait of the run, and check mode waits for nothing",
}

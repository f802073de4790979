# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why Windows does not take a provisioning package, by codes that mean nothing without knowing that it was one.

By a public analysis of ``ProvOperations::AddPackage``: a policy that forbids packages gives 0x80070005, a package of
which nothing is for this device 0x80070103, one whose question was answered with no 0x80004004; event 62 has the code.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .. import operations as op
from ..reading import Names, known
from ..requirements import PACKAGE_POLICY_PATH, JoinRefusal, package_policy_refusal, package_removal_refusal

if t.TYPE_CHECKING:
    from ..waiting import Waiter
    from .clues import Diagnosis

REFUSALS = {
    "0x80070103": {
        "name": "package_not_applicable",
        "cause": "Windows found nothing in the package for this device, and did not accept it",
        "fix": "check what the package is made for (its targets: edition, processor, condition) and its version, "
        "which must not be lower than that of an installed one; make a package for this device",
    },
    "0x80004004": {
        "name": "package_consent_refused",
        "cause": "Windows did not accept the package: it asked whether to trust it, and the answer was no, or "
        "nobody answered",
        "fix": "sign the package with a certificate that the device trusts, remove the policy that requires a "
        "signature (Security/RequireProvisioningPackageSignature), and make sure that nobody applies the "
        "package by hand meanwhile",
    },
}
# In which a package that a policy forbids is refused; the second is what was assumed before.
FORBIDDEN = ("0x80070005", "0x800704ec")


def explanation(codes: t.Sequence[str]) -> dict | None:
    """What explain() would say of the codes with which a package was refused; None where they are others.

    Nobody tries again by itself: to wait for the package to be applied is in vain.
    """
    if len(set(codes)) != 1 or codes[0] not in REFUSALS:
        return None
    return {"code": codes[0], "side": "device", "transient": False, **REFUSALS[codes[0]]}


def by_policy(waiter: Waiter, found: Diagnosis) -> Diagnosis:
    """The diagnosis of a package that failed, with the policy as its cause where the device has one that forbids it.

    The code alone does not tell: it is also that of a missing right. Asks the device once more only for such a code.
    """
    if found.explanation.get("code") not in FORBIDDEN:
        return found
    refusal = _policy(waiter, package_policy_refusal)
    if refusal is None:
        return found
    seen = {"log": rf"HKLM\{PACKAGE_POLICY_PATH}", "data": ["AllowAddProvisioningPackage: 0"]}
    return dataclasses.replace(
        found,
        explanation=found.explanation | {"cause": refusal.cause, "fix": refusal.fix, "transient": False},
        evidence=[*found.evidence, seen],
    )


def removal_by_policy(waiter: Waiter) -> JoinRefusal | None:
    """Why a package could not be removed, where a policy of the device forbids it."""
    return _policy(waiter, package_removal_refusal)


def _policy(waiter: Waiter, rule: t.Callable[[Names], JoinRefusal | None]) -> JoinRefusal | None:
    """What a rule says of the policies of packages; None also where they cannot be read."""
    answer = waiter.ask({"package_policy": op.registry_read(PACKAGE_POLICY_PATH)}, "reading the policies for packages")
    return known(lambda: rule(answer["package_policy"].key().values))

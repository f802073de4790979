# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sign-in with a security key: where Windows keeps the option, and who writes it there.

PassportForWork CSP and "Enable passwordless security key sign-in to Windows" (Microsoft); the registry places as
Microsoft's own collector of authentication logs names them (reg_FIDOPolicyIntune, reg_FIDOGp). What an MDM has set it
keeps as a node of its cache (NodeCache CSP); public scripts read the nodes below NODES.
"""

from __future__ import annotations

import typing as t

HELLO = r"SOFTWARE\Microsoft\Policies\PassportForWork"
CSP, CSP_VALUE = rf"{HELLO}\SecurityKey", "UseSecurityKeyForSignin"
POLICY, POLICY_VALUE = r"SOFTWARE\Policies\Microsoft\FIDO", "EnableFIDODeviceLogon"
HELLO_POLICY = r"SOFTWARE\Policies\Microsoft\PassportForWork"
NODES = r"SOFTWARE\Microsoft\Provisioning\NodeCache\CSP\Device\MS DM Server\Nodes"
SETTING = "PassportForWork/SecurityKey/UseSecurityKeyForSignin"
NODE = f"./Device/Vendor/MSFT/{SETTING}"
#: Nodes of other settings. The lab has them, and the cache at all, where the MDM sets this option.
OTHER_NODES = ("./DevDetail/Ext/Microsoft/LocalTime", "./Device/Vendor/MSFT/Policy/Config/DeviceLock")
SIGN_IN = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System"
PROVIDERS = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Authentication\Credential Providers"
FIDO_PROVIDER = "{F8A1793B-7873-4046-B2A7-1F318747F427}"
PIN, FACE, FINGER = (
    "{D6886603-9D2F-4EB2-B667-1971041FA96B}",
    "{8AF662BF-65A0-4D0A-A540-A338A999D36F}",
    "{BEC09223-B018-416D-A0AC-523971B639F5}",
)
UNLOCK = {"left_out": (PIN, FACE), "named": (PIN, FIDO_PROVIDER)}
#: The build from which Windows has this credential provider.
FIRST_BUILD = 18362


def in_image(hive, build: int) -> None:
    """The credential provider, from the first build that has it."""
    if build >= FIRST_BUILD:
        hive.set(rf"{PROVIDERS}\{FIDO_PROVIDER}", {"": "FIDO Credential Provider"})


def by_package(device, value: str) -> None:
    """What the CSP does with the setting of a package."""
    device.registry.set(CSP, {CSP_VALUE: int(value)})


def furnish(device, options: dict[str, t.Any]) -> None:
    """``csp``, ``policy``: the values; ``mdm``: what Intune sets, ``after`` so many seconds of the
    device after an enrollment; ``plural``: the value at the
    place that nobody reads; ``unlock``: a multi-factor unlock with the key or without; ``excluded``, ``disabled``: its
    credential provider; ``policy_returns``: somebody sets the policy again at once."""
    if "csp" in options:
        device.registry.set(CSP, {CSP_VALUE: options["csp"]})
    if "policy" in options:
        device.registry.set(POLICY, {POLICY_VALUE: options["policy"]})
    if "plural" in options:
        device.registry.set(rf"{HELLO}\SecurityKeys", {CSP_VALUE: options["plural"]})
    if "unlock" in options:
        first, second = UNLOCK[options["unlock"]]
        device.registry.set(rf"{HELLO_POLICY}\DeviceUnlock", {"GroupA": first, "GroupB": second})
    if options.get("excluded"):
        device.registry.set(SIGN_IN, {"ExcludedCredentialProviders": f"{PIN},{FIDO_PROVIDER.lower()}"})
    if options.get("disabled"):
        device.registry.set(rf"{PROVIDERS}\{FIDO_PROVIDER}", {"Disabled": 1})
    device.mdm.security_key = options.get("mdm")
    device.mdm.security_key_after = options.get("after", 0.0)
    device.sign_in_policy = options["policy"] if options.get("policy_returns") else None


def by_mdm(device, late: bool = False) -> None:
    """What the MDM sets in its first session, or in a ``late`` one: the value, and the node by which it looks whether
    it still holds."""
    wanted = device.mdm.security_key
    if wanted is None:
        return
    nodes: tuple[str, ...] = OTHER_NODES
    if late or not device.mdm.security_key_after:
        nodes = (*OTHER_NODES, NODE)
        device.registry.set(CSP, {CSP_VALUE: wanted})
    for number, node in enumerate(nodes, start=1):
        device.registry.set(rf"{NODES}\{number}", {"NodeUri": node, "ExpectedValue": ""})


def after_sync(device) -> None:
    """A policy that comes with a later session."""
    if device.mdm.security_key is not None and device.mdm.security_key_after:
        device.spawn(_later(device))


async def _later(device) -> None:
    await device.delay(device.mdm.security_key_after)
    by_mdm(device, late=True)


def refresh(device) -> None:
    """A group policy that comes back as soon as somebody has changed it."""
    if device.sign_in_policy is not None:
        device.registry.set(POLICY, {POLICY_VALUE: device.sign_in_policy})

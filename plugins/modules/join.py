#!/usr/bin/python
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of winops.entra.join. The work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: join
short_description: Join a Windows device to a Microsoft Entra tenant and prove it
version_added: 0.1.0
description:
  - Joins a running Windows 10/11 device to a Microsoft Entra tenant (formerly Azure AD join), and waits until the
    device's own state says so.
  - A device that is already joined to this tenant does not change. A device that is joined to another tenant or to an
    AD domain, or hybrid joined, and a Home edition, Server Core or a server outside Azure are refused before anything
    changes, with the reason and the fix.
  - Windows has no command that joins with a user name and password. The way to join unattended is a provisioning
    package with a bulk token, which this module applies as SYSTEM. Azure VMs join with their managed identity.
  - A join that fails is explained from the device's own event logs, with the code, its cause and its fix.
options:
  method:
    description:
      - V(provisioning_package) applies a package with a bulk token. A file (O(src)) without a bulk token is refused
        before the device is asked anything.
      - V(azure_vm) runs C(dsregcmd /AzureSecureVMJoin) on a VM in Azure with a system-assigned managed identity.
    type: str
    choices: [provisioning_package, azure_vm]
    default: provisioning_package
  tenant_id:
    description:
      - Id of the tenant that the device must be joined to in the end, a GUID.
    type: str
    required: true
  mdm_id:
    description:
      - With O(method=azure_vm), the application id of the MDM to enroll in.
        Intune is V(0000000a-0000-0000-c000-000000000000).
      - C(dsregcmd) enrolls right after the join, and reverts the join if the enrollment fails. The task then fails with
        that cause. This does not enroll a VM that is already joined.
    type: str
  expect_mdm:
    description:
      - Also wait until the device is enrolled in the MDM of this tenant, and fail if it is not enrolled within
        O(timeout). This also applies to a device that was joined before.
      - It must be a working enrollment of this tenant. An enrollment that names no tenant counts if it is Intune's, or
        if it has the MDM address that the tenant gave the device.
      - A Windows Server that is not joined yet is refused, because it cannot be enrolled.
      - The wait ends early if no enrollment is possible, for example because the tenant gave the device no MDM address,
        or because an enrollment of another tenant is in the way. It also ends if the joined device gives no answer for
        O(reboot_timeout) seconds.
    type: bool
    default: false
  reboot:
    description:
      - Restart the device after the join if Windows waits for a restart, for example because the package renames it.
        This also applies to a join by an earlier run of this module that was cut off.
      - Restart it before the join, and try again, if Windows reports that it does not register before a restart
        (V(0x801c000f)). Any other pending restart follows after the join.
      - The device may restart by itself during the join, independently of this option. The module waits for it.
    type: bool
    default: false
  timeout:
    description:
      - Seconds within which the device must be joined, and enrolled with O(expect_mdm). A restart has a time of its own
        (O(reboot_timeout)), and so has the removal of the package after a failure (O(on_failure=remove), about 15
        minutes at most).
      - The provisioning engine tries a failed setting again after 15 minutes, so a smaller value gives up before the
        first such attempt. If the device shows that its next attempt comes after this time, the wait ends at once.
      - With O(method=azure_vm) there is no retry, and the wait ends with C(dsregcmd).
    type: int
    default: 1800
  poll_interval:
    default: 10
  on_failure:
    description:
      - V(remove) uninstalls the package of a failed join and deletes its copies, so that the device does not join by
        itself hours later. This may take up to about 15 minutes more than O(timeout). A warning lists the settings that
        Windows reverts with the package, such as Wi-Fi profiles.
      - V(keep) lets the engine retry, after 1 hour, 4 hours and at each start. Windows' own copy of the package stays
        for that. The next run deletes it if the device has joined by then.
    type: str
    choices: [remove, keep]
    default: remove
  remove_package:
    description:
      - After a successful join let Windows remove the package, instead of only deleting its copies. Then the same
        package can be applied to the device again. The device's state is read afterwards, and the task fails if its
        join or its MDM enrollment is gone with the package.
      - This is refused if the package contains settings that Windows reverts with it, such as Wi-Fi profiles or
        certificates, or if the controller cannot read the package (without O(src)).
      - The removal may take some minutes.
    type: bool
    default: false
extends_documentation_fragment:
  - winops.entra.attributes
  - winops.entra.attributes.device
  - winops.entra.fact_name
  - winops.entra.attributes.facts
  - winops.entra.package
  - winops.entra.waiting
  - winops.entra.waiting.reboot
  - winops.entra.recorded
attributes:
  check_mode:
    details: Asks the device only. It does not foretell failures that the tenant, a server or Windows itself reports
      (an expired token, a policy, a blocked endpoint, an enrollment that does not come), nor a restart for which there
      is no reason yet.
    support: full
notes:
  - Connect with a local account. Entra accounts cannot sign in over WinRM, and an AD account may stop working after the
    join.
  - A device that stops answering during the join may have joined. Run the task again. It continues from the device's
    current state.
seealso:
  - module: winops.entra.device_facts
  - module: winops.entra.ppkg_info
  - plugin: winops.entra.join_error
    plugin_type: filter
author:
  - winops.entra contributors (@winops)
"""

EXAMPLES = r"""
- name: Join to the tenant and wait for Intune
  winops.entra.join:
    tenant_id: d10f84e2-ba05-45c0-90b7-994f1fafa537
    src: packages/contoso-join.ppkg
    expect_mdm: true

- name: An Azure VM
  winops.entra.join:
    method: azure_vm
    tenant_id: d10f84e2-ba05-45c0-90b7-994f1fafa537
    mdm_id: 0000000a-0000-0000-c000-000000000000

- name: A slow site, with the package on a local web server
  winops.entra.join:
    tenant_id: d10f84e2-ba05-45c0-90b7-994f1fafa537
    url: https://packages.example.com/contoso-join.ppkg
    checksum: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    package_id: 4a1f9e0c-7a55-4f0e-9d0b-0a52f3a7c111
    timeout: 3600
"""

RETURN = r"""
outcome:
  description:
    - The outcome of the join. V(joined), V(unchanged) (it was already joined to this tenant), V(refused) (before
      anything changed), V(failed), or in check mode V(would_join).
  returned: always
  type: str
  sample: joined
join:
  description: What the device is joined to, as last read. See M(winops.entra.device_facts).
  returned: once the device's state has been read
  type: dict
mdm:
  description: Its MDM enrollment, as last read. See M(winops.entra.device_facts).
  returned: once the device's state has been read
  type: dict
ansible_facts:
  description:
    - C(ansible_facts.entra) as M(winops.entra.device_facts) returns it, read after the join. In check mode it is the
      current state.
  returned: success
  type: dict
reboot_required:
  description: Whether Windows waits for a restart.
  returned: success
  type: bool
restarted:
  description: Whether the device restarted during the task, by this module or by itself.
  returned: success
  type: bool
package:
  description:
    - The contents of the package, as M(winops.entra.ppkg_info) describes them. Null if the package is not on the
      controller.
  returned: success
  type: dict
changes:
  description:
    - What was changed, or in check mode would be changed. After a failure it is what differs from before the task.
    - C(package) is the package that Windows has been given and remembers. C(package settings) are settings that a
      package has applied before the join failed, and that Windows does not revert with it. C(restart) is the restart
      that O(reboot) asks for.
    - If the package has been applied to this device before, C(package) says in which way Windows is made to apply it
      again, which parts of it run again (null if the package is not on the controller), and which registry keys are
      cleared for it.
  returned: always
  type: list
  elements: dict
  contains:
    what:
      description: What it is.
      type: str
    before:
      description: How it was, null if it was not there.
      type: raw
    after:
      description: How it is afterwards, null if it is gone.
      type: raw
  sample:
    - what: join
      before: {type: none, tenant_id: null}
      after: {type: entra, tenant_id: d10f84e2-ba05-45c0-90b7-994f1fafa537}
left_behind:
  description:
    - What is on the device when the task ends and need not be. These are jobs and copies of this collection, and what
      Windows keeps of the package. Empty if nothing is there, and after a refusal.
    - If the connection was lost or the task was ended, it lists what may be there, and C(why) says so.
  returned: always
  type: list
  elements: dict
  contains:
    what:
      description: What it is.
      type: str
    where:
      description: Its place on the device.
      type: str
    why:
      description: Why it is there.
      type: str
    remove:
      description: How to be rid of it.
      type: str
phases:
  description: Name and seconds of each phase.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: The phase.
      type: str
    seconds:
      description: How long it took.
      type: float
  sample:
    - {name: look, seconds: 2.1}
    - {name: apply, seconds: 6.4}
    - {name: join, seconds: 48.9}
error:
  description:
    - What failed. C(side) is device, tenant, network or controller; C(code) the HRESULT or AADSTS code; C(cause) and
      C(fix) what is known about it; C(evidence) the device's own events, with times by its clock.
  returned: failure
  type: dict
  contains:
    code:
      description: The code that the device or the tenant gave, such as an HRESULT, otherwise null.
      type: str
    name:
      description: A name for programs, which stays the same. All names are in the guide on errors (docs/errors.md).
      type: str
    side:
      description: Where to mend it, V(device), V(tenant), V(network) or V(controller).
      type: str
    cause:
      description: What is known about why.
      type: str
    fix:
      description: What to do.
      type: str
    evidence:
      description: What was read or answered, as texts or as dictionaries.
      type: list
      elements: raw
    request_id:
      description: What Microsoft's support asks for, null if no request of Microsoft Graph failed.
      type: str
    permissions:
      description: The permissions that are missing, as far as that is known.
      type: list
      elements: str
    doc:
      description: Where to read more, otherwise null.
      type: str
  sample:
    code: AADSTS700082
    name: ExpiredOrRevokedGrantInactiveToken
    side: tenant
    cause: The bulk token has expired.
    fix: Make a new package.
    evidence: []
    request_id: null
    permissions: []
    doc: null
"""

ARGUMENT_SPEC = {
    "method": {"type": "str", "choices": ["provisioning_package", "azure_vm"], "default": "provisioning_package"},
    "tenant_id": {"type": "str", "holds": "guid", "required": True},
    "mdm_id": {"type": "str", "holds": "guid"},
    "expect_mdm": {"type": "bool", "default": False},
    "reboot": {"type": "bool", "default": False},
    "timeout": {"type": "int", "default": 1800},
    "poll_interval": {"type": "int", "default": 10},
    "on_failure": {"type": "str", "choices": ["remove", "keep"], "default": "remove"},
    "remove_package": {"type": "bool", "default": False},
}
CONSTRAINTS = {"required_if": [("method", "provisioning_package", ("src", "path", "url"), True)]}

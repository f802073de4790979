#!/usr/bin/python
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of winops.entra.security_key_sign_in. The work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: security_key_sign_in
short_description: See whether Windows offers the sign-in with a security key, and switch it on directly
version_added: 0.1.0
description:
  - Reads with one command on the device whether people may sign in to Windows with a FIDO2 security key, in which way
    that was set, and what stands against it (findings).
  - The option has two places in the registry. The PassportForWork CSP, which MDM and provisioning packages use, writes
    C(UseSecurityKeyForSignin) below C(HKLM\SOFTWARE\Microsoft\Policies\PassportForWork\SecurityKey). Group policy and
    local policy write C(EnableFIDODeviceLogon) below C(HKLM\SOFTWARE\Policies\Microsoft\FIDO). If neither is there, the
    option is off.
  - With O(state) it sets or removes the second one, for devices without a package and without MDM. What MDM or a
    package has set is not its business, so a task that cannot win against them is refused before anything changes.
  - A value that could not be read is null with its reason in RV(ways) or RV(findings).
options:
  state:
    description:
      - If it is left out, the module only looks.
      - V(present) sets C(EnableFIDODeviceLogon) to 1, unless the option is on already, in whichever way.
      - V(absent) removes C(EnableFIDODeviceLogon) if it switches the option on. A value of 0 stays.
      - V(present) is refused if MDM or a package has switched the option off, V(absent) if one of them has switched it
        on.
    type: str
    choices: [present, absent]
extends_documentation_fragment:
  - winops.entra.attributes
  - winops.entra.attributes.device
  - winops.entra.findings
attributes:
  check_mode:
    details: The results are those that the device would have afterwards.
    support: full
notes:
  - The findings are C(option), C(ways), C(build), C(join), C(registry_path), C(device_unlock) and
    C(credential_provider). The guide on security keys (docs/security-keys-on-devices.md) lists them.
  - The option alone signs nobody in. The tenant must allow the method (M(winops.entra.security_key_policy)), the user
    must have registered a key (M(winops.entra.user_method_info)), and the first sign-in with it needs the network.
  - A group policy of an AD domain sets its value again when it is refreshed, whatever this module has changed.
  - The lock screen shows the option when it is built the next time, after a sign-out or a restart.
seealso:
  - module: winops.entra.security_key_policy
  - module: winops.entra.user_method_info
  - module: winops.entra.ppkg
author:
  - winops.entra contributors (@winops)
"""

EXAMPLES = r"""
- name: See whether people can sign in with a security key
  winops.entra.security_key_sign_in:
  register: security_key

- name: Switch the option on where no package and no MDM does
  winops.entra.security_key_sign_in:
    state: present
    fail_on: [fail]

- name: Take it back
  winops.entra.security_key_sign_in:
    state: absent
"""

RETURN = r"""
enabled:
  description:
    - Whether the option is on. Null if it could not be read, or if the ways contradict each other and nobody knows
      which of them wins.
  returned: once the device's state has been read
  type: bool
  sample: true
by:
  description: The ways that say what RV(enabled) says. Empty if the option is off because no way sets it, and if
    RV(enabled) is null.
  returned: once the device's state has been read
  type: list
  elements: str
  sample: [provisioning_package]
ways:
  description:
    - The ways by which the option can be set, all of them, in this order.
  returned: once the device's state has been read
  type: list
  elements: dict
  contains:
    way:
      description:
        - V(mdm) (Intune keeps the setting in its list of what it has set), V(provisioning_package) (by
          the record of the provisioning engine a package has applied a setting of the PassportForWork CSP), V(csp) (the
          CSP's value is there and nothing shows who has set it) or V(policy) (group policy, local policy, or this
          module).
      type: str
    value:
      description: What this way says, null if it says nothing or could not be read.
      type: bool
    wins:
      description: V(true) for the one way that is set, V(false) for a way that is not, null if that could not be read
        and if several ways are set. Microsoft publishes no order between them.
      type: bool
    place:
      description: The registry value.
      type: str
    source:
      description: The packages of V(provisioning_package), by name, or by file if Windows does not list them; otherwise
        empty.
      type: list
      elements: str
    reason:
      description: Why RV(ways[].value) or RV(ways[].wins) is null although the way may be set, otherwise null.
      type: str
  sample:
    - way: mdm
      value: null
      wins: false
      place: HKLM\SOFTWARE\Microsoft\Policies\PassportForWork\SecurityKey, UseSecurityKeyForSignin
      source: []
      reason: null
    - way: provisioning_package
      value: true
      wins: true
      place: HKLM\SOFTWARE\Microsoft\Policies\PassportForWork\SecurityKey, UseSecurityKeyForSignin
      source: [Passwordless]
      reason: null
    - way: csp
      value: null
      wins: false
      place: HKLM\SOFTWARE\Microsoft\Policies\PassportForWork\SecurityKey, UseSecurityKeyForSignin
      source: []
      reason: null
    - way: policy
      value: null
      wins: false
      place: HKLM\SOFTWARE\Policies\Microsoft\FIDO, EnableFIDODeviceLogon
      source: []
      reason: null
build_ok:
  description: Whether this Windows has the option for this join type. Null if that could not be read.
  returned: once the device's state has been read
  type: bool
  sample: true
join_type:
  description: What the device is joined to, as C(join.type) of M(winops.entra.device_facts).
  returned: once the device's state has been read
  type: str
  sample: entra
findings:
  description:
    - One for each thing that decides whether a person can use a key at the lock screen of this device, in a fixed
      order.
    - C(result) is V(pass), V(warn), V(fail) or V(unknown) (it could not be read, or nobody knows).
  returned: once the device's state has been read
  type: list
  elements: dict
  contains:
    id:
      description: V(option), V(ways), V(build), V(join), V(registry_path), V(device_unlock) or V(credential_provider).
      type: str
    result:
      description: V(pass), V(warn), V(fail) or V(unknown).
      type: str
    subject:
      description: Always null. A finding is about the device.
      type: str
    observed:
      description: What the device shows.
      type: str
    expected:
      description: What would be right.
      type: str
    cause:
      description: Why that matters, null on a pass.
      type: str
    fix:
      description: What to do, null on a pass.
      type: str
    side:
      description: Always V(device).
      type: str
    doc:
      description: Where to read more, otherwise null.
      type: str
    permissions:
      description: Always empty.
      type: list
      elements: str
    evidence:
      description: Always empty. C(observed) has everything.
      type: list
      elements: dict
  sample:
    - id: registry_path
      result: warn
      subject: null
      observed: HKLM\SOFTWARE\Microsoft\Policies\PassportForWork\SecurityKeys
      expected: no UseSecurityKeyForSignin at a place that Windows does not read
      cause: a value at this place has no effect
      fix: remove it, and set the option with this module, a package or MDM
      side: device
      doc: https://learn.microsoft.com/windows/client-management/mdm/passportforwork-csp
      permissions: []
      evidence: []
summary:
  description: The number of findings for each result.
  returned: once the device's state has been read
  type: dict
  sample: {pass: 6, warn: 1, fail: 0, unknown: 0}
changes:
  description: What was changed, or in check mode would be changed.
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
    - what: EnableFIDODeviceLogon
      before: null
      after: 1
error:
  description: What failed, or the first finding that O(fail_on) names, with all of them in C(evidence).
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
    code: null
    name: set_by_another_way
    side: device
    cause: mdm has switched the option on
    fix: change the setting in the MDM
    evidence: []
    request_id: null
    permissions: []
    doc: null
"""

ARGUMENT_SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"]},
}

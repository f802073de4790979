#!/usr/bin/python
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of winops.entra.preflight. The work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: preflight
short_description: Check beforehand whether a Windows device can be joined to Microsoft Entra ID
version_added: 0.1.0
description:
  - Checks everything on a device that a join to Microsoft Entra ID (formerly Azure AD join) depends on, with one
    command on the device, and reports for each check what was found, what was expected, why it matters and what to do.
  - M(winops.entra.join) refuses a device by the rules of the checks C(edition), C(build), C(server), C(join_state) and
    C(azure_identity), and if the account is not elevated (C(winrm_account)). It makes no other check.
  - A scheduled task asks the endpoints from the device as SYSTEM, all at once, and is removed afterwards.
    Firewalls and proxies treat SYSTEM and users differently.
  - What only the tenant knows (an expired package, the registration policy, Conditional Access) cannot be seen here.
options:
  tenant_id:
    description:
      - Id of the tenant that the device will join, a GUID. A device of this tenant passes the check C(join_state),
        and the registration service is asked for this tenant, as Windows does.
    type: str
  method:
    description: How the device will be joined, as in M(winops.entra.join).
    type: str
    choices: [provisioning_package, azure_vm]
    default: provisioning_package
  cloud:
    description: The cloud of the tenant, which decides which endpoints are asked.
    type: str
    choices: [public, us_government, us_government_dod, china]
    default: public
  expect_mdm:
    description:
      - Whether the device will also be enrolled in MDM. An obstacle to the enrollment is then a failure, not a warning.
    type: bool
    default: false
  user_sign_in:
    description:
      - Whether people will sign in to the device with their accounts of the tenant. The hosts that serve the content of
        the sign-in page are then asked as well (C(endpoint_msauth), C(endpoint_msftauth)). The join itself does not
        need them, so they only cause a warning.
      - They are asked as SYSTEM or the connecting account like the others. The page is shown by a program of the person
        who signs in, on newer Windows by WebView2 (C(msedgewebview2.exe)), which may use another route to the internet.
    type: bool
    default: false
  fail_on:
    description:
      - V(endpoints) stands for the ids of all endpoints.
    default: [fail]
  skip:
    description:
      - Checks to leave out. V(endpoints) stands for all endpoints; nothing is then executed as SYSTEM.
    type: list
    elements: str
    default: []
  extra_endpoints:
    description: More addresses that must answer from the device, for example those of a federated identity provider.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: A name of lower-case letters, digits and underscores. The check is called C(endpoint_) and this
          name.
        type: str
        required: true
      url:
        description: An https URL. Any answer counts, except that of a proxy or filter. HTTP 403 is a warning, because
          the server or a filter may have given it.
        type: str
        required: true
  timeout:
    description: Seconds within which each endpoint must answer.
    type: int
    default: 10
extends_documentation_fragment:
  - winops.entra.attributes
  - winops.entra.attributes.device
  - winops.entra.findings
  - winops.entra.recorded
attributes:
  check_mode:
    details: No scheduled task is created, so the connecting account asks the endpoints instead of SYSTEM. If SYSTEM has
      another proxy or firewall rule, these checks may say otherwise than a run does.
    support: partial
  diff_mode:
    details: It changes nothing.
    support: none
notes:
  - In check mode no scheduled task is created. The connecting account asks the endpoints, and the checks say so.
  - The checks are C(edition), C(build), C(server), C(join_state), C(pending_reboot), C(clock), C(tpm), C(disk),
    C(package_policy), C(enrollment_leftovers), C(endpoint_login), C(endpoint_device_login), C(endpoint_registration),
    C(endpoint_mdm), with O(user_sign_in) C(endpoint_msauth) and C(endpoint_msftauth), C(proxy), C(tls),
    C(name_resolution), C(azure_identity), C(winrm_account), C(token_filter), C(winrm_firewall), C(winrm_listener),
    C(local_administrator) and C(winrm_client_certificate).
seealso:
  - module: winops.entra.join
  - module: winops.entra.diagnose
author:
  - winops.entra contributors (@winops)
"""

EXAMPLES = r"""
- name: Stop at devices that cannot be joined
  winops.entra.preflight:
    tenant_id: d10f84e2-ba05-45c0-90b7-994f1fafa537
    expect_mdm: true

- name: Only check, and leave the decision to the playbook
  winops.entra.preflight:
    tenant_id: d10f84e2-ba05-45c0-90b7-994f1fafa537
    fail_on: []
    extra_endpoints:
      - name: federation
        url: https://sts.example.com/adfs/services/trust/mex
  register: fitness

- name: Restart if Windows waits for a restart
  ansible.windows.win_reboot:
  when: >-
    fitness.findings | selectattr('id', 'equalto', 'pending_reboot') | selectattr('result', 'equalto', 'warn')
    | length > 0
"""

RETURN = r"""
findings:
  description:
    - One for each check, in a fixed order.
    - C(result) is V(pass), V(warn) (the join works, or may work), V(fail) (the join or the enrollment fails, or the
      device cannot be managed afterwards) or V(unknown) (it could not be read on the device).
  returned: once the device's state has been read
  type: list
  elements: dict
  contains:
    id:
      description: The check. The preflight guide lists them.
      type: str
    result:
      description: V(pass), V(warn), V(fail) or V(unknown).
      type: str
    subject:
      description: Always null. A check is about the device.
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
      description: Where the problem is, V(device) or V(network).
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
    - id: clock
      result: fail
      subject: null
      observed: "-17280000.0 s, give or take 0.3 s"
      expected: within 300 s of the controller
      cause: the device's clock is 200 days behind the controller's
      fix: correct the clock
      side: device
      doc: null
      permissions: []
      evidence: []
summary:
  description: The number of findings for each result.
  returned: once the device's state has been read
  type: dict
  sample: {pass: 22, warn: 1, fail: 1, unknown: 0}
changes:
  description: Always empty. The module only reads.
  returned: always
  type: list
  elements: dict
  sample: []
error:
  description: The first finding that O(fail_on) names, with all of them in C(evidence).
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
    name: preflight_clock
    side: device
    cause: the device's clock is 200 days behind the controller's
    fix: correct the clock
    evidence:
      - id: clock
        result: fail
        subject: null
        observed: "-17280000.0 s"
        expected: within 300 s of the controller
    request_id: null
    permissions: []
    doc: null
"""

ARGUMENT_SPEC = {
    "tenant_id": {"type": "str", "holds": "guid"},
    "method": {"type": "str", "choices": ["provisioning_package", "azure_vm"], "default": "provisioning_package"},
    "cloud": {"type": "str", "choices": ["public", "us_government", "us_government_dod", "china"], "default": "public"},
    "expect_mdm": {"type": "bool", "default": False},
    "user_sign_in": {"type": "bool", "default": False},
    "fail_on": {"type": "list", "elements": "str", "default": ["fail"]},
    "skip": {"type": "list", "elements": "str", "default": []},
    "extra_endpoints": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "name": {"type": "str", "required": True},
            "url": {"type": "str", "holds": "url", "required": True},
        },
    },
    "timeout": {"type": "int", "default": 10, "most": 600},
}

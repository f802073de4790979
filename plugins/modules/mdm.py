#!/usr/bin/python
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of winops.entra.mdm. The work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: mdm
short_description: Enroll a Windows device in MDM, or remove one enrollment cleanly
version_added: 0.1.0
description:
  - Triggers the automatic MDM enrollment of a joined Windows device, as SYSTEM, and waits until it is enrolled.
  - Or removes one MDM enrollment, by its id and its own provider, and nothing else except what Windows has created
    beside it (for Intune's enrollment its child of the channel MMP-C, which alone stops the next enrollment).
    Enrollments of other providers, and the keys that Windows itself and provisioning packages keep among them, never
    change.
  - The module decides by what is left whether a removal has succeeded. If Windows' own unregistration does not end
    within 120 seconds, or ends with a code, the result has a warning.
  - A device counts as enrolled if the enrollment's certificate is there and has not expired, its task folder is there,
    its C(EnrollmentState) is not 0, and it does not belong to another tenant.
  - A request that is impossible for the device's join type is refused before anything changes, with the reason and the
    fix.
options:
  state:
    description:
      - V(enrolled) triggers automatic enrollment if the device is not enrolled. It must be Entra joined or hybrid
        joined, and the tenant must have given it an MDM address.
      - V(absent) removes the enrollment of O(provider), also the leftovers of an enrollment that was not removed
        completely. To remove an enrollment that works, or of which this is not known, a joined device needs a local
        administrator that can sign in afterwards, because Windows may end the join with it. Leftovers need none.
    type: str
    choices: [enrolled, absent]
    default: enrolled
  provider:
    description:
      - C(ProviderID) of the enrollment. V(MS DM Server) is Intune.
    type: str
    default: MS DM Server
  enrollment_id:
    description:
      - With O(state=absent), the enrollment's id, a GUID. Needed if the device has several enrollments of O(provider).
    type: str
  credential:
    description:
      - With O(state=enrolled), whose credential is used. V(user) needs a user of the tenant who is signed in to the
        device. Microsoft supports V(device) for co-management and Azure Virtual Desktop multi-session only.
    type: str
    choices: [user, device]
    default: user
  allow_account_loss:
    description:
      - With O(state=absent), continue although the connecting account is not a local account of the device.
    type: bool
    default: false
  timeout:
    description:
      - Seconds within which the device must be enrolled, or the enrollment must be gone.
    type: int
    default: 600
extends_documentation_fragment:
  - winops.entra.attributes
  - winops.entra.attributes.device
  - winops.entra.fact_name
  - winops.entra.attributes.facts
  - winops.entra.waiting
attributes:
  check_mode:
    details: It does not foretell that the enrollment does not come, which depends on the tenant and on who is signed
      in.
    support: full
notes:
  - The record in Intune stays.
seealso:
  - module: winops.entra.join
  - module: winops.entra.disconnect
  - module: winops.entra.device_facts
author:
  - winops.entra contributors (@winops)
"""

EXAMPLES = r"""
- name: Enroll a hybrid joined device in Intune
  winops.entra.mdm:
    state: enrolled

- name: Remove what an earlier enrollment has left
  winops.entra.mdm:
    state: absent
    enrollment_id: 2f9b3c1e-7a6d-4b58-9c3e-5d1f0a7b8c9d
"""

RETURN = r"""
outcome:
  description:
    - The outcome. V(enrolled), V(removed), V(unchanged), V(refused) (before anything changed), V(failed), or in
      check mode V(would_enroll) and V(would_remove).
  returned: always
  type: str
  sample: enrolled
enrollments:
  description:
    - The device's enrollments afterwards, of all providers; in check mode and after a refusal the current ones.
    - The keys of Windows itself, of provisioning packages and of Configuration Manager look like enrollments but are
      not listed.
    - C(channel) is V(intune), V(mmpc) (MMP-C, which Windows keeps beside Intune's), V(other), or null if the key may
      belong to a package. C(enrolled) says whether the enrollment works, of whichever tenant, and C(why_not) what it
      lacks.
  returned: once the device's state has been read
  type: list
  elements: dict
  sample:
    - enrollment_id: 2f9b3c1e-7a6d-4b58-9c3e-5d1f0a7b8c9d
      provider: MS DM Server
      channel: intune
      tenant_id: d10f84e2-ba05-45c0-90b7-994f1fafa537
      upn: alex@contoso.example
      enrolled: true
      why_not: null
      state: 1
      certificate_expires: "2027-03-09T11:53:00.000Z"
      last_sync: "2026-11-21T06:31:09.000Z"
      witnesses: {state: true, certificate: true, tasks: true}
ansible_facts:
  description: C(ansible_facts.entra) as M(winops.entra.device_facts) returns it, all of it read after a change.
  returned: once the device's state has been read
  type: dict
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
    - what: mdm enrollment
      before: null
      after: {provider: MS DM Server}
left_behind:
  description:
    - What is on the device when the task ends and need not be. These can only be jobs of this collection. Empty if
      nothing is there, and after a refusal.
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
    - {name: mdm, seconds: 24.8}
    - {name: clean up, seconds: 2.2}
error:
  description: What failed. C(name) is stable and meant for programs; C(evidence) holds the device's own messages.
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
    name: not_joined
    side: device
    cause: automatic MDM enrollment needs a device of a tenant, but the join type of this one is none
    fix: Join the device first (winops.entra.join), or hybrid join it.
    evidence: []
    request_id: null
    permissions: []
    doc: null
"""

ARGUMENT_SPEC = {
    "state": {"type": "str", "choices": ["enrolled", "absent"], "default": "enrolled"},
    "provider": {"type": "str", "default": "MS DM Server"},
    "enrollment_id": {"type": "str", "holds": "guid"},
    "credential": {"type": "str", "choices": ["user", "device"], "default": "user"},
    "allow_account_loss": {"type": "bool", "default": False},
    "timeout": {"type": "int", "default": 600},
}

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
  - Or removes one MDM enrollment, by its id and with its own provider, and nothing else but what Windows has made
    beside it (with Intune's its child of the channel MMP-C, which alone stops the next enrollment). Enrollments of
    other providers, and the keys that Windows itself and provisioning packages keep among them, are never touched.
  - What became of a removal is judged by what is left. Where Windows' own unregistration does not end within 120
    seconds, or ends with a code, the result has a warning.
  - A device counts as enrolled where the enrollment's certificate is there and has not expired, its task folder is
    there, its C(EnrollmentState) is not 0, and it is not another tenant's.
  - What the device's join type cannot do is refused before anything changes, with the reason and the fix.
options:
  state:
    description:
      - V(enrolled) triggers automatic enrollment where the device is not enrolled. It must be Entra joined or hybrid
        joined, and the tenant must have given it an MDM address.
      - V(absent) removes the enrollment of O(provider), also the leftovers of one that was removed badly. On a joined
        device a local administrator is needed that can sign in afterwards, because Windows may end the join with the
        enrollment.
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
      - With O(state=absent), the enrollment's id, a GUID. Needed where the device has several of O(provider).
    type: str
  credential:
    description:
      - With O(state=enrolled), whose credential enrolls. V(user) needs a user of the tenant who is signed in to the
        device. V(device) is supported by Microsoft for co-management and Azure Virtual Desktop multi-session only.
    type: str
    choices: [user, device]
    default: user
  allow_account_loss:
    description:
      - With O(state=absent), go on although the connecting account is not a local account of the device.
    type: bool
    default: false
  timeout:
    description:
      - Seconds within which the device must be enrolled, or the enrollment gone.
    type: int
    default: 600
extends_documentation_fragment:
  - winops.entra.attributes
  - winops.entra.attributes.device
  - winops.entra.attributes.facts
  - winops.entra.waiting
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
    - What became of it. V(enrolled), V(removed), V(unchanged), V(refused) (before anything changed), V(failed), or in
      check mode V(would_enroll) and V(would_remove).
  returned: always
  type: str
  sample: enrolled
enrollments:
  description:
    - The device's enrollments afterwards, of all providers; in check mode and after a refusal those now.
    - Not the keys of Windows itself, of provisioning packages and of Configuration Manager, which look like some.
    - C(channel) is V(intune), V(mmpc) (MMP-C, which Windows holds beside Intune's), V(other), or null where nobody can
      tell whether it is a package's. C(enrolled) says that it works, whoever's it is, and C(why_not) what it lacks.
  returned: once the device has been looked at
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
  description: C(ansible_facts.entra) as M(winops.entra.device_facts) returns it, C(mdm) read afterwards.
  returned: once the device has been looked at
  type: dict
changes:
  description: What was changed, or in check mode would be.
  returned: always
  type: list
  elements: dict
  sample:
    - what: mdm enrollment
      before: null
      after: {provider: MS DM Server}
phases:
  description: Name and seconds of each phase.
  returned: always
  type: list
  elements: dict
  sample:
    - {name: look, seconds: 2.1}
    - {name: mdm, seconds: 24.8}
    - {name: clean up, seconds: 2.2}
error:
  description: What failed. C(name) is stable and meant for programs; C(evidence) holds what the device itself has said.
  returned: failure
  type: dict
  sample:
    code: null
    name: not_joined
    side: device
    cause: automatic MDM enrollment needs a device of a tenant, and this one's join type is none
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

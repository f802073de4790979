#!/usr/bin/python
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of winops.entra.ppkg. The work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ppkg
short_description: Apply or remove a provisioning package on a Windows device
version_added: 0.1.0
description:
  - Applies a provisioning package (C(.ppkg)) as SYSTEM, or removes it. Packages are identified by their package id.
  - A one-shot scheduled task does the work, so a lost connection does not stop it, and the next run of the task finds
    it.
  - Removing a package does not undo an Entra join, and does not remove accounts that the package created.
  - Windows needs its own copy of the file to remove a package. O(keep_copy=false) deletes that copy after the package
    is applied, so that Windows can no longer remove it.
  - A package that failed stays with Windows, with its copy and its retries, until O(state=absent) removes it. The
    result says so in C(changes) and C(left_behind).
options:
  state:
    description:
      - V(present) applies the package if it is not installed, V(absent) removes it if it is, and our own copy of it.
      - A package whose file is gone from the device cannot be removed. V(absent) then fails and says so.
    type: str
    choices: [present, absent]
    default: present
  force:
    description:
      - Apply the package again although it is installed, in the ways of O(apply_again). The task then always reports a
        change.
    type: bool
    default: false
  timeout:
    description:
      - Seconds within which the package must be applied or removed.
    type: int
    default: 900
extends_documentation_fragment:
  - winops.entra.attributes
  - winops.entra.attributes.device
  - winops.entra.attributes.facts
  - winops.entra.fact_name
  - winops.entra.package
  - winops.entra.waiting
attributes:
  check_mode:
    details: Asks the device only. It does not foretell that Windows refuses a setting of the package, or that O(url)
      cannot be downloaded.
    support: full
notes:
  - To join a device with a package use M(winops.entra.join). It proves the join; this module proves only that the
    package was applied.
seealso:
  - module: winops.entra.join
  - module: winops.entra.ppkg_info
author:
  - winops.entra contributors (@winops)
"""

EXAMPLES = r"""
- name: Wi-Fi and certificates for the new site, in a way that they can be removed again
  winops.entra.ppkg:
    src: packages/site-berlin.ppkg
    keep_copy: true

- name: A large package that the device downloads itself
  winops.entra.ppkg:
    url: https://packages.example.com/site-berlin.ppkg
    checksum: sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    package_id: 4a1f9e0c-7a55-4f0e-9d0b-0a52f3a7c111

- name: Remove it again
  winops.entra.ppkg:
    package_id: 4a1f9e0c-7a55-4f0e-9d0b-0a52f3a7c111
    state: absent
"""

RETURN = r"""
installed:
  description: Whether the package is installed in the end, in check mode whether it would be.
  returned: success
  type: bool
package:
  description:
    - The contents of the package, as M(winops.entra.ppkg_info) describes them. Null if the package is not on the
      controller.
  returned: success
  type: dict
ansible_facts:
  description:
    - What stays true of the facts that an earlier task has read, C(ansible_facts.entra). A package may hold any
      setting, so C(join), C(mdm), C(packages) and C(os) are gone after a change, until M(winops.entra.device_facts)
      reads them.
  returned: changed, if there were such facts
  type: dict
changes:
  description:
    - What was changed, or in check mode would be changed. C(package) says in which way a package is applied again.
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
    - what: package
      before: null
      after: {id: 4a1f9e0c-7a55-4f0e-9d0b-0a52f3a7c111, applied: once}
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
error:
  description:
    - What failed. C(side) is device, tenant, network or controller; C(evidence) is what the device itself says.
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
"""

ARGUMENT_SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "force": {"type": "bool", "default": False},
    "timeout": {"type": "int", "default": 900},
}
CONSTRAINTS = {
    "required_if": [
        ("state", "present", ("src", "path", "url"), True),
        ("state", "absent", ("src", "package_id"), True),
    ],
}

#!/usr/bin/python
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of winops.entra.acceptance. The work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: acceptance
short_description: Try this collection's operations on a disposable Windows device
version_added: 0.1.0
description:
  - Runs every operation of this collection that can be undone, over the connection of the task, and checks the answers.
    Their shape must be the one that is documented in C(vocabulary.json), and they must contain what is true on any
    Windows 10 or 11, for example that C(kernel32.dll) is there.
  - Operations that change the device use a directory and a scheduled task of their own. Their changes are undone, and
    then the device's state is read again. Nothing stays.
  - Operations that cannot be undone (a restart, a join, a leave, an enrollment, the application of a package) are not
    run, and the report says why.
  - Returns a report for a bug report. It contains no names of machines, accounts or tenants, no SIDs, addresses, serial
    numbers or thumbprints, and no texts from the device.
options:
  skip:
    description:
      - Operations to leave out, by their names in C(vocabulary.json), such as V(endpoints), which asks
        C(login.microsoftonline.com).
    type: list
    elements: str
    default: []
  package:
    description:
      - Path of a provisioning package on the controller, for the questions that only a real Windows can answer. The
        package is added twice and removed. After each step the module reads what Windows lists, what its provisioning
        engine remembers, and whether the package's file is there.
      - Make the package with Windows Configuration Designer, with a single harmless setting. A package that contains a
        bulk token, accounts, commands, files, a computer name, or settings that Windows reverts with a package is
        refused.
      - Without it these questions are not asked, and the report says so.
    type: path
  timeout:
    description:
      - Seconds after which no further operation is started. Undoing changes has 180 seconds of its own, and the
        questions about O(package) are completed.
    type: int
    default: 900
extends_documentation_fragment:
  - winops.entra.attributes
  - winops.entra.attributes.device
  - winops.entra.waiting
attributes:
  check_mode:
    details: Only operations that read are tried. RV(changes) foretells what a run would leave.
    support: partial
notes:
  - Use a disposable machine, such as a virtual machine with a checkpoint.
  - In check mode only operations that read are run.
  - Run it as a local administrator with a full token. Without it nothing is tried, and the task fails.
seealso:
  - module: winops.entra.preflight
  - module: winops.entra.diagnose
author:
  - winops.entra contributors (@winops)
"""

EXAMPLES = r"""
- name: Does this collection work on this Windows?
  winops.entra.acceptance:
  register: accepted

- name: The report as a table
  ansible.builtin.debug:
    var: accepted.table

- name: Ask the questions about packages as well
  winops.entra.acceptance:
    package: packages/harmless.ppkg

- name: Without connections to the internet
  winops.entra.acceptance:
    skip: [endpoints]
"""

RETURN = r"""
report:
  description:
    - What was tried and what was seen.
    - C(verdict) is passed, failed or stopped; C(stopped) says why.
    - C(operations) has an entry for every operation of the collection. Its C(status) is C(ran), C(failed) or
      C(not_possible), with C(why). C(seen) has counts and yes or no, C(problems) what was wrong, and C(seconds) the
      time of its exchanges with the device.
    - C(left_on_the_device) says whether a change could not be undone, and is null if this is not known.
    - C(package_questions) has the answers for O(package), one entry for each step.
  returned: when the device has answered
  type: dict
  sample:
    format: winops.entra.acceptance
    version: 1
    generated: "2026-11-21T08:00:00Z"
    collection: 0.2.0
    ansible_core: 2.21.0
    runner: 0d9f5c2f6f2c4a7e
    connection: winrm
    check_mode: false
    verdict: failed
    stopped: null
    system:
      edition: Professional
      installation_type: Client
      version: 24H2
      build: "26100"
      revision: 2314
      architecture: AMD64
      language: de-DE
      culture: de-DE
      code_page: "850"
      powershell: 5.1.26100.2314
      powershell_edition: Desktop
      powershell_64_bit: true
      account_elevated: true
      account_is_system: false
    earlier_run_left_something: false
    left_on_the_device: false
    exchanges: 38
    seconds: 61.5
    operations:
      processes:
        status: failed
        why: "not so: process ids are positive"
        changing: false
        seen: {processes: 88}
        checks: 5
        problems: ["not so: process ids are positive"]
        seconds: 1.2
    package_questions:
      asked: true
      why: null
      left: false
      steps:
        - step: before
          code: null
          listed: false
          installed: null
          file: false
          package_info: false
          checksums: 0
          results: 0
          failures: 0
          pending: 0
          would_be_skipped: false
          events: {}
table:
  description: The report as lines for a screen.
  returned: when the device has answered
  type: list
  elements: str
changes:
  description: What is different on the device afterwards.
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
    - what: the directory %ProgramData%\winops.entra
      before: absent
      after: empty, for SYSTEM and administrators only
error:
  description:
    - Why the task has failed. C(evidence) has the device's own messages for each failure; unlike the report, it may
      contain names.
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
    "skip": {"type": "list", "elements": "str", "default": []},
    "package": {"type": "path"},
    "timeout": {"type": "int", "default": 900},
}

#!/usr/bin/python
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of winops.entra.deployment_status. The work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: deployment_status
short_description: Show on a Windows device how its deployment goes or went, and what it waits for
version_added: 0.1.0
description:
  - Reads from a device everything that the Enrollment Status Page writes there, with one command, and says which phase
    it is in, what it waits for, what failed, and what was skipped. It works during a deployment and afterwards, with
    and without Windows Autopilot.
  - The tenant knows how a deployment went (M(winops.entra.autopilot_device_info)), but only the device knows which app
    or policy it was.
  - States and hexadecimal codes decide. The words that Windows writes beside them are in the language of the device and
    are only returned.
  - A device on which an Enrollment Status Page never ran may have the settings of one, for example after an enrollment
    by group policy or by a provisioning package. It is not reported as a deployment that hangs.
options: {}
extends_documentation_fragment:
  - winops.entra.attributes
  - winops.entra.attributes.device
  - winops.entra.findings
attributes:
  check_mode:
    details: The same as a run, which changes nothing.
    support: full
  diff_mode:
    details: It changes nothing.
    support: none
notes:
  - A device in its first setup has no open WinRM, unless something in its deployment, such as a policy or an app of
    Intune, has opened it.
  - What could not be read is null, and RV(deployment.refused) says why. It is never taken for "not there".
seealso:
  - module: winops.entra.autopilot_device_info
  - module: winops.entra.diagnose
author:
  - winops.entra contributors (@winops)
"""

EXAMPLES = r"""
- name: See what the deployment of each device waits for
  winops.entra.deployment_status:
  register: status

- name: Show it
  ansible.builtin.debug:
    msg: "{{ status.deployment.state }}: {{ status.deployment.waits_for }}"

- name: Fail for devices on which something could not be installed
  winops.entra.deployment_status:
    fail_on: [fail]
"""

RETURN = r"""
deployment:
  description: What the device says about its deployment. What it could not say is null.
  returned: when the device has answered
  type: dict
  contains:
    state:
      description:
        - V(not_run), no Enrollment Status Page has run.
        - V(running).
        - V(succeeded).
        - V(incomplete), a phase failed or ran out of time, and somebody continued past the error.
        - V(failed).
        - Null if it is unknown.
      type: str
    phase:
      description: The phase that it is in or failed in, V(device_preparation), V(device_setup) or V(account_setup).
        Null if it has ended well, has not run, or if that is unknown.
      type: str
    autopilot:
      description: Whether the device has a profile of Windows Autopilot.
      type: bool
    autopilot_tenant_id:
      description: The tenant of that profile.
      type: str
    phases:
      description: The three phases in their order. Null if they could not be read.
      type: list
      elements: dict
      contains:
        phase:
          description: V(device_preparation), V(device_setup) or V(account_setup).
          type: str
        state:
          description: V(not_started), V(in_progress), V(succeeded), V(failed), V(cancelled), V(restart_required),
            V(skipped) (the page does not show this phase) or V(absent) (nothing is written about it). Null if it is
            unknown.
          type: str
        code:
          description: The hexadecimal code of the failure, null if there is none.
          type: str
        text:
          description: What the page shows, in the language of the device.
          type: str
        steps:
          description: The steps of the phase.
          type: list
          elements: dict
          contains:
            step:
              description: The step, without the name of its phase, such as C(AppsSubcategory).
              type: str
            state:
              description: As the phase's, or V(not_required). Null if it is unknown.
              type: str
            code:
              description: The hexadecimal code of the failure, null if there is none.
              type: str
            done:
              description: How many of RV(deployment.phases[].steps[].total) are done, null if the text has no numbers.
              type: int
            total:
              description: How many there are, null if the text has no numbers.
              type: int
            text:
              description: What the page shows, in the language of the device.
              type: str
    first_sync:
      description: The first synchronization with the MDM, and the settings of the page. Null if the device has no
        enrollment with them, or if they could not be read.
      type: dict
      contains:
        enrollment_id:
          description: The id of the enrollment.
          type: str
        userless:
          description: Whether the device enrolled by itself, without a user.
          type: bool
        device_done:
          description: Whether it has ended for the device, null if the device does not say it.
          type: bool
        users:
          description: Each user for whom it has begun.
          type: list
          elements: dict
          contains:
            sid:
              description: The SID of the user.
              type: str
            done:
              description: Whether it has ended.
              type: bool
        skips:
          description: The phases that the page leaves out, V(device_setup) and V(account_setup).
          type: list
          elements: str
        timeout_minutes:
          description: After how many minutes the page gives up.
          type: int
        options_on_failure:
          description: What the page offers when it gives up, V(reset), V(try_again) and V(continue_anyway).
          type: list
          elements: str
    providers:
      description: What reports to the page what is to be installed. C(Sidecar) is the Intune Management Extension. Null
        if it could not be read.
      type: list
      elements: dict
      contains:
        name:
          description: The name.
          type: str
        scope:
          description: V(device), or the SID of a user.
          type: str
        stage:
          description: V(preparation), until it is installed, or V(apps), until it has said which apps there are.
          type: str
        state:
          description: V(not_installed), V(not_required), V(completed), V(error), or null for the stage V(apps) and for
            a state that is not known.
          type: str
        policies_created:
          description: Whether it has said which apps there are, null for the stage V(preparation).
          type: bool
    apps:
      description: The apps that the page waits for. Null if they could not be read.
      type: list
      elements: dict
      contains:
        id:
          description: The id of the app in Intune, or the name of what is tracked if that is something else.
          type: str
        revision:
          description: The revision of the app.
          type: int
        provider:
          description: The provider that installs it.
          type: str
        scope:
          description: V(device), or the SID of a user.
          type: str
        state:
          description: V(not_installed), V(in_progress), V(completed), V(error), or null for a state that is not known.
          type: str
        restart_required:
          description: Whether it wants a restart.
          type: bool
    policies:
      description: The policies, packages, certificates and networks that the page waits for, as it last recorded them.
        Null if they could not be read.
      type: list
      elements: dict
      contains:
        kind:
          description: The list that it stands in, such as C(ExpectedPolicies) or C(ExpectedMSIAppPackages).
          type: str
        uri:
          description: The policy.
          type: str
        scope:
          description: V(device), or the SID of a user.
          type: str
        value:
          description: The number that Windows has recorded.
          type: int
        done:
          description: Whether it is in force. Null for a number that is not known.
          type: bool
    waits_for:
      description: What a running deployment waits for, as sentences.
      type: list
      elements: str
      sample: ["the app 3f2504e0-4f89-11d3-9a0c-0305e82c3301 (device), which is in_progress"]
    skipped:
      description: The phases that are left out.
      type: list
      elements: str
    refused:
      description: A sentence for what could not be read.
      type: list
      elements: str
findings:
  description: One for each point.
  returned: when the device has answered
  type: list
  elements: dict
  contains:
    id:
      description:
        - V(deployment), whether one has run and how it ended.
        - V(device_preparation), V(device_setup), V(account_setup), the phases.
        - V(apps), V(policies), what could not be installed or is waited for.
        - V(providers), whether what the page waits for can come.
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
      description: Always null. C(cause) says what is wrong.
      type: str
    cause:
      description: Why that matters, null on a pass.
      type: str
    fix:
      description: What to do, null on a pass.
      type: str
    side:
      description: Where to mend it, V(device).
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
    - id: apps
      result: fail
      subject: null
      observed: 3f2504e0-4f89-11d3-9a0c-0305e82c3301 (device) is error
      expected: null
      cause: an app could not be installed, and the page stops at the first one
      fix: look up the app in Intune by its id, and in the log of the Intune Management Extension on the device
      side: device
      doc: https://learn.microsoft.com/troubleshoot/mem/intune/device-enrollment/understand-troubleshoot-esp
      permissions: []
      evidence: []
summary:
  description: The number of findings for each result.
  returned: when the device has answered
  type: dict
  sample: {pass: 5, warn: 0, fail: 2, unknown: 0}
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
"""

ARGUMENT_SPEC = {}  # type: ignore[var-annotated]

#!/usr/bin/python
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of winops.entra.device_facts. The work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: device_facts
short_description: Read how a Windows device is joined to Microsoft Entra ID
version_added: 0.1.0
description:
  - Reads the join state (formerly Azure AD or AAD join), MDM enrollment, provisioning packages, edition and clock of a
    Windows 10/11 device, as C(ansible_facts.entra).
  - Everything is read with one command on the device. Nothing is written there.
  - The registry and the device certificate are the first witnesses, C(dsregcmd /status) is the second.
    C(join.witnesses_agree) says whether they agree.
  - If the registry holds several joins or enrollments, such as those of an earlier tenant, their order does not matter.
    The certificate and C(dsregcmd) show which join is the current one; the others are C(join.stale_joins).
  - If an earlier task of this run, or of a fact cache, has read other subsets of the same device, they stay beside the
    ones that are read now. A subset that is read again replaces the older one as a whole. C(read) says when each was
    read.
  - Works over the C(winrm) and C(psrp) connections, and over C(ssh) with PowerShell.
options:
  gather_subset:
    description:
      - Which facts to read. The device is asked only for what they need. Facts of other subsets that were read before
        are kept.
    type: list
    elements: str
    choices: [all, join, mdm, packages, os, clock, caller]
    default: [all]
extends_documentation_fragment:
  - winops.entra.attributes
  - winops.entra.attributes.device
  - winops.entra.fact_name
  - winops.entra.attributes.facts
attributes:
  diff_mode:
    details: It changes nothing.
    support: none
notes:
  - After a task of this collection that has failed, facts are as they were before it, because Ansible keeps none of a
    failed task. Read them again.
  - M(winops.entra.join), M(winops.entra.disconnect) and M(winops.entra.mdm) return all facts as they are afterwards.
    After M(winops.entra.ppkg) has changed something, the subsets C(join), C(mdm), C(packages) and C(os) are gone until
    they are read again, because a package may hold any setting.
  - A variable of the inventory that is named C(entra) is hidden by these facts, see O(fact_name).
  - Run it as a local administrator with a full token. Without it, MDM enrollments and parts of C(dsregcmd) cannot be
    read; each of them causes a warning.
seealso:
  - module: winops.entra.join
  - plugin: winops.entra.dsregcmd
    plugin_type: filter
author:
  - winops.entra contributors (@winops)
"""

EXAMPLES = r"""
- name: Read the join state
  winops.entra.device_facts:

- name: Every device must be joined to our tenant
  ansible.builtin.assert:
    that:
      - ansible_facts.entra.join.type == "entra"
      - ansible_facts.entra.join.tenant_id == entra_tenant_id
    fail_msg: "{{ inventory_hostname }} is {{ ansible_facts.entra.join.type }}"

- name: Only the clock, before a join
  winops.entra.device_facts:
    gather_subset: [clock]

- name: The same under another name, because the inventory has a variable named entra
  winops.entra.device_facts:
    fact_name: entra_device
"""

RETURN = r"""
ansible_facts:
  description: Holds the facts below the key C(entra), or the one that O(fact_name) names.
  returned: success
  type: complex
  contains:
    entra:
      description: The requested subsets, and those that an earlier task has read.
      returned: always
      type: complex
      contains:
        join:
          description:
            - What the device is joined to.
            - C(type) is V(entra) (Entra joined), V(hybrid) (Entra and AD), V(domain) (AD only), V(registered) (a user
              has a work account on it) or V(none).
            - C(certificate_expires) is UTC. C(device_auth_status) is what the service says about the device object
              (Windows 10 21H1 and later). Fields that do not apply are null, and so are fields that the device refused
              to let be read. C(witnesses_agree) is false if the witnesses that were read differ.
            - C(thumbprint) is the device certificate's own, or the one that C(dsregcmd) prints.
            - C(stale_joins) are the keys that earlier joins have left in the registry (C(CloudDomainJoin\JoinInfo)),
              each with C(key) (its name, a thumbprint or the id of a device), C(thumbprint), C(tenant_id),
              C(tenant_name) and C(joined_by); null if they cannot be told apart from the current join.
              M(winops.entra.disconnect) removes them.
          returned: subset join
          type: dict
          sample:
            type: entra
            device_id: 6e4cbe68-588b-499c-8c04-dcfff140a1ca
            tenant_id: d10f84e2-ba05-45c0-90b7-994f1fafa537
            tenant_name: Contoso
            joined_by: package_1c2f7a4e-2f35-4ad9-8a6b-0d2a2c4b6f10@contoso.onmicrosoft.com
            thumbprint: 0BF36D245A124205D42B7FBCA6B6AB65A5B06A3C
            certificate_expires: "2035-03-09T11:53:00.000Z"
            tpm_protected: true
            device_auth_status: SUCCESS
            witnesses_agree: true
            stale_joins:
              - key: 1F4E0C7A55D24F0E9D0B0A52F3A7C111AB0192FD
                thumbprint: 1F4E0C7A55D24F0E9D0B0A52F3A7C111AB0192FD
                tenant_id: 0c1a2b3c-4d5e-6f70-8192-a3b4c5d6e7f8
                tenant_name: Fabrikam
                joined_by: someone@fabrikam.example
            unknown_rows: {}
        mdm:
          description:
            - The MDM enrollment that manages the device. C(enrolled) is true only if its certificate is there and has
              not expired, its task folder is there, and its C(EnrollmentState) is not 0. Other states say nothing,
              because 3, 4, 6 and 13 are seen on working enrollments. It is null if this could not be read.
            - An enrollment of another tenant than the join's does not count, and neither does one of the channel MMP-C
              (C(Microsoft Device Management)) alone. C(why_not) then says what is there instead. The keys that Windows
              itself and provisioning packages have among the enrollments never count.
            - C(channel) is V(intune) or V(other) (another MDM), or null if it may also be the key of a package, because
              the list of packages could not be read. C(tenant_id) is the enrollment's own. C(last_sync) is UTC.
              C(offered_by_tenant) says whether it has the MDM address that the tenant gave the device, null if the
              tenant gave none.
            - C(co_managed) says whether the client of Configuration Manager also manages the device, and C(workloads)
              which of its workloads the MDM has (C(CoManagementFlags)), null if the device is not co-managed. A
              co-managed device is enrolled in Intune like any other.
          returned: subset mdm
          type: dict
          sample:
            enrolled: true
            provider: MS DM Server
            enrollment_id: 8f0f2f0e-2d39-4f55-9f3b-b2a2b4b7b8aa
            upn: ""
            discovery_url: https://enrollment.manage.microsoft.com/enrollmentserver/discovery.svc
            channel: intune
            tenant_id: d10f84e2-ba05-45c0-90b7-994f1fafa537
            state: 1
            certificate_expires: "2027-03-09T11:53:00.000Z"
            last_sync: "2026-11-21T06:31:09.000Z"
            offered_by_tenant: true
            why_not: null
            co_managed: false
            workloads: null
        packages:
          description:
            - Provisioning packages. C(installed) is false for a package that has failed so far; the engine continues to
              try.
            - C(origin) is V(windows) or V(maker) for packages that are known by name to come with Windows or from the
              maker of the PC or its processor, V(image) if only its location suggests that a package came with Windows,
              and V(other) for all others.
            - C(last_result) is the worst result that the engine recorded, as hexadecimal HRESULT. C(pending) says that
              a setting waits for something, such as a restart, which is not a failure (V(0x02ab0003)); null if this
              could not be read.
            - Null, not an empty list, if the packages could not be listed.
          returned: subset packages
          type: list
          elements: dict
          sample:
            - id: 4a1f9e0c-7a55-4f0e-9d0b-0a52f3a7c111
              name: Contoso join
              version: "1.0"
              installed: true
              origin: other
              pending: false
              last_result: "0x00000000"
        os:
          description:
            - Windows itself. C(joinable) says whether this Windows can be Entra joined at all, C(why_not_joinable) why
              not.
            - C(last_boot) is UTC. C(joinable) is null if this is not known.
            - C(azure_vm) says whether it is an Azure VM, C(arc) whether it is connected to Azure Arc according to its
              agent. C(multi_session) is Enterprise multi-session of Azure Virtual Desktop, which is a client, not a
              server.
            - C(hotpatch) says whether a client takes updates without a restart, independently of C(pending_reboot). It
              is null on Windows Server. C(requested) is the policy C(AllowRebootlessUpdates). C(possible) says whether
              this Windows can take hotpatches (edition, build, virtualization-based security; on Arm64 without CHPE),
              null if it depends on the licence, which Windows does not show; C(why_not_possible) says why not.
              C(enabled) combines both. C(newest_baseline) is the newest quarterly baseline that the device can have
              since C(last_boot), because a baseline needs a restart. The device may have an older one; Windows does not
              show this.
          returned: subset os
          type: dict
          sample:
            edition: Professional
            build: "26100.2314"
            version: 24H2
            installation_type: Client
            multi_session: false
            server: false
            azure_vm: false
            arc: false
            last_boot: "2026-11-20T06:12:44.000Z"
            pending_reboot: false
            pending_reboot_reasons: []
            joinable: true
            why_not_joinable: null
            hotpatch:
              requested: true
              possible: null
              why_not_possible: it depends on the licence, which the device does not show
              enabled: null
              newest_baseline: 2026-10
        clock:
          description:
            - The device's clock, and how many seconds it is ahead of the controller's, give or take
              C(uncertainty_seconds).
          returned: subset clock
          type: dict
          sample:
            device_utc: "2026-11-21T08:00:00.000Z"
            skew_seconds: 0.4
            uncertainty_seconds: 0.2
        caller:
          description:
            - What describes only the connecting account, including the User, SSO and Hello sections of C(dsregcmd).
              Over WinRM these say nothing about the user at the device. Sections that this version of the collection
              does not know are included.
          returned: subset caller
          type: dict
          sample:
            account: PC-0042\\ansible
            sid: S-1-5-21-1004336348-1177238915-682003330-1001
            elevated: true
            system: false
            sections: {}
        read:
          description:
            - For each subset the controller's time (UTC) when it was read, C(at), and the reads for it that the device
              refused, C(refused).
          returned: always
          type: dict
          sample:
            join: {at: "2026-11-21T08:00:00Z", refused: []}
        device:
          description: The inventory name of the device. A delegated task reads another than its own host.
          returned: always
          type: str
          sample: pc-0042
        refused:
          description:
            - A sentence for each read that the device refused, of all subsets. Facts that depend on it are null, never
              false. Each that this task has met is also a warning.
          returned: always
          type: list
          elements: str
          sample: ["enrollments could not be read: Access is denied. (System.UnauthorizedAccessException)"]
changes:
  description: Always empty. The module only reads.
  returned: always
  type: list
  elements: dict
  sample: []
error:
  description:
    - Why the task has failed. C(side) is device, network or controller. C(cause) and C(fix) say what is known about it.
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
    "gather_subset": {
        "type": "list",
        "elements": "str",
        "choices": ["all", "join", "mdm", "packages", "os", "clock", "caller"],
        "default": ["all"],
    },
}

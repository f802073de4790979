# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: dsregcmd
short_description: Parse the output of dsregcmd /status
version_added: 0.1.0
author:
  - winops.entra contributors (@winops)
description:
  - Turns the text that C(dsregcmd /status) prints into data, so that outputs saved from many devices can be audited
    offline, without touching a device.
  - Reads the layouts of every Windows 10 and 11 build, also from damaged pastes, with lost indentation, prompts, code
    fences, quoting, remarks after values, values broken by the console, bold or quoted rows, rulers, Markdown and HTML
    tables, JSON lists, or C(Select-String) output without section titles.
  - The text may be UTF-16, as Windows PowerShell writes it, with or without a byte order mark, also if
    P(ansible.builtin.file#lookup) has read it as UTF-8.
  - To ask live devices use M(winops.entra.device_facts), which also reads the registry and the device certificate.
positional: _input
options:
  _input:
    description: The output, complete or in part.
    type: str
    required: true
notes:
  - The sections C(User State), C(SSO State) and C(Ngc Prerequisite Check) describe the account that ran the command,
    not the device. If the command ran remotely or as SYSTEM, a C(NO) in them means not seen.
  - The tool prints English in every Windows language.
seealso:
  - plugin: winops.entra.join_error
    plugin_type: filter
  - module: winops.entra.device_facts
  - name: Troubleshoot devices by using the dsregcmd command
    description: What the keys mean.
    link: https://learn.microsoft.com/entra/identity/devices/troubleshoot-device-dsregcmd
"""

EXAMPLES = r"""
- name: Audit outputs that were saved as outputs/HOST.txt
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Read them all
      ansible.builtin.set_fact:
        audit: "{{ audit | default({}) | combine({item | basename | splitext | first: output}) }}"
      vars:
        output: "{{ lookup('ansible.builtin.file', item) | winops.entra.dsregcmd }}"
      loop: "{{ query('ansible.builtin.fileglob', 'outputs/*.txt') }}"

    - name: List the devices that are not joined
      ansible.builtin.debug:
        msg: "{{ audit | dict2items | rejectattr('value.join_type', 'in', ['entra_joined', 'hybrid_joined'])
                 | map(attribute='key') }}"

    - name: List the devices of another tenant
      ansible.builtin.debug:
        msg: "{{ audit | dict2items | selectattr('value.keys.TenantId', 'defined')
                 | rejectattr('value.keys.TenantId', 'eq', tenant_id) | map(attribute='key') }}"

    - name: Explain why a hybrid join did not work
      ansible.builtin.debug:
        msg: "{{ (text | winops.entra.dsregcmd)['keys']['Client ErrorCode'] | winops.entra.join_error }}"
"""

RETURN = r"""
_value:
  description:
    - The output as data. A value is the text as printed, empty if nothing was printed, or a list of texts if the key
      repeats. Keys are spelled as printed, without a trailing colon.
    - Write C(result['keys']), not C(result.keys), because Jinja takes that for the method of the dictionary.
  type: dict
  contains:
    join_type:
      description:
        - V(entra_joined), V(hybrid_joined), V(domain_joined), V(workplace_registered) or V(none); null if the text does
          not have the rows that show it.
      type: str
      sample: entra_joined
    prt:
      description:
        - Whether the account that ran the command has a primary refresh token; null if the text does not say.
      type: bool
      sample: true
    sections:
      description: Keys and values by section title, in the order printed. Empty if the text has no section titles.
      type: dict
      sample: {"Device State": {"AzureAdJoined": "YES", "DomainJoined": "NO"}}
    keys:
      description: Keys and values of all sections.
      type: dict
      sample: {"AzureAdJoined": "YES", "DomainJoined": "NO", "NgcSet": ["NO", "NO"]}
"""

from ansible.errors import AnsibleFilterError

from ..plugin_utils.device.dsregcmd import DsregcmdError
from ..plugin_utils.device.pasted.status import parse


def dsregcmd(text: str) -> dict:
    """The filter: parse(), with its error as Ansible shows errors of filters."""
    try:
        return parse(text)
    except DsregcmdError as error:
        raise AnsibleFilterError(f"winops.entra.dsregcmd: {error}") from error


class FilterModule:
    """The filter winops.entra.dsregcmd."""

    def filters(self) -> dict:
        return {"dsregcmd": dsregcmd}

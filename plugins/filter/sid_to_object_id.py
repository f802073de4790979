# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: sid_to_object_id
short_description: The Microsoft Entra object id of a SID
version_added: 0.1.0
author:
  - winops.entra contributors (@winops)
description:
  - Turns a SID that begins with S-1-12-1, as a joined device shows it for a Microsoft Entra (formerly Azure AD) user,
    group or role, into the object id in the tenant.
positional: _input
options:
  _input:
    description: A SID that begins with S-1-12-1.
    type: str
    required: true
seealso:
  - plugin: winops.entra.object_id_to_sid
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Find the object of a SID
  ansible.builtin.debug:
    msg: "{{ 'S-1-12-1-1943430372-1249052806-2496021943-3034400218' | winops.entra.sid_to_object_id }}"
"""

RETURN = r"""
_value:
  description: The object id.
  type: str
  sample: 73d664e4-0886-4a73-b745-c694da45ddb4
"""

from ansible.errors import AnsibleFilterError

from ..plugin_utils.tenant.sid import sid_to_object_id


def to_object_id(sid: str) -> str:
    """The filter: its error as Ansible shows errors of filters."""
    try:
        return sid_to_object_id(sid)
    except ValueError as exc:
        raise AnsibleFilterError(f"winops.entra.sid_to_object_id: {exc}") from exc


class FilterModule:
    """The filter winops.entra.sid_to_object_id."""

    def filters(self) -> dict:
        return {"sid_to_object_id": to_object_id}

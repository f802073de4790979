# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: object_id_to_sid
short_description: The SID of a Microsoft Entra object
version_added: 0.1.0
author:
  - winops.entra contributors (@winops)
description:
  - Turns the object id of a Microsoft Entra (formerly Azure AD) user, group or role into the SID that Windows shows
    for it, for instance in the local Administrators group of a joined device.
positional: _input
options:
  _input:
    description: An object id.
    type: str
    required: true
seealso:
  - plugin: winops.entra.sid_to_object_id
    plugin_type: filter
  - module: winops.entra.local_admin_role
"""

EXAMPLES = r"""
- name: The SID of a group
  ansible.builtin.debug:
    msg: "{{ '73d664e4-0886-4a73-b745-c694da45ddb4' | winops.entra.object_id_to_sid }}"
"""

RETURN = r"""
_value:
  description: The SID.
  type: str
  sample: S-1-12-1-1943430372-1249052806-2496021943-3034400218
"""

from ansible.errors import AnsibleFilterError

from ..plugin_utils.tenant.sid import object_id_to_sid


def to_sid(object_id: str) -> str:
    """The filter: its error as Ansible shows errors of filters."""
    try:
        return object_id_to_sid(object_id)
    except ValueError as exc:
        raise AnsibleFilterError(f"winops.entra.object_id_to_sid: {exc}") from exc


class FilterModule:
    """The filter winops.entra.object_id_to_sid."""

    def filters(self) -> dict:
        return {"object_id_to_sid": to_sid}

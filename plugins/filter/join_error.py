# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: join_error
short_description: Explain an error code of a join or an enrollment
version_added: 0.1.0
author:
  - winops.entra contributors (@winops)
description:
  - Explains an error code that a device, the Entra token service or an MDM returns when a join or an enrollment fails,
    with its cause and what to do.
  - Takes a code in every spelling found in logs, setup pages and Office, or a whole message. If a message has several
    codes, the most specific one is explained. An AADSTS code is more specific than an HRESULT, and a code that names
    the fault is more specific than one that wraps it. If no code shows the cause, the sentence of the service beside it
    is added to the cause.
  - A network failure, an HTTP answer or a Win32 error is recognised by its low digits, whatever wraps it. For an
    unknown code the filter names the facility and what to look at.
positional: _input
options:
  _input:
    description:
      - A code, such as V(0x801c001d), V(801C001D), its signed or unsigned decimal form, V(AADSTS700082), V(700082) or
        V(exit 1007), or text that contains codes.
    type: raw
    required: true
seealso:
  - plugin: winops.entra.dsregcmd
    plugin_type: filter
  - module: winops.entra.join
"""

EXAMPLES = r"""
- name: Explain a code
  ansible.builtin.debug:
    msg: "{{ '0x801c0003' | winops.entra.join_error }}"

- name: Explain the exit code of an Azure VM extension
  ansible.builtin.debug:
    msg: "{{ (-2145648574 | winops.entra.join_error).fix }}"

- name: Explain the newest event of a failed registration
  ansible.builtin.debug:
    msg: "{{ event_text | winops.entra.join_error }}"
"""

RETURN = r"""
_value:
  description:
    - The explanation. For an unknown code only RV(_value.code), RV(_value.cause) and RV(_value.fix) have a value.
  type: dict
  contains:
    code:
      description: The code in its usual spelling; null if the text has none.
      type: str
      sample: AADSTS700082
    name:
      description:
        - Microsoft's symbol for the code, or a name of the collection, as in
          U(https://github.com/winops/entra/blob/main/docs/errors.md).
        - V(unknown_code) if nobody knows the code, V(no_code) if the text has none.
      type: str
      sample: ExpiredOrRevokedGrantInactiveToken
    side:
      description: Where the fault is, one of V(device), V(tenant), V(network) and V(controller).
      type: str
      sample: tenant
    cause:
      description: What happened.
      type: str
      sample: The bulk (or refresh) token has expired, or nobody used it for too long.
    fix:
      description: What to do.
      type: str
      sample: Create a new bulk token, at most 180 days valid, and rebuild the package.
    transient:
      description: Whether a later attempt can succeed without any action; null if that depends on the case.
      type: bool
      sample: false
    certainty:
      description: How well the meaning is known, one of V(documented), V(reported) and V(unsure).
      type: str
      sample: documented
    doc:
      description: A page of the vendor's documentation, if there is one.
      type: str
      sample: https://learn.microsoft.com/entra/identity-platform/reference-error-codes
"""

from ansible.errors import AnsibleFilterError

from ..plugin_utils.device.codes.explain import explain


def join_error(code: int | str) -> dict:
    """The filter: explain(), with its error as Ansible shows errors of filters."""
    if isinstance(code, bool) or not isinstance(code, (int, str)):
        raise AnsibleFilterError(
            f"winops.entra.join_error: expected a code or a text that holds codes, got {type(code).__name__}"
        )
    return explain(code)


class FilterModule:
    """The filter winops.entra.join_error."""

    def filters(self) -> dict:
        return {"join_error": join_error}

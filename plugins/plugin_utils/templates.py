# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Templates in a file of the controller that a task names, such as the description of a package: filled in with the
variables of the task, as Ansible does with a file of variables.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import re
import typing as t

from ansible.errors import AnsibleError, AnsibleUndefinedVariable

try:
    from ansible.template import trust_as_template
except ImportError:  # before ansible-core 2.19, which trusts every text

    def trust_as_template(value: str) -> str:  # type: ignore[misc]
        return value


_UNDEFINED = re.compile(r"'([A-Za-z_][A-Za-z0-9_]{0,100})' is undefined")


class NoValue(ValueError):
    """A template has no value; the message says why (the end of a sentence), without a piece of the template."""


def filled_in(action: t.Any, template: str) -> t.Any:
    """The value of a template for the task of this action plugin. Raises NoValue."""
    try:
        return action._templar.template(trust_as_template(template))
    except AnsibleUndefinedVariable as exc:
        name = _UNDEFINED.search(str(exc))
        what = f"the variable {name[1]}" if name else "a variable or a field"
        raise NoValue(f"needs {what}, which is not defined") from None
    except AnsibleError as exc:
        raise NoValue(f"has a template that cannot be filled in ({type(exc).__name__})") from None

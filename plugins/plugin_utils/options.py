# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of every module: the one sentence that refuses a bad one, readers of common kinds, and the tenant's options.

A reader returns the value as the rest of the code wants it, or raises the Failure of ``bad_option``: before anything is
sent, by the option's name, and with what would be right.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import datetime
import re
import typing as t
from collections.abc import Iterable, Mapping

from .result import Failure

BAD_OPTION = "bad_option"
"""The name of the failure of a task that is refused for an option: nothing was done."""
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

#: The name of the failure of an option that is refused before anything is asked.
BAD_OPTION = "bad_option"


def bad_option(name: str, cause: str, fix: str) -> Failure:
    """The refusal of option ``name``: ``cause`` says what is wrong with it, ``fix`` what would be right."""
    return Failure(f"bad option {name}: {cause}; {fix}", side="controller", name=BAD_OPTION, cause=cause, fix=fix)


def is_guid(text: str) -> bool:
    """Whether the text is a GUID in its plain spelling, upper or lower case."""
    return _GUID.fullmatch(text) is not None


def require_moment(text: str, name: str) -> datetime.datetime:
    """The time of option ``name``, which must tell its zone."""
    try:
        moment = datetime.datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise bad_option(name, f"{text!r} is not a time in UTC", "give it as 2026-11-30T08:00:00Z")
    return moment


def require_guid(text: str, name: str, fix: str = "give it as 8-4-4-4-12 hexadecimal digits") -> str:
    """The GUID in lower case, without the braces and spaces that people copy with it."""
    plain = text.strip()
    if plain.startswith("{") and plain.endswith("}"):
        plain = plain[1:-1]
    if not is_guid(plain):
        raise bad_option(name, f"{text!r} is not a GUID", fix)
    return plain.lower()


def refused_by_ansible(exc: Exception, module: str, args: Mapping, spec: Mapping[str, dict]) -> Failure:
    """The refusal of what Ansible itself refuses, in its words. ``args`` are as the task gave them.

    Ansible's sentence names the option, but for a text where a dict with options of its own belongs.
    """
    texts = [name for name, option in spec.items() if option.get("options") and isinstance(args.get(name), str)]
    said = str(exc)
    if texts and not any(name in said for name in args):
        said = f"{', '.join(texts)}: {said}"
    return Failure(
        f"bad options: {said}", side="controller", name=BAD_OPTION, cause=said, fix=f"see ansible-doc {module}"
    )


def secrets_among(args: Mapping, spec: Mapping[str, dict]) -> tuple[str, ...]:
    """The texts of all options that the spec marks as secret (``no_log``), as far as they are given."""
    found = (value for option, value in _each(args, spec) if option.get("no_log"))
    return tuple(text for value in found for text in (value if isinstance(value, list) else [value]) if _is_text(text))


def _is_text(value: t.Any) -> bool:
    return isinstance(value, str) and value != ""


def _each(args: Mapping, spec: Mapping[str, dict]) -> t.Iterator[tuple[dict, t.Any]]:
    """(option of the spec, value) of everything that is given, suboptions too."""
    for name, option in spec.items():
        value = args.get(name)
        if value is None:
            continue
        yield option, value
        for inner in value if isinstance(value, list) else [value]:
            if option.get("options") and isinstance(inner, Mapping):
                yield from _each(inner, option["options"])


def require_at_least(least: int, value: int | None, name: str) -> None:
    """The number is ``least`` or more, where it is given."""
    if value is not None and value < least:
        cause = f"{value} is not a positive number" if least == 1 else f"{value} is less than {least}"
        raise bad_option(name, cause, f"give {least} or more")


def refuse_empty(values: Iterable[str], name: str) -> None:
    """No text of the list is empty."""
    if any(not value.strip() for value in values):
        raise bad_option(name, "a name is empty", "leave it out")


# --- the options by which every module of the tenant signs in ---


AUTH = (
    "auto",
    "client_secret",
    "certificate",
    "managed_identity",
    "workload_identity",
    "azure_cli",
    "device_code",
    "environment",
)
CLOUD_NAMES = ("public", "us_government", "us_government_dod", "china")

TENANT_SPEC: dict[str, dict[str, t.Any]] = {
    "auth": {"type": "str", "choices": list(AUTH), "default": "auto"},
    "tenant_id": {"type": "str", "environment": ["AZURE_TENANT_ID", "AZURE_TENANT"]},
    "client_id": {"type": "str", "environment": ["AZURE_CLIENT_ID"]},
    "client_secret": {
        "type": "str",
        "no_log": True,
        "environment": ["AZURE_CLIENT_SECRET", "AZURE_SECRET"],
    },
    "certificate_path": {"type": "path", "environment": ["AZURE_CLIENT_CERTIFICATE_PATH"]},
    "certificate_password": {
        "type": "str",
        "no_log": True,
        "environment": ["AZURE_CLIENT_CERTIFICATE_PASSWORD"],
    },
    "federated_token_file": {
        "type": "path",
        "no_log": False,
        "environment": ["AZURE_FEDERATED_TOKEN_FILE"],
    },
    "cloud": {"type": "str", "choices": list(CLOUD_NAMES), "default": "public"},
    "authority": {"type": "str", "holds": "authority", "environment": ["AZURE_AUTHORITY_HOST"]},
    "graph_url": {"type": "str", "holds": "url", "environment": ["WINOPS_ENTRA_GRAPH_URL"]},
    "ca_file": {"type": "path", "environment": ["WINOPS_ENTRA_CA_FILE"]},
    "disable_instance_discovery": {
        "type": "bool",
        "default": False,
        "environment": ["WINOPS_ENTRA_DISABLE_INSTANCE_DISCOVERY"],
    },
    "token_cache": {"type": "path", "no_log": False, "environment": ["WINOPS_ENTRA_TOKEN_CACHE"]},
    "timeout": {"type": "int", "default": 300},
}

# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The door of the options: what the value of every option of every module is held against, once, before anything is
asked of a device or a tenant.

An option of an argument spec may say more than AnsibleModule knows:

``holds``            what its text is, or each text of its list: one of ``KINDS``; one line where it says nothing
``empty``            true where an empty text means something, such as "remove it"; else it is refused, because an empty
                     text is how a variable looks that nobody has set
``least``, ``most``  the numbers it takes; 1 and ``MOST`` where it says nothing
``environment``      the variables that it falls back to, where the task does not give it

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import contextlib
import dataclasses
import keyword
import math
import re
import typing as t
from collections.abc import Mapping
from urllib.parse import urlsplit

from ansible.module_utils.common.validation import check_type_dict

from .environment import Environment
from .options import bad_option, require_at_least, require_guid
from .untrusted import deeper_than

Spec = Mapping[str, Mapping[str, t.Any]]

MOST = 1_000_000
"""The largest number of an option that names no other: of seconds, eleven days."""
MAX_LIST = 100_000
"""Entries of a list."""
MAX_LEVELS = 32
"""Levels of a value whose options no spec names."""
QUOTED = 60
"""Letters of a wrong value that a message repeats."""
TOO_LARGE = 10**15
"""Beyond every number of an option: of such a one not even the digits are looked at."""

NOBODYS = Environment()
"""Of no task: the controller's alone."""

OWN_KEYS = frozenset({"holds", "empty", "least", "most", "environment"})

_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(\.0{1,15})?")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]+={0,2}")
_SHA256 = re.compile(r"(?:sha256:)?([0-9a-fA-F]{64})")
# Control characters, lone surrogates, separators of lines and paragraphs, and what turns the direction of a text.
_UNSEEN = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_UNSEEN_IN_TEXT = re.compile(_UNSEEN.pattern.replace("\0-\x1f", "\0-\x08\x0b\x0c\x0e-\x1f"))
_SECRET_VALUE = "its value"


@dataclasses.dataclass(frozen=True)
class OptionKind:
    """What a text of an option is. ``longest``: letters. ``read(text, name)`` is the value as the work wants it."""

    longest: int
    right: str
    unseen: re.Pattern[str] = _UNSEEN
    read: t.Callable[[str, str], str] = lambda text, name: text


def _url(text: str, name: str) -> str:
    try:
        url = urlsplit(text)
        fits = url.scheme in ("http", "https") and bool(url.hostname) and (url.port is None or url.port > 0)
    except ValueError:
        fits = False
    if not fits or " " in text:
        raise bad_option(name, f"{_quoted(text)} is not a URL", KINDS["url"].right)
    return text


def _authority(text: str, name: str) -> str:
    _url(text if "://" in text else f"https://{text}", name)
    return text


def _sha256(text: str, name: str) -> str:
    match = _SHA256.fullmatch(text.strip())
    if match is None:
        raise bad_option(name, f"{_quoted(text)} is not a SHA-256", KINDS["sha256"].right)
    return match[1].lower()


def _base64(text: str, name: str) -> str:
    text = text.strip()
    if not _BASE64.fullmatch(text):
        raise bad_option(name, f"{_quoted(text)} is not base64", KINDS["base64"].right)
    return text


def _variable(text: str, name: str) -> str:
    from ansible.vars.reserved import get_reserved_names

    problem = None
    if not (text.isascii() and text.isidentifier()) or keyword.iskeyword(text):
        problem = "is not the name of a variable"
    elif text.startswith("ansible_") or text in get_reserved_names() | _MAGIC:
        problem = "is a name that Ansible uses itself"
    if problem:
        raise bad_option(name, f"{_quoted(text)} {problem}", KINDS["variable"].right)
    return text


# Of ansible.vars.reserved only names of keywords come; these are Ansible's "special variables".
_MAGIC = {
    *("environment", "group_names", "groups", "hostvars", "inventory_dir", "inventory_file", "inventory_hostname"),
    *("inventory_hostname_short", "omit", "play_hosts", "playbook_dir", "role_name", "role_names", "role_path", "vars"),
}
KINDS = {
    "line": OptionKind(1024, "give one line of text"),
    "text": OptionKind(4096, "give a text", _UNSEEN_IN_TEXT),
    "path": OptionKind(4096, "give the path of a file"),
    # Line ends come with what people copy, and go with the blanks.
    # What a device says of itself in base64, such as a DeviceLink of some thousand letters.
    "base64": OptionKind(65536, "give it as it was read, in base64", _UNSEEN_IN_TEXT, _base64),
    "guid": OptionKind(100, "give a GUID, 8-4-4-4-12 hexadecimal digits", _UNSEEN_IN_TEXT, require_guid),
    "url": OptionKind(2048, "give a URL such as https://host.example/path", read=_url),
    "authority": OptionKind(2048, "give a https URL without a path", read=_authority),
    "variable": OptionKind(100, "give letters, digits and underscores, such as entra_device", read=_variable),
    "hardware_hash": OptionKind(16_000, "give a hardware hash in base64", _UNSEEN_IN_TEXT),
    "sha256": OptionKind(
        100, "give 64 hexadecimal digits, with or without sha256: before them", _UNSEEN_IN_TEXT, _sha256
    ),
}


def ansible_spec(spec: Spec, environment: Environment = NOBODYS) -> dict[str, dict]:
    """The part of an argument spec that AnsibleModule knows, for a task with this environment."""
    return {name: _known_to_ansible(option, environment) for name, option in spec.items()}


def _known_to_ansible(option: Mapping[str, t.Any], environment: Environment) -> dict[str, t.Any]:
    known = {
        key: ansible_spec(value, environment) if key == "options" else value
        for key, value in option.items()
        if key not in OWN_KEYS
    }
    return known | ({"fallback": (environment.fallback, option["environment"])} if "environment" in option else {})


def refuse_odd_values(args: Mapping[str, t.Any], spec: Spec, above: str = "") -> None:
    """Raise the Failure of a bad option for a value of another type, and for a text that no option can mean.

    ``args`` may be as a task gives them, which Ansible converts afterwards, or converted already. Names that the spec
    does not have are Ansible's to refuse; what is None is not given. An option of an option is named as ``join.users``.
    """
    for name, option in spec.items():
        value = args.get(name)
        if value is not None:
            _refuse_odd(value, option, f"{above}{name}")


def understood(args: Mapping[str, t.Any], spec: Spec, above: str = "") -> dict[str, t.Any]:
    """The options as the work wants them: ids in one spelling, checksums without their prefix, numbers in their range.

    ``args`` are what Ansible has made of the task's. Raises the Failure of a bad option. A default is not looked at: it
    is the spec's own.
    """
    return {
        name: _understood(value, spec[name], f"{above}{name}")
        if name in spec and value is not None and value != spec[name].get("default")
        else value
        for name, value in args.items()
    }


def _understood(value: t.Any, option: Mapping[str, t.Any], name: str) -> t.Any:
    if isinstance(value, list):
        return [_understood(item, {**option, "type": option.get("elements", "str")}, name) for item in value]
    if option.get("options") and isinstance(value, Mapping):
        return understood(value, option["options"], f"{name}.")
    if isinstance(value, str) and value:
        return kind_of(option).read(value, name)
    if option.get("type") == "int":
        require_at_least(option.get("least", 1), value, name)
        most = option.get("most", MOST)
        if value > most:
            raise bad_option(name, f"{_quoted(value)} is more than {most}", f"give {most} or less")
    return value


def kind_of(option: Mapping[str, t.Any]) -> OptionKind:
    """What a text of this option is."""
    return KINDS[option.get("holds", "path" if "path" in (option.get("type"), option.get("elements")) else "line")]


def _refuse_odd(value: t.Any, option: Mapping[str, t.Any], name: str, entry: str = "") -> None:
    """``entry`` says which of a list's entries it is, as the beginning of a sentence."""
    kind = option.get("type", "str")
    if kind in ("str", "path"):
        _refuse_odd_text(value, option, name, entry)
    elif kind == "list":
        _refuse_odd_list(value, option, name)
    elif kind == "dict":
        _refuse_odd_dict(value, option, name, entry)
    elif isinstance(value, str):
        _refuse_odd_text(value, {"type": "str"}, name, entry)
        if kind == "int" and not _NUMBER.fullmatch(value.strip()):
            raise bad_option(name, f"{entry}{_quoted(value)} is not a whole number", "give a whole number")
    elif kind == "int" and not _is_whole(value):
        raise bad_option(name, f"{entry}{_quoted(value)} is not a whole number", "give a whole number")
    elif kind == "int" and abs(value) >= TOO_LARGE:
        raise bad_option(name, f"{entry}it is a number of more than 15 digits", "give a whole number")
    elif kind == "bool" and not (isinstance(value, int) or value in (0.0, 1.0)):
        raise bad_option(name, f"{entry}{_quoted(value)} is neither true nor false", "give true or false")


def _is_whole(value: t.Any) -> bool:
    return not isinstance(value, bool) and isinstance(value, (int, float)) and value % 1 == 0


def _refuse_odd_text(value: t.Any, option: Mapping[str, t.Any], name: str, entry: str) -> None:
    kind = kind_of(option)
    if hasattr(value, "__ENCRYPTED__"):  # a vaulted variable, until Ansible makes a text of it
        value = str(value)
    secret = bool(option.get("no_log"))
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        what = _SECRET_VALUE if secret else _quoted(value)
        raise bad_option(name, f"{entry}{what} is not a text", f"{kind.right}, in quotes")
    if not isinstance(value, str):
        if abs(value) >= 10**QUOTED or not math.isfinite(value):
            what = _SECRET_VALUE if secret else _quoted(value)
            raise bad_option(name, f"{entry}{what} is not a text", f"{kind.right}, in quotes")
        return
    if not value.strip():
        if value == "" and option.get("empty"):
            return
        raise bad_option(
            name,
            f"{entry}it is empty" if not value else f"{entry}it has nothing but white space",
            f"{kind.right}, or leave {name} out: a variable that may be empty is given with default(omit, true)",
        )
    unseen = kind.unseen.search(value)
    if unseen:
        raise bad_option(
            name, f"{entry}it has the character U+{ord(unseen[0]):04X} in it, which cannot be seen", kind.right
        )
    if not any(letter.isprintable() and not letter.isspace() for letter in value[:QUOTED]):
        raise bad_option(name, f"{entry}it has no character that can be seen", kind.right)
    if len(value) > kind.longest:
        raise bad_option(
            name, f"{entry}it has {len(value)} characters", f"{kind.right}, of at most {kind.longest} characters"
        )
    if value.strip() in (".", ".."):
        raise bad_option(name, f"{entry}{_quoted(value)} names a directory", kind.right)


def _refuse_odd_list(value: t.Any, option: Mapping[str, t.Any], name: str) -> None:
    element = {key: inner for key, inner in option.items() if key not in ("type", "elements", "empty")}
    element["type"] = option.get("elements", "str")
    if isinstance(value, str):
        # Ansible makes a list of it, by its commas.
        if len(value) > MAX_LIST:
            raise bad_option(name, f"it has {len(value)} characters", "give a list")
        for number, item in enumerate(value.split(","), 1) if element["type"] == "str" else ():
            _refuse_odd(item, element, name, f"entry {number}: " if "," in value else "")
        return
    if not isinstance(value, (list, tuple)):
        if isinstance(value, int) and not isinstance(value, bool) and element["type"] != "dict":
            return _refuse_odd(value, element, name)  # Ansible makes a list of it, too
        raise bad_option(name, f"{_quoted(value)} is not a list", "give a list")
    if len(value) > MAX_LIST:
        raise bad_option(name, f"it has {len(value)} entries", f"give at most {MAX_LIST} at once")
    for number, item in enumerate(value, 1):
        if item is None:
            raise bad_option(name, f"entry {number} is null", "leave it out")
        _refuse_odd(item, element, name, f"entry {number}: ")


def _refuse_odd_dict(value: t.Any, option: Mapping[str, t.Any], name: str, entry: str) -> None:
    if isinstance(value, str) and len(value) <= MAX_LIST:
        # JSON, or key=value: Ansible reads it, but its refusal names no option where one is within another.
        with contextlib.suppress(TypeError, ValueError, RecursionError, MemoryError):
            value = check_type_dict(value)
    if not isinstance(value, Mapping):
        raise bad_option(name, f"{entry}{_quoted(value)} is not a dictionary", "give keys and values")
    for key in value:
        if not isinstance(key, str) or not key.strip() or _UNSEEN.search(key) or len(key) > KINDS["line"].longest:
            raise bad_option(name, f"{entry}{_quoted(key)} is not the name of anything", "give names as keys")
    if option.get("options"):
        refuse_odd_values(value, option["options"], f"{name}.")
    elif deeper_than(MAX_LEVELS, value):
        raise bad_option(
            name, f"{entry}it is nested in more than {MAX_LEVELS} levels", "give what the documentation shows"
        )


def _quoted(value: t.Any) -> str:
    """The beginning of a wrong value, as a message may show it: printable, and in one line."""
    if isinstance(value, int) and abs(value) >= TOO_LARGE:
        return "a number of more than 15 digits"
    if isinstance(value, (Mapping, list, tuple, set)):
        return f"a {'dictionary' if isinstance(value, Mapping) else 'list'}"
    text = value if isinstance(value, str) else str(value)
    shown = ascii(text[:QUOTED]) if _UNSEEN.search(text[:QUOTED]) else repr(text[:QUOTED])
    shown = shown if isinstance(value, str) else text[:QUOTED]
    return shown if len(text) <= QUOTED else f"{shown}\u2026"

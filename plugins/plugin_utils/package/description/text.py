# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The text of a description: YAML, with the line of each of its places.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import yaml

from .problems import BadDescription, Place, Problems, shown_key

LARGEST_TEXT = 4 << 20
MAX_NODES = 100_000
DEEPEST_TEXT = 32


@dataclass(frozen=True)
class Vaulted:
    """A value that is encrypted in place (``!vault``)."""

    ciphertext: str = field(repr=False)


class Untemplated(str):
    """A text that is meant as it stands (``!unsafe``), also where it looks like a template."""

    __slots__ = ()


class CannotResolve(ValueError):
    """A value of a text has no value here; the message says why (the end of a sentence), without a secret."""


class _Loader(yaml.SafeLoader):
    """Knows the two tags that Ansible has for texts."""


def _scalar(loader: t.Any, node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise yaml.constructor.ConstructorError(None, None, "a tag for texts has no text", node.start_mark)
    return str(loader.construct_scalar(node))


_Loader.add_constructor("!vault", lambda loader, node: Vaulted(_scalar(loader, node)))
_Loader.add_constructor("!unsafe", lambda loader, node: Untemplated(_scalar(loader, node)))


def read_text(text: str) -> tuple[t.Any, dict[Place, int]]:
    """(what the text says, the line of each place in it, from 1). Raises BadDescription.

    Values that are encrypted in place are ``Vaulted``, and templates are as they stand: see ``resolved``.
    """
    if len(text) > LARGEST_TEXT:
        raise BadDescription([f"it is longer than {LARGEST_TEXT >> 20} MiB"])
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            raise BadDescription(["it is empty"])
        lines: dict[Place, int] = {}
        _note(node, (), lines)
        return loader.construct_document(node), lines
    except yaml.MarkedYAMLError as exc:
        line = f"line {exc.problem_mark.line + 1}: " if exc.problem_mark else ""
        raise BadDescription([f"{line}it is not YAML that can be read ({_kind(exc)})"]) from None
    except (yaml.YAMLError, ValueError, RecursionError) as exc:
        raise BadDescription([f"it is not YAML that can be read ({type(exc).__name__})"]) from None
    finally:
        loader.dispose()


def resolved(
    data: t.Any,
    lines: Mapping[Place, int],
    templated: Callable[[str], t.Any],
    decrypted: Callable[[str], str],
) -> t.Any:
    """What a text says, with the values of its templates, and of those that are encrypted in it.

    Both functions raise CannotResolve. Raises BadDescription, which names all places that have no value.
    """
    problems = Problems(lines)
    data = _resolved(data, (), problems, templated, decrypted)
    problems.raise_any()
    return data


def _resolved(
    value: t.Any,
    place: Place,
    problems: Problems,
    templated: Callable[[str], t.Any],
    decrypted: Callable[[str], str],
) -> t.Any:
    if isinstance(value, dict):
        return {
            name: _resolved(inner, (*place, str(name)), problems, templated, decrypted) for name, inner in value.items()
        }
    if isinstance(value, list):
        return [
            _resolved(inner, (*place, number), problems, templated, decrypted) for number, inner in enumerate(value)
        ]
    try:
        if isinstance(value, Vaulted):
            return decrypted(value.ciphertext)
        if isinstance(value, Untemplated):
            return str(value)
        if isinstance(value, str) and any(sign in value for sign in ("{{", "{%", "{#")):
            return templated(value)
    except CannotResolve as exc:
        problems.add(place, str(exc))
        return None
    return value


def _note(node: yaml.Node, place: Place, lines: dict[Place, int]) -> None:
    """Note the lines below a node. An alias is the node that it stands for, so the number of places is bounded."""
    lines[place] = node.start_mark.line + 1
    if len(lines) > MAX_NODES or len(place) > DEEPEST_TEXT:
        raise BadDescription([f"it has more than {MAX_NODES} values, or {DEEPEST_TEXT} levels"])
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else ""
            if name in seen and name != "<<":
                raise BadDescription(
                    [f"line {key.start_mark.line + 1}: it has the key {shown_key(name)} a second time"]
                )
            seen.add(name)
            _note(value, (*place, name), lines)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            _note(value, (*place, number), lines)


def _kind(exc: yaml.MarkedYAMLError) -> str:
    """What is wrong, without a piece of the text, which may be a secret."""
    problem = (exc.problem or type(exc).__name__).split("'")[0].split('"')[0]
    return " ".join(problem.split())[:80]

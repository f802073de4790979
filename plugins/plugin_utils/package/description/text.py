# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The text of a description: YAML, with the line of each of its places.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t

import yaml

from .problems import BadDescription, Place, shown_key

LARGEST_TEXT = 4 << 20
MAX_NODES = 100_000
DEEPEST_TEXT = 32


def read_text(text: str) -> tuple[t.Any, dict[Place, int]]:
    """(what the text says, the line of each place in it, from 1). Raises BadDescription."""
    if len(text) > LARGEST_TEXT:
        raise BadDescription([f"it is longer than {LARGEST_TEXT >> 20} MiB"])
    loader = yaml.SafeLoader(text)
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

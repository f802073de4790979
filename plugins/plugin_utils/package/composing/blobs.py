# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that are compiled, which stand as base64 in a value: certificates, and what else has no asset.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ..description.compiled import plain_path
from ..plain_files import from_base64
from .compiled_values import parms
from .errors import UnclearPlace
from .files import Given
from .located import XmlText
from .matching import Mask, Pair
from .wim_file import sha1

LARGEST_COMPILED = 1 << 20
"""Bytes of a file that is compiled."""
_VARIABLE = re.compile(r"[@~](\w+)[@~]")
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.DOTALL)


@dataclass
class Blobs:
    """Other contents: ``new`` by the old one, both in base64; ``thumbprints`` by the old ones in lower case."""

    new: dict[str, str] = field(default_factory=dict, repr=False)
    thumbprints: dict[str, str] = field(default_factory=dict)


def blobs_of(pairs: list[Pair], documents: Iterable[XmlText], given: Mapping[str, Given], mask: Mask) -> Blobs:
    """What becomes of each. Raises UnclearPlace."""
    blobs = Blobs()
    if not pairs:
        return blobs
    values = [
        (plain_path("/".join(filter(None, steps))), slot) for each in documents for steps, slot in parms(each.root)
    ]
    groups: dict[str, list[Pair]] = {}
    for pair in pairs:
        groups.setdefault(_pattern(pair, mask), []).append(pair)
    for pattern, group in groups.items():
        place = re.compile(pattern)
        held = {"".join(value.split()): from_base64(value) for path, value in values if place.fullmatch(path)}
        wanted = {pair.old.path: _content(given[pair.new.value], pair, mask) for pair in group}
        _pair_up(blobs, held, wanted, mask)
    return blobs


def _pair_up(blobs: Blobs, held: dict[str, bytes | None], wanted: dict[str, bytes], mask: Mask) -> None:
    """What is there already stays; where one is left on both sides, the one takes the place of the other."""
    old = {text: data for text, data in held.items() if data not in wanted.values()}
    new = {path: data for path, data in wanted.items() if data not in held.values()}
    if not new and not old and held:
        return
    told = " and ".join(mask(path) for path in list(new or wanted)[:2])
    if len(old) != 1 or len(set(new.values())) != 1:
        raise UnclearPlace(f"nobody can tell where the content of {told} stands in the template")
    (text, data), content = next(iter(old.items())), next(iter(new.values()))
    if data is None:
        raise UnclearPlace(f"the content of {told} is compiled in a form that is not known here")
    blobs.new[text] = base64.b64encode(content).decode()
    blobs.thumbprints[sha1(data).hex()] = sha1(content).hex()


def _pattern(pair: Pair, mask: Mask) -> str:
    """Where it is compiled to, as a regular expression for plain paths: what the table leaves open may be anything."""
    if pair.known is None or not pair.known.csp:
        raise UnclearPlace(f"nobody can tell where the file of {mask(pair.old.path)} is in the template")
    if pair.csp:
        return re.escape(pair.csp)
    path = plain_path(pair.known.csp)
    parts = _VARIABLE.split(path)
    return "".join("[^/]+" if number % 2 else re.escape(part) for number, part in enumerate(parts))


def _content(given: Given, pair: Pair, mask: Mask) -> bytes:
    if given.size > LARGEST_COMPILED:
        raise UnclearPlace(f"the file of {mask(pair.new.path)} is larger than {LARGEST_COMPILED >> 20} MiB")
    data = b"".join(given.pieces())
    match = _PEM.search(data) if data.lstrip().startswith(b"-----BEGIN") else None
    if match is None:
        return data
    # Windows Configuration Designer takes both forms of a certificate, and compiles the one without lines.
    return from_base64(match[1].decode("ascii", "replace")) or data

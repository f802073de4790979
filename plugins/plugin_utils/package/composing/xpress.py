# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compress documents as packages have them: XPRESS with Huffman codes, in chunks of 32 KiB.

What it makes is a little larger than what Microsoft's own makes, and as valid: each match is the first that is found.
Sources: [MS-XCA] "Xpress Compression Algorithm" section 2.1, and the format notes of wimlib for chunks in a WIM.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import heapq
import struct
from collections import Counter

from ..wim import XPRESS_CHUNK

_LONGEST_CODE = 15
_SYMBOLS, _END_OF_DATA, _SHORTEST, _LENGTHS_IN_SYMBOL = 512, 256, 3, 15
_CODE_TABLE = _SYMBOLS // 2
_TRIES = 8
"""Earlier places that are looked at for the longest match."""

Item = tuple[int, int, int]
"""A symbol, the length of its match beyond the shortest (0 for a letter), and its offset (0 for a letter)."""


def compressed(data: bytes) -> bytes | None:
    """The content of a WIM's resource, None where it would not be smaller. ``data`` has less than 4 GiB."""
    chunks = [_chunk(data[at : at + XPRESS_CHUNK]) for at in range(0, len(data), XPRESS_CHUNK)]
    offsets, at = [], 0
    for chunk in chunks[:-1]:
        at += len(chunk)
        offsets.append(at)
    out = struct.pack(f"<{len(offsets)}I", *offsets) + b"".join(chunks)
    return out if len(out) < len(data) else None


def _chunk(data: bytes) -> bytes:
    """A chunk compressed, or as it is where that is not larger."""
    if len(data) <= _CODE_TABLE:
        return data
    items = _items(data)
    lengths = _code_lengths(Counter(symbol for symbol, _length, _offset in items))
    packed = bytes(lengths[at] | lengths[at + 1] << 4 for at in range(0, _SYMBOLS, 2)) + _bits(items, lengths)
    return packed if len(packed) < len(data) else data


def _items(data: bytes) -> list[Item]:
    """Letters and matches that give the data, and the sign of their end."""
    items: list[Item] = []
    places: dict[bytes, list[int]] = {}
    at, end = 0, len(data)
    while at < end:
        known = places.setdefault(data[at : at + _SHORTEST], [])
        length = offset = 0
        for place in reversed(known[-_TRIES:]):
            found = _common(data, place, at, end)
            if found > length:
                length, offset = found, at - place
        known.append(at)
        if length < _SHORTEST:
            items.append((data[at], 0, 0))
            at += 1
            continue
        beyond = length - _SHORTEST
        symbol = 256 + ((offset.bit_length() - 1) << 4 | min(beyond, _LENGTHS_IN_SYMBOL))
        items.append((symbol, beyond, offset))
        for place in range(at + 1, min(at + length, at + 32)):
            places.setdefault(data[place : place + _SHORTEST], []).append(place)
        at += length
    items.append((_END_OF_DATA, 0, 1))
    return items


def _common(data: bytes, place: int, at: int, end: int) -> int:
    """How many bytes from ``at`` on are those from ``place`` on."""
    length, step = 0, 64
    while step:
        if (
            at + length + step <= end
            and data[place + length : place + length + step] == data[at + length : at + length + step]
        ):
            length += step
        else:
            step >>= 1
    return length


def _code_lengths(counts: Counter[int]) -> list[int]:
    """The lengths of a complete Huffman code, none longer than the format allows."""
    weights = dict(counts)
    while True:
        heap: list[tuple[int, int, tuple[int, ...]]]
        heap = [(weight, symbol, (symbol,)) for symbol, weight in sorted(weights.items())]
        heapq.heapify(heap)
        lengths = [0] * _SYMBOLS
        while len(heap) > 1:
            one, other = heapq.heappop(heap), heapq.heappop(heap)
            for symbol in (*one[2], *other[2]):
                lengths[symbol] += 1
            heapq.heappush(heap, (one[0] + other[0], min(one[1], other[1]), (*one[2], *other[2])))
        if max(lengths) <= _LONGEST_CODE:
            return lengths
        weights = {symbol: weight // 2 + 1 for symbol, weight in weights.items()}


def _bits(items: list[Item], lengths: list[int]) -> bytes:
    """The codes in words of 16 bits. Bytes of long lengths stand where a reader is that has loaded two words."""
    codes = _codes(lengths)
    out = bytearray(4)
    this, following = 0, 2
    buffer = count = 0

    def put(value: int, size: int) -> None:
        nonlocal buffer, count, this, following
        buffer, count = buffer << size | value, count + size
        if count > 16:
            count -= 16
            out[this : this + 2] = (buffer >> count).to_bytes(2, "little")
            buffer &= (1 << count) - 1
            this, following = following, len(out)
            out.extend(b"\0\0")

    for symbol, beyond, offset in items:
        put(codes[symbol], lengths[symbol])
        if not offset:
            continue
        if beyond >= _LENGTHS_IN_SYMBOL:
            more = min(beyond - _LENGTHS_IN_SYMBOL, 0xFF)
            out.append(more)
            if more == 0xFF:
                out += beyond.to_bytes(2, "little")
        size = offset.bit_length() - 1
        put(offset - (1 << size), size)
    out[this : this + 2] = (buffer << (16 - count)).to_bytes(2, "little")
    return bytes(out)


def _codes(lengths: list[int]) -> list[int]:
    """The canonical code of each symbol."""
    codes, code, before = [0] * _SYMBOLS, 0, 0
    for length, symbol in sorted((length, symbol) for symbol, length in enumerate(lengths) if length):
        code <<= length - before
        codes[symbol], code, before = code, code + 1, length
    return codes

# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decompress the chunks of a WIM: XPRESS (Huffman) and LZX, with the size of the output as a hard limit.

Every step of the decoders puts out at least one byte and the number of blocks is limited, so that time and memory are
bounded by ``size`` whatever the input is. Sources: [MS-XCA] "Xpress Compression Algorithm" section 2.2, and for LZX as
WIMs use it [MS-PATCH] with the differences that wimlib documents (a window of one chunk, no header for E8).

Both raise ValueError or IndexError where the data make no sense.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from collections.abc import Sequence

LONGEST_CODE = 16


class Bits:
    """A bit stream of 16-bit little-endian words, most significant bit first, as both formats use it."""

    def __init__(self, data: bytes, position: int = 0) -> None:
        self.data = data
        self.position = position
        self.buffer = 0
        self.count = 0

    def fill(self, count: int = 16) -> None:
        """Have at least ``count`` bits; zeros come after the end, where decoders look ahead."""
        while self.count < count:
            word = int.from_bytes(self.data[self.position : self.position + 2], "little")
            self.position += 2
            self.buffer = (self.buffer << 16) | word
            self.count += 16

    def take(self, count: int) -> int:
        """The next ``count`` bits (0 to 17) as a number."""
        self.fill(count)
        self.count -= count
        value = self.buffer >> self.count
        self.buffer &= (1 << self.count) - 1
        return value

    def decode(self, table: Sequence[int], width: int) -> int:
        """The symbol of the next Huffman code."""
        self.fill()
        entry = table[self.buffer >> (self.count - width)]
        self.count -= entry & 31
        self.buffer &= (1 << self.count) - 1
        return entry >> 5

    def take_bytes(self, count: int) -> bytes:
        """Bytes at the reading position; beyond the end of the data is an error."""
        end = self.position + count
        if end > len(self.data):
            raise ValueError("compressed data are cut")
        piece = self.data[self.position : end]
        self.position = end
        return piece

    def align(self) -> None:
        """Go to the next 16-bit boundary; from a boundary, one word further."""
        unread = self.count % 16
        if unread == 0:
            self.take(16)
        else:
            self.take(unread)
        self.position -= self.count // 8
        self.buffer = self.count = 0


def decode_table(lengths: Sequence[int], width: int) -> list[int]:
    """Look-up table of a canonical Huffman code: the next ``width`` bits -> symbol * 32 + length of its code."""
    table: list[int] = []
    for length, symbol in sorted((length, symbol) for symbol, length in enumerate(lengths) if length):
        table += [symbol << 5 | length] * (1 << (width - length))
        if len(table) > 1 << width:
            break
    if table and len(table) != 1 << width:
        raise ValueError("no complete Huffman code")
    return table


def copy_match(out: bytearray, offset: int, length: int, size: int) -> None:
    """Repeat what lies ``offset`` bytes back; it may overlap with what it writes."""
    if not 0 < offset <= len(out) or len(out) + length > size:
        raise ValueError("a match outside of the output")
    start = len(out) - offset
    if length <= offset:
        out += out[start : start + length]
    else:
        out += (out[start:] * (length // offset + 1))[:length]


def xpress(data: bytes, size: int) -> bytes:
    """Decompress one XPRESS chunk to exactly ``size`` bytes."""
    width = 15
    if len(data) < 256:
        raise ValueError("no room for a Huffman code")
    table = decode_table([length for byte in data[:256] for length in (byte & 15, byte >> 4)], width)
    out = bytearray()
    bits = Bits(data, 256)
    while len(out) < size:
        symbol = bits.decode(table, width)
        if symbol < 256:
            out.append(symbol)
            continue
        length = symbol & 15
        offset_bits = (symbol >> 4) & 15
        bits.fill()  # the length bytes below lie behind the words that are loaded by now
        offset = (1 << offset_bits) | bits.take(offset_bits)
        if length == 15:
            length += bits.take_bytes(1)[0]
            if length == 270:
                length = int.from_bytes(bits.take_bytes(2), "little")
        copy_match(out, offset, length + 3, size)
    return bytes(out)


# ---- LZX ----------------------------------------------------------------------------------------------------------

# Number of offset slots by the logarithm of the window, which in a WIM is one chunk.
OFFSET_SLOTS = {15: 30, 16: 32, 17: 34, 18: 36, 19: 38, 20: 42, 21: 50}
EXTRA_BITS = [0, 0, 0, 0] + [min(slot // 2 - 1, 17) for slot in range(4, 50)]
SLOT_BASE = [sum(1 << bits for bits in EXTRA_BITS[:slot]) - 2 for slot in range(50)]
TRANSLATED_SIZE = 12_000_000
SMALLEST_BLOCK = 2048  # on average; compressors make theirs larger, and each costs a millisecond to prepare
LENGTH_SYMBOLS, ALIGNED_WIDTH, PRECODE_WIDTH = 249, 7, 15


def lzx(data: bytes, size: int, window: int) -> bytes:
    """Decompress one LZX chunk to exactly ``size`` bytes; ``window`` is the chunk size of the WIM (2**15 to 2**21)."""
    order = window.bit_length() - 1
    bits = Bits(data)
    out = bytearray()
    recent = [1, 1, 1]
    main_lengths = [0] * (256 + 8 * OFFSET_SLOTS[order])
    length_lengths = [0] * LENGTH_SYMBOLS
    blocks_left = 4 + size // SMALLEST_BLOCK
    while len(out) < size:
        blocks_left -= 1
        kind = bits.take(3)
        if bits.take(1):
            block = 32768
        else:
            block = bits.take(16)
            if order >= 16:
                block = block << 8 | bits.take(8)
        end = len(out) + block
        if kind not in (1, 2, 3) or not block or end > size or not blocks_left:
            raise ValueError("no block of LZX data")
        if kind == 3:
            bits.align()
            recent = [int.from_bytes(bits.take_bytes(4), "little") for _each in range(3)]
            out += bits.take_bytes(block)
            if block & 1:
                bits.take_bytes(1)
            continue
        aligned = decode_table([bits.take(3) for _each in range(8)], ALIGNED_WIDTH) if kind == 2 else None
        _read_lengths(bits, main_lengths, 0, 256)
        _read_lengths(bits, main_lengths, 256, len(main_lengths))
        _read_lengths(bits, length_lengths, 0, LENGTH_SYMBOLS)
        _lzx_block(bits, out, end, recent, main_lengths, length_lengths, aligned)
    return _undo_translation(out)


def _read_lengths(bits: Bits, lengths: list[int], start: int, end: int) -> None:
    """Read code lengths, told as differences to those of the block before."""
    precode = decode_table([bits.take(4) for _each in range(20)], PRECODE_WIDTH)
    at = start
    while at < end:
        symbol = bits.decode(precode, PRECODE_WIDTH)
        run = 1
        if symbol == 17:
            run, length = 4 + bits.take(4), 0
        elif symbol == 18:
            run, length = 20 + bits.take(5), 0
        elif symbol == 19:
            run = 4 + bits.take(1)
            symbol = bits.decode(precode, PRECODE_WIDTH)
            if symbol > 16:
                raise ValueError("no length of a code")
            length = (lengths[at] - symbol) % 17
        else:
            length = (lengths[at] - symbol) % 17
        run = min(run, end - at)
        lengths[at : at + run] = [length] * run
        at += run


def _lzx_block(bits, out, end, recent, main_lengths, length_lengths, aligned) -> None:
    main = decode_table(main_lengths, LONGEST_CODE)
    lengths = decode_table(length_lengths, LONGEST_CODE)
    while len(out) < end:
        symbol = bits.decode(main, LONGEST_CODE)
        if symbol < 256:
            out.append(symbol)
            continue
        slot, length = divmod(symbol - 256, 8)
        if length == 7:
            length += bits.decode(lengths, LONGEST_CODE)
        if slot < 3:
            offset = recent[slot]
            recent[slot] = recent[0]
            recent[0] = offset
        else:
            extra = EXTRA_BITS[slot]
            offset = SLOT_BASE[slot]
            if aligned is not None and extra >= 3:
                offset += bits.take(extra - 3) << 3
                offset += bits.decode(aligned, ALIGNED_WIDTH)
            else:
                offset += bits.take(extra)
            recent[:] = [offset, recent[0], recent[1]]
        copy_match(out, offset, length + 2, end)


def _undo_translation(out: bytearray) -> bytes:
    """Turn the absolute targets of x86 CALLs (0xE8) back into relative ones."""
    at, last = 0, len(out) - 10
    while (at := out.find(0xE8, at, max(last, 0))) >= 0:
        target = int.from_bytes(out[at + 1 : at + 5], "little", signed=True)
        if 0 <= target < TRANSLATED_SIZE:
            out[at + 1 : at + 5] = (target - at).to_bytes(4, "little", signed=True)
        elif -at <= target < 0:
            out[at + 1 : at + 5] = (target + TRANSLATED_SIZE).to_bytes(4, "little", signed=True)
        at += 5
    return bytes(out)

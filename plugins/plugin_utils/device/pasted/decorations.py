# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines of a console output, less what web pages, mails, chats, tables and programs put around them.

Bold, italics, struck out, highlighted or quoted rows; list marks; rulers; cells of Markdown, HTML and drawn tables;
lists of JSON and YAML; line ends written as \\n; the file and line that Select-String and grep name. A value is not
touched where nothing of that surrounds it: "*.contoso.example" and "****" are values.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import html
import re

from ..dsregcmd import lines_of

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")  # Select-String of PowerShell 7 marks what it found
_WRITTEN_LINE_END = re.compile(r"((?:\\r)+)(\\n)?|\\n")

# --- HTML: cells, what ends a line, other tags ----------------------------------------------------------------------
_BETWEEN_CELLS = re.compile(r"</t[dh]>\s*<t[dh]\b[^<>]{0,200}>", re.IGNORECASE)
_LINE_END = re.compile(r"<br ?/?>\n?|</(?:p|div|li|tr|h[1-6]|pre|table|dt|dd)>\n?", re.IGNORECASE)
_TAG = re.compile(
    r"</?(?:a|abbr|b|blockquote|body|code|dd|del|div|dl|dt|em|font|h[1-6]|head|html|i|ins|kbd|li|mark|ol|p|pre|s|samp|small|"
    r"span|strike|strong|sub|sup|table|tbody|td|tfoot|th|thead|tr|tt|u|ul)(?:\s[^<>]{0,300})?/?>",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"&(?:[a-z]{2,8}|#[0-9]{1,6}|#x[0-9a-f]{1,5});", re.IGNORECASE)

# --- lines ----------------------------------------------------------------------------------------------------------
_ITEM = re.compile(r"\s*(?:- )?([\"'])(.*)\1,?\s*")
_ESCAPED = re.compile(r"\\([\"\\/])")
_QUOTE = re.compile(r" *[#>] ?")
_QUOTES = 4  # levels of quoted mails
_PLACE = re.compile(r"(?:[\w .:\\/-]{1,200}\.\w{1,5}:)?[0-9]{1,6}[:-](?=\s+\S)")  # dsreg.txt:12:
_LIST_MARK = re.compile(r"(\s*)(?:[-*+\u2022\u00b7\u2023]|[0-9]{1,3}[.)])\s+(?=[A-Za-z|+]|[\"'*_~`]+\s*[A-Za-z|+])")
# No banner of the tool itself: that begins with one + and has dashes only.
_RULER = re.compile(r"([=*_~#\u2500-\u2550\u2014-])(?:\s?\1){2,}")
_TABLE_RULER = re.compile(r"[|:+\s\u2500-\u257f-]{3,}")
_BARS = re.compile(r"(\s*)[|\u2502\u2551](.*)[|\u2502\u2551]\s*")
_CELL = re.compile(r"[|\u2502\u2551]")
_MARKS = "*_~`=\"'\u201c\u201d\u2018\u2019\u00ab\u00bb"
_OPENING = re.compile(rf"(\s*)([{_MARKS}]+)(?=\s*[A-Za-z])")
_CLOSES = {"\u201c": "\u201d", "\u2018": "\u2019", "\u00ab": "\u00bb", "\u201e": "\u201c"}
_DOUBLE = ("**", "__", "~~", "==")


def plain_lines(text: str) -> list[str]:
    """The lines of a text, undecorated. Indentation stays as it is; a ruler is a blank line."""
    text = "\n".join(lines_of(text.replace("\xa0", " ")))
    if text.count("\n") < 2 and _WRITTEN_LINE_END.search(text):
        text = _WRITTEN_LINE_END.sub(_line_ends, text).replace("\\t", "\t").replace('\\"', '"')
    if "\x1b" in text:
        text = _COLOUR.sub("", text)
    if "<" in text:
        text = _TAG.sub("", _LINE_END.sub("\n", _BETWEEN_CELLS.sub(" : ", text)))
    if "&" in text:
        text = _ENTITY.sub(lambda match: html.unescape(match[0]), text).replace("\xa0", " ")
    lines = _items(text.split("\n"))
    lines = ["" if _is_ruler(line) else _unquoted(line) for line in lines]
    return [_undecorated(line, following) for line, following in zip(lines, [*lines[1:], ""])]


def _line_ends(match: re.Match) -> str:
    """One line end for \\r\\n, however often the \\r is there; one for each \\r that no \\n follows."""
    return "\n" if match[1] is None or match[2] else "\n" * (len(match[1]) // 2)


def _items(lines: list[str]) -> list[str]:
    """The texts of a list that a program printed (stdout_lines of Ansible), where nearly every line is one of them."""
    printed = [line for line in lines if line.strip()]
    items = [_ITEM.fullmatch(line) for line in lines]
    if len(printed) < 3 or sum(item is not None for item in items) < 0.8 * len(printed):
        return lines
    return [_ESCAPED.sub(r"\1", item[2]) if item else line for item, line in zip(items, lines)]


def _unquoted(line: str) -> str:
    for _level in range(_QUOTES):
        if line[:1] not in ("#", ">", " ") or not (quote := _QUOTE.match(line)):
            break
        line = line[quote.end() :]
    return line


def _is_ruler(line: str) -> bool:
    """Whether a line only separates. A fence of three tildes ends what is in it: the output's reader knows it."""
    return _separates(line) and line.strip() != "~~~"


def _separates(line: str) -> bool:
    in_table = "|" in line or "\u2502" in line
    return bool(in_table and _TABLE_RULER.fullmatch(line)) or bool(_RULER.fullmatch(line.strip()))


def _undecorated(line: str, following: str) -> str:
    if _is_ruler(line):
        return ""
    if place := _PLACE.match(line):
        line = line[place.end() :]
    if mark := _LIST_MARK.match(line):
        line = mark[1] + line[mark.end() :]
    frame = line.strip().strip("*_~`\"',; ")
    if frame[:2] == "+-" or frame[:1] in ("|", "\u2502"):
        line = line[: len(line) - len(line.lstrip())] + frame
    if bars := _BARS.fullmatch(line):
        cells = [cell.strip() for cell in _CELL.split(bars[2])]
        if len(cells) > 1:
            if _separates(following) and "|" in following:
                return ""  # the names of a table's columns
            first, *others = [_unmarked(cell) for cell in cells if cell not in ("", ":")] or [""]
            return f"{bars[1]}    {first.removesuffix(':').rstrip()} : {' '.join(others)}" if first else ""
        if re.search(r"\S\s*:\s", cells[0]):
            line = f"{bars[1]}    {cells[0]}"
        else:
            return f"{bars[1]}| {_unmarked(cells[0])} |"
    return _without_marks(line)


def _without_marks(line: str) -> str:
    """A row "key : value" without the marks around it, around its key, or around its value."""
    opening = _OPENING.match(line)
    body = line.rstrip()
    if not opening:
        key, colon, value = _parts(body)
        bare = _bold(value.strip())
        return f"{key}{colon} {bare}" if bare != value.strip() else line
    marks, rest = opening[2], body[opening.end() :]
    quoted = marks[0] in "\"'`\u201c\u2018\u00ab"
    if quoted:
        rest = rest.rstrip(",;")
    closing = "".join(_CLOSES.get(mark, mark) for mark in reversed(marks))
    key, colon, value = _parts(rest)
    if colon and key.rstrip().endswith(closing):  # **NgcSet** : YES, "NgcSet": "YES"
        key = key.rstrip().removesuffix(closing)
    elif value.startswith(closing):  # **NgcSet:** YES
        value = value.removeprefix(closing).lstrip(" :")
    else:
        return opening[1] + rest.removesuffix(closing)  # with the blank at which a console broke it
    value = _unmarked(value.strip()) if quoted else _bold(value.strip())
    return f"{opening[1]}{key} : {value}{line[len(body) :]}"


def _parts(row: str) -> tuple[str, str, str]:
    """Key, colon and value; the tool prints one key with a colon of its own ("KeySignTest: : PASSED")."""
    key, colon, value = row.partition(":")
    if value.lstrip().startswith(":"):
        second, value = value.split(":", 1)
        colon += f"{second}:"
    return key, colon, value


def _bold(value: str) -> str:
    """A value without marks that no value of the tool has: two of a kind before or behind it."""
    for marks in _DOUBLE:
        inner = value.strip(marks[0])
        if not inner:
            return value
        if value.startswith(marks) and value.endswith(marks):
            return inner
        if marks != "==" and value.endswith(marks):
            return value.removesuffix(marks).rstrip()
    if len(value) > 2 and value[0] == value[-1] and value[0] in "*_`" and value[0] not in value[1:-1]:
        return value[1:-1]
    return value


def _unmarked(cell: str) -> str:
    cell = _bold(cell)
    return cell[1:-1] if len(cell) > 1 and cell[0] == cell[-1] and cell[0] in "\"'`" else cell

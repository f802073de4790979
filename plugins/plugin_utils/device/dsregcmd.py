# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parser for what C(dsregcmd /status) prints.

It also understands what people leave of an output when they cut, filter, wrap and join its rows. What web pages, mails
and tools put around rows is taken off before (pasted/status.py): a device's own text has nothing of it.

The format: Microsoft Learn, "Troubleshoot devices by using the dsregcmd command". The output is English on every
Windows language. A section opens with a banner line, a title row and a banner line again; nothing closes the last one.
Rows are ``key : value``, keys right-aligned; the width of the key column differs by build and is never relied on.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import re

# A row: its first colon with a blank before or behind it splits; "KeySignTest: : PASSED" has one colon too many.
# No key is longer than 26 characters: what is longer is a sentence.
_ROW = re.compile(r"([A-Za-z](?:[A-Za-z0-9 -]{0,29}[A-Za-z0-9])?)(?:(\s+):|:\s+:(?=\s|$)|:(?=\s|$))\s*(.*)")
# A row that nobody knows yet, whose key may be longer and of other characters. Only a section vouches for it.
_NEW_ROW = re.compile(r"([^\W_](?:\S| (?=\S)){0,58}?)(?<![\s:]):*(\s+):(?=\s|$)\s*(.*)")
_NEW_WORDS = 5
_BANNER = re.compile(r"\+-{3,}\+?")
_TITLE = re.compile(r"\|\s*([A-Za-z][^|]*)\|[\s+-]*")
# A row of a spreadsheet or a list: a key that only this tool prints, and its value in the next cell.
_CELLS = re.compile(r"\"?([A-Za-z][A-Za-z0-9 -]{0,29}?)\"?\s*(?:\t|(?<! )[,;=])\s*\"?(.*?)\"?")
# What follows an output: a code fence, the tool's own last line, a prompt of cmd or PowerShell (remote ones too).
_AFTER = re.compile(r"```|~~~|For more information|.{0,60}?\b[A-Za-z]:\\[^<>|]*>|(?:\[[^]]*\]: )?PS\b[^<>|]*>")
_REMARK = re.compile(r"(?<=\S)(?:\s+(?:<[<=-]|[\u2190\u21d0\u27f5\u25c0\u25c4])|\s{2,}(?:#|//)).*", re.DOTALL)
_NEXT_ROW = re.compile(r"(?<=\S)(?:\s{2,}|\s*[|;,]\s+)(?=[A-Z][A-Za-z]*(?: [A-Za-z]+){0,3} ?: ?\S)")
# Keys that only this tool prints. Where no banner vouches for a row, one of them in its block has to.
_KNOWN = re.compile(
    r"(?:(?i:AzureAdJoined|AzureAdPrt|DomainJoined|EnterpriseJoined|WorkplaceJoined)\b|"
    r"AzureAd|Enterprise(?:Joined|Prt)|Domain(?:Joined|Name)|Workplace|WorkAccountCount|WamDefault|Virtual Desktop|"
    r"Device(?: Name|Id|Cert|Auth|Management|Eligible)|Thumbprint|Key(?:Container|Provider|Srv|SignTest)|TpmProtected|"
    r"Tenant(?:Name|Id)|Idp$|AuthCodeUrl|AccessTokenUrl|M?dmComplianceUrl|Mdm(?:Tou)?Url|SettingsUrl|JoinSrv|"
    r"WebAuthNSrv|Ngc|CanReset|(?:Acquire|Refresh)PrtDiag|Previous (?:Prt|Reg)|Attempt Status|OnPremTg|CloudTg|KerbTop|"
    r"Server Error|Client Error|Error Phase|DRS |AD Con|Token acq|Fallback to|AadRecovery|Executing Acc|PreReqResult|"
    r"Is(?:DeviceJoined|UserAzureAD)|PolicyEnabled|PostLogonEnabled|SessionIsNotRemote|CertEnrollment)"
)
# A console breaks a long value at its width. No line shorter than the first number was broken, and no value that the
# tool prints is longer than the second.
_WRAP, _LONGEST = 60, 8192


class DsregcmdError(ValueError):
    """The text is not, and does not hold, the output of C(dsregcmd /status)."""


def parse(text: str) -> dict:
    """What a device's own C(dsregcmd /status) printed. Returns and raises as ``parse_lines``."""
    return parse_lines(lines_of(text))


def lines_of(text: str) -> list[str]:
    """The lines of a text, with any line ends, those that a console doubled too."""
    return text.replace("\r\r\n", "\n").replace("\r\n", "\n").replace("\r", "\n").split("\n")


def parse_lines(lines: list[str]) -> dict:
    """Parse the lines of an output, whole, cut, filtered or joined.

    Returns C({join_type, prt, sections, keys}): C(sections) is C({title: {key: value}}) in the order printed, empty
    where the text has no banners; C(keys) is C({key: value}) over all of them. A value is text as printed ("" where
    none is), or the list of them where the key repeats. Keys are as printed, less one trailing colon. C(join_type) is
    entra_joined, hybrid_joined, domain_joined, workplace_registered, none, or None where the text does not say;
    C(prt) is True, False or None likewise.

    Raises DsregcmdError, and nothing else, for whatever holds no such output.
    """
    sections: dict[str, dict] = {}
    keys: dict[str, str | list] = {}
    loose = []
    for title, rows in _blocks([row for line in lines for row in _rows_of(line)]):
        if title is None:
            if any(_KNOWN.match(row[0]) for row in rows):
                loose += rows
            continue
        section = sections.setdefault(title, {})
        for key, value in rows:
            _add(section, key, value)
            _add(keys, key, value)
    # Rows outside of every section count where the paste lost its banners, not where it repeats a section's row.
    printed = frozenset(keys)
    for key, value in loose:
        if key not in printed:
            _add(keys, key, value)
    if not keys:
        raise DsregcmdError("no dsregcmd /status output found: expected rows such as 'AzureAdJoined : YES'")
    return {"join_type": _join_type(keys), "prt": _flag(keys, "AzureAdPrt"), "sections": sections, "keys": keys}


def _rows_of(line: str) -> list[str]:
    """Rows that somebody has written behind each other into one line, where each has one of the tool's own keys."""
    if line.count(":") < 2:
        return [line]
    rows = _NEXT_ROW.split(line.strip())
    if len(rows) < 2 or not all(_KNOWN.match(row) and _ROW.fullmatch(row) for row in rows):
        return [line]
    indent = line[: len(line) - len(line.lstrip())]
    return [indent + row for row in rows]


def _blocks(lines: list[str]) -> list[tuple[str | None, list[list[str]]]]:
    """Gather [key, value] rows into sections (title) and into runs of rows that stand in no section (None)."""
    blocks: list[tuple[str | None, list[list[str]]]] = []
    title: str | None = None  # of the block that is open
    rows: list[list[str]] | None = None
    margin = 0  # column of the section's banner: pastes are indented, quoted and commented out
    indented = False  # the row before stood right of the margin
    broken = ""  # the line before, where it belongs to a row and may go on in this one
    heading = ""  # the last line that was not blank, where it was a banner or a title
    for raw, following in zip(lines, [*lines[1:], ""]):
        line = raw.strip()
        indent = len(raw) - len(raw.lstrip())
        before, broken = broken, ""
        if not line:
            if title is None:
                rows = None
            continue
        if line[0] == "+" and _BANNER.fullmatch(line):
            if heading != "title":  # not the lower banner of a heading: the section ends here
                title = rows = None
                heading = "banner"
            else:
                heading = ""
            continue
        if line[0] == "|" and (row := _TITLE.fullmatch(line)):
            if heading == "banner" or _BANNER.search(following):
                title, rows, margin, indented, heading = row[1].rstrip(), [], indent, False, "title"
                blocks.append((title, rows))
                continue
        heading = ""
        if not _ROW.fullmatch(line) and (cells := _CELLS.fullmatch(line)) and _is_key(cells[1]):
            line = f"{cells[1]} : {cells[2]}"
        right = indent > margin
        row = _ROW.fullmatch(line)
        if not row and title and right and (new := _NEW_ROW.fullmatch(line)) and len(new[1].split()) <= _NEW_WORDS:
            row = new
        if row:
            key, gap, value = row.groups()
            # In a section rows stand right of the banner, unless the paste lost its indentation.
            if (title and right) or (gap and not (title and indented)) or _KNOWN.match(key):
                if rows is None:
                    rows = []
                    blocks.append((None, rows))
                rows.append([key, _REMARK.sub("", value)])
                indented, broken = right, raw
                continue
        if _AFTER.match(line):
            title = rows = None
        elif rows and len(before.rstrip()) >= _WRAP and indent <= margin and not line.startswith(("..", "\u2026")):
            if len(rows[-1][1]) < _LONGEST:
                rows[-1][1] += (" " if before[-2:].strip() and before[-1] == " " else "") + line
            broken = raw
        elif title is None:
            rows = None
    return blocks


def _is_key(text: str) -> bool:
    """Whether a text is one of the tool's own keys, as far as that can be told: those have at most three words."""
    return bool(_KNOWN.match(text)) and text.count(" ") <= 2


def _add(target: dict, key: str, value: str) -> None:
    if key not in target:
        target[key] = value
    elif isinstance(target[key], list):
        target[key].append(value)
    else:
        target[key] = [target[key], value]


def _flag(keys: dict, key: str) -> bool | None:
    """True or False where every YES or NO printed for the key agrees, else None. The tool has one spelling of a key;
    people who type it have others (AzureADJoined)."""
    told = [values for name, values in keys.items() if name.lower() == key.lower()]
    texts = [text for values in told for text in ([values] if isinstance(values, str) else values)]
    words = {word.upper() for text in texts for word in text.split()[:1]}
    yes, no = "YES" in words, "NO" in words
    return yes if yes != no else None


def _join_type(keys: dict) -> str | None:
    entra, domain = _flag(keys, "AzureAdJoined"), _flag(keys, "DomainJoined")
    if entra and domain is not None:
        return "hybrid_joined" if domain else "entra_joined"
    if entra is False and domain:
        return "domain_joined"
    if entra or domain:
        return None
    if _flag(keys, "WorkplaceJoined"):
        return "workplace_registered"
    return "none" if entra is False and domain is False else None

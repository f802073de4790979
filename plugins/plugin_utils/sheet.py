# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages to be printed, for a person at a device: sections of sentences, as HTML that needs nothing else (no script, no
link, no image), or as text. What others wrote must have been made visible before; here it stays a text.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import html
import textwrap
from collections.abc import Iterable

WIDTH = 78


@dataclasses.dataclass(frozen=True)
class Section:
    """A part of a page: a heading, and its sentences; in ``ordered`` ones they are steps, with numbers."""

    title: str
    sentences: tuple[str, ...]
    ordered: bool = False


def article(name: str, sections: Iterable[Section]) -> str:
    """One page of an HTML file, with its heading."""
    parts = [f"<article>\n<h1>{escaped(name)}</h1>"]
    for section in sections:
        kind = "ol" if section.ordered else "ul"
        rows = "\n".join(f"<li>{escaped(sentence)}</li>" for sentence in section.sentences)
        parts.append(f"<h2>{escaped(section.title)}</h2>\n<{kind}>\n{rows}\n</{kind}>")
    return "\n".join([*parts, "</article>"])


def page(title: str, parts: Iterable[str]) -> str:
    """An HTML file of these parts, which are HTML."""
    return _PAGE.format(title=escaped(title), parts="\n".join(parts))


def as_text(name: str, sections: Iterable[Section]) -> str:
    """One page as plain text, with the line ends of Windows, whose editors read it."""
    lines = [name, "=" * min(len(name), WIDTH)]
    for section in sections:
        lines += ["", section.title, "-" * min(len(section.title), WIDTH)]
        for number, sentence in enumerate(section.sentences, 1):
            mark = f"{number}. " if section.ordered else "- "
            lines += textwrap.wrap(
                sentence,
                WIDTH,
                initial_indent=mark,
                subsequent_indent=" " * len(mark),
                break_long_words=False,
                break_on_hyphens=False,
            )
    return "\r\n".join([*lines, ""])


def escaped(text: str) -> str:
    """A text as it stands in HTML."""
    return html.escape(text, quote=True)


_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
body {{ font: 12pt/1.5 sans-serif; margin: 2em auto; max-width: 42em; }}
article {{ break-after: page; border-top: 2px solid; }}
h2 {{ font-size: 1.1em; margin-bottom: 0; }}
</style>
</head>
<body>
{parts}
</body>
</html>
"""

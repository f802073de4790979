# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes docs/refusals.md from the table of refusals in the code, which is the only place to change one.

.venv/bin/python -m tests.tools.refusals            # writes it
.venv/bin/python -m tests.tools.refusals --check    # fails where it is not what the code says
"""

from __future__ import annotations

import sys
import typing as t

from tests.collection import ROOT, make_importable
from tests.tools.generated import written

PAGE = ROOT / "docs" / "refusals.md"
HEAD = """\
# When Microsoft Graph or Intune refuses

Every refusal that is known, with its cause and what to do. A failed task has the name in `error.name`. `make pages`
generates this page from `plugins/plugin_utils/tenant/graph`, and a test compares the two. Do not edit it by hand.

The table is read from top to bottom: the first row that fits an answer names it. So a quota is never reported as a
missing permission. A missing permission is named only if the token lacks it and every permission that includes it
(`Group.ReadWrite.All` includes `Group.Create`, `Directory.Read.All` includes `Group.Read.All`), or, as the most likely
cause, if the token does not show what it holds.

- **Code** is that of Graph or one further inside: Intune puts one JSON text into another. `*` stands for any letters.
- **Says** is a part of the sentence, in any case. If a row has codes and sentences, one of them is enough.
- **Permissions** are what `error.permissions` lists. It is empty where a permission does not help.
- **Seen in** names pages of Microsoft's documentation, or issues and pull requests on GitHub where people met it.
"""
#: What stands in braces in a row.
WORDS = {
    "application": "the application",
    "who": "the caller",
    "kind": "application or delegated",
    "permissions": "*permission*",
    "delegated": "*permission*",
    "service": "Microsoft Graph or Intune",
    "status": "*status*",
    "code": "*code*",
    "said": " (*its sentence*)",
    "reason": " (*its sentence, or that there is none*)",
    "activity": " (*activity id*)",
    "approval": " (*approval code*)",
    "when": "*when*",
}
TOKENS = {
    "lacks": "the token lacks the permission",
    "holds": "the token holds the permission",
    "hidden": "the token does not show its permissions",
    "none": "there is no application permission for the call",
}
CALLERS = {"application": "an application asks", "user": "a signed-in user asks"}
FORMS = {
    "page": "a web page",
    "other": "not JSON, or not an error of Graph",
    "silent": "no reason",
    "reasoned": "a reason",
}
PERMISSIONS = {"": "none", "missing": "the missing ones", "delegated": "the delegated ones"}
COLUMNS = ("Status", "Code", "Says", "And", "Name", "Side", "Cause", "Fix", "Permissions", "Seen in")


def page(sections: dict[str, t.Sequence]) -> str:
    """The page of the rows by their headings."""
    parts = [HEAD]
    for title, rows in sections.items():
        lines = [_line(COLUMNS), _line("---" for _column in COLUMNS), *(_line(_cells(row)) for row in rows)]
        parts.append(f"## {title}\n\n" + "\n".join(lines) + "\n")
    return "\n".join(parts)


def _cells(row: t.Any) -> tuple[str, ...]:
    return (
        row.statuses or "any",
        " ".join(f"`{code}`" for code in row.codes.split()),
        "<br>".join(f'"{text}"' for text in row.says),
        "; ".join(_conditions(row)),
        f"`{row.name}`",
        row.side,
        row.cause.format_map(WORDS),
        row.fix.format_map(WORDS),
        PERMISSIONS[row.permissions],
        row.seen,
    )


def _conditions(row: t.Any) -> list[str]:
    named = {True: "a value is named", False: "no value is named", None: ""}[row.value_named]
    service = {True: "Intune answers", False: "Intune does not answer", None: ""}[row.intune]
    forms = " or ".join(FORMS[form] for form in row.forms)
    approval = "or a header `x-msft-approval-code`" if row.approval else ""
    return [
        part
        for part in (forms, named, service, CALLERS.get(row.caller, ""), TOKENS.get(row.token, ""), approval)
        if part
    ]


def _line(cells: t.Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def sections() -> dict[str, t.Sequence]:
    """The table of the code, by headings."""
    from ansible_collections.winops.entra.plugins.plugin_utils.tenant.graph import refusal_reasons, refusal_statuses

    return {
        "It is not Graph that answers, or not now": refusal_reasons.FROM_ELSEWHERE,
        "Graph or Intune says why": refusal_reasons.BY_REASON,
        "A permission or a role, or nobody knows": refusal_statuses.BY_PERMISSION,
        "By status": refusal_statuses.BY_STATUS,
    }


def main(arguments: list[str]) -> int:
    """Exit code: 0 where the page is (now) what the code says."""
    return written(PAGE, page(sections()), arguments)


if __name__ == "__main__":
    make_importable()
    sys.exit(main(sys.argv[1:]))

# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No PowerShell text of ours depends on the culture of the machine that runs it.

What Turkish or Thai devices find, compare or spell otherwise: operators that ignore case (5.1 folds it by culture:
Turkish loses its I), a search for a text (in Thai, ICU finds punctuation everywhere), case without a culture. Comparing
with -eq, -in and -contains is invariant, and so is a search for a [char].
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.device import wire

tree_sitter = pytest.importorskip("tree_sitter")
tree_sitter_powershell = pytest.importorskip("tree_sitter_powershell")

ROOT = Path(__file__).resolve().parents[3]
FOLDERS = ("plugins/plugin_utils/device/runner", "tests/powershell")
SEARCHING = {"indexof", "lastindexof", "startswith", "endswith", "compare", "compareto"}
FOLDING = {"toupper", "tolower"}
SAID = re.compile(r"StringCompar|CultureInfo|\$Invariant")
BY_CULTURE = re.compile(r"-i?(?:(?:not)?(?:match|like)|replace|split)", re.IGNORECASE)


def texts() -> dict[str, bytes]:
    """Every PowerShell text of the collection; those inside of other texts, too."""
    found = {"bootstrap": wire.BOOTSTRAP.encode()}
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.ps1")):
            found[path.relative_to(ROOT).as_posix()] = path.read_bytes()
    for name, text in list(found.items()):
        for number, inner in enumerate(re.findall(rb"@'\n(.*?)\n'@", text, re.DOTALL)):
            found[f"{name}, text {number}"] = inner
    return found


TEXTS = texts()


def nodes(node):
    yield node
    for child in node.children:
        yield from nodes(child)


def places(text: bytes) -> list[str]:
    """What depends on the culture, as it is written."""
    tree = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language())).parse(text)
    return [node.text.decode() for node in nodes(tree.root_node) if depends(node)]


def depends(node) -> bool:
    if node.type == "invokation_expression":
        return calls_by_culture(node)
    if node.type == "switch_parameters":
        given = node.text.decode().lower()
        return ("-regex" in given or "-wildcard" in given) and "-casesensitive" not in given
    # -split has a form that comes before its text.
    operator = node.type == "comparison_operator" or (node.type.startswith("-") and node.parent.type.startswith("expr"))
    return operator and BY_CULTURE.fullmatch(node.text.decode()) is not None


def calls_by_culture(node) -> bool:
    parts = {child.type: child.text.decode() for child in node.children}
    name = parts.get("member_name", "").lower()
    given = parts.get("argument_list", "").strip("() ")
    if name in FOLDING:
        return not given
    return name in SEARCHING and bool(given) and not given.startswith("[char]") and not SAID.search(given)


@pytest.mark.parametrize("name", TEXTS)
def test_nothing_depends_on_the_culture(name):
    assert places(TEXTS[name]) == []


def test_no_text_is_forgotten():
    assert "plugins/plugin_utils/device/runner/_head.ps1" in TEXTS and "tests/powershell/driver.ps1" in TEXTS
    tracked = {name.split(",")[0] for name in TEXTS} - {"bootstrap"}
    everywhere = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("[!.b]*/**/*.ps1")}
    assert tracked == everywhere
    assert [name for name in TEXTS if ", text " in name], "the bootstrap of jobs"


@pytest.mark.parametrize(
    "text",
    [
        "$text -replace '[^A-Za-z0-9+/=|]',''",
        "if ($a -iMatch 'x') { 1 }",
        "$a -notlike 'aaaa*'",
        "foreach ($part in ($named -split '[;\\s]+')) { }",
        "-split $text",
        "f ($a -like 'x')",
        "@(@($a -notmatch 'x'), 1)",
        '"a$($b -imatch $c)"',
        "$full.IndexOf(':', $root.Length)",
        "$path.Substring($path.LastIndexOf('\\') + 1)",
        "$a.StartsWith($b)",
        "[string]::Compare($a, $b)",
        "$a.ToLower()",
        "$a.ToUpper( )",
        "switch -Regex ($a) { 'x' { 1 } }",
        "switch -Wildcard ($a) { 'x' { 1 } }",
    ],
)
def test_what_depends_on_the_culture_is_found(text):
    assert len(places(text.encode())) == 1


@pytest.mark.parametrize(
    "text",
    [
        "$text -creplace '[^A]','' -ceq $b",
        "$a -eq $b -and $c -contains $d",
        "-csplit $text",
        "$full.IndexOf([char]':', $root.Length)",
        "$a.IndexOf($b, [StringComparison]::OrdinalIgnoreCase)",
        "$a.StartsWith($b, $true, $Invariant)",
        "$a.ToUpperInvariant() + $a.ToLower($Invariant)",
        "switch -Regex -CaseSensitive ($a) { 'x' { 1 } }",
        "Get-Thing -Match x -Like y",
        "'$a.ToLower() -match 1'  # -match",
    ],
)
def test_what_does_not_is_not(text):
    assert places(text.encode()) == []

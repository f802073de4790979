# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The form of catalogue.json, entry by entry."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
ENTRIES = json.loads((ROOT / "plugins/plugin_utils/device/codes/catalogue.json").read_text(encoding="utf-8"))
RESEARCH = ROOT.parent / "shared/research/error_codes.csv"

CODE = re.compile(r"0x[0-9a-f]{8}|0x801901xx|AADSTS[0-9]{4,7}|12[0-9]{3}|exit [0-9]+")
REQUIRED = {"code", "name", "side", "where", "cause", "fix", "transient", "certainty", "source", "doc"}
SYMBOL = r"[A-Z]+(?:_[A-Z0-9]+)+|NERR_[A-Za-z]+"
by_code = pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["code"])


def test_no_code_occurs_twice():
    codes = [entry["code"] for entry in ENTRIES]
    assert sorted(codes) == sorted(set(codes))


@by_code
def test_an_entry_has_the_fields_of_the_schema(entry):
    assert set(entry) - {"wrapper", "says"} == REQUIRED
    assert entry.get("wrapper", True) is True, "wrapper is given where it is true, and nowhere else"


@by_code
def test_a_code_is_spelled_in_its_canonical_form(entry):
    assert CODE.fullmatch(entry["code"])


@by_code
def test_the_enumerated_fields_hold_their_words(entry):
    assert entry["side"] in {"device", "tenant", "network", "controller"}
    assert entry["transient"] in (True, False, None)
    assert entry["certainty"] in {"documented", "reported", "unsure"}


@by_code
def test_the_texts_are_sentences(entry):
    for field in ("cause", "fix"):
        text = entry[field]
        assert text == text.strip() and text[0].isupper() and text.endswith("."), field
        assert 10 <= len(text) <= 260, field
    assert entry["where"] and entry["source"]


@by_code
def test_a_name_is_microsofts_symbol_or_one_of_ours(entry):
    # HRESULTs and Win32 errors have symbols as headers spell them, codes of the token service as its own page does.
    symbol = r"(?:[A-Z][A-Za-z0-9]+){2,}(?:_DoesNotMatchRequest)?" if entry["code"].startswith("AADSTS") else SYMBOL
    assert re.fullmatch(rf"{symbol}|[a-z0-9]+(?:_[a-z0-9]+)+", entry["name"])


@by_code
def test_a_doc_is_a_page_of_microsoft_learn_without_a_language(entry):
    if entry["doc"] is not None:
        assert re.fullmatch(r"https://learn\.microsoft\.com/(?!en-us)[a-z0-9/-]+", entry["doc"])
        assert "Microsoft Learn" in entry["source"]


@by_code
def test_what_is_documented_names_a_document(entry):
    if entry["certainty"] == "documented":
        assert "Microsoft Learn" in entry["source"] or "Windows SDK" in entry["source"]


@pytest.mark.skipif(not RESEARCH.exists(), reason="the research table (../shared/research) is not on this machine")
def test_every_code_of_the_research_is_in_the_catalogue_under_its_symbol():
    known = {entry["code"]: entry for entry in ENTRIES}
    with RESEARCH.open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table))
    assert rows
    for row in rows:
        entry = known[row["code"]]
        if re.fullmatch(r"[A-Z]+_[A-Z0-9_]+", row["symbol"]):
            assert entry["name"] == row["symbol"], row["code"]
        if "[unsure]" in row["source"]:
            assert entry["certainty"] == "unsure", row["code"]
        if "[single report]" in row["source"]:
            assert entry["certainty"] != "documented", row["code"]

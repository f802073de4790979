# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values and keys that fit settings of the table, and descriptions that are right."""

from __future__ import annotations

from hypothesis import strategies as st

from ansible_collections.winops.entra.plugins.plugin_utils.package.description.document import Setting, Step
from ansible_collections.winops.entra.plugins.plugin_utils.package.description.table import (
    FOLDERS,
    ITEMS,
    KEYED_LIST,
    Known,
    table,
)
from ansible_collections.winops.entra.plugins.plugin_utils.package.description.values import fits_xml
from ansible_collections.winops.entra.plugins.plugin_utils.package.package_secrets import SIGN

GUID = "5b0e1c3a-7d42-4c19-9e57-1f6a2b3c4d5e"
#: Texts of the forms that the store asks for.
FORMS = {
    r"^[1-9]\d*$": ["1", "907"],
    r"^\x{8}(-\x{4}){3}-\x{12}$": [GUID, GUID.upper()],
    r"([a-z]|[A-Z]):": ["C:", "z:"],
    r"^\d$": ["0", "7"],
    r"^[^\\\\]+$": ["Contoso", "Grüße ß"],
}
#: Settings that a description is stricter about than the store.
OWN_RULES = {"DevDetail/DNSComputerName": ["ПК-%SERIAL%", "PC-%RAND:5%"], "Accounts/Azure/BPRT": ["0.AbCdEf-gh_ij"]}
LEAVES = [known for known in table() if known.type not in FOLDERS]
#: Letters of any script, what XML escapes, and what it would fold if it were not escaped.
TEXTS = st.text(
    st.one_of(st.characters(exclude_categories=["Cs", "Cc"]), st.sampled_from("\t\n\r\"'<>&]/[(@#%$ ")),
    min_size=1,
    max_size=20,
).filter(lambda text: bool(text.strip()) and text != SIGN and fits_xml(text))


def keys_of(listing: Known) -> st.SearchStrategy[str]:
    """Keys that the elements of this list may have."""
    if listing.pattern:
        return st.sampled_from(FORMS[listing.pattern])
    size = listing.max_length or 20
    return TEXTS.filter(lambda text: len(text) <= size)


@st.composite
def steps_of(draw: st.DrawFn, known: Known) -> tuple[Step, ...]:
    """A path to this setting, with keys wherever it needs them."""
    steps, names = [], []
    for name in known.path.split("/"):
        names.append(name)
        step = table().find("/".join(names))
        above = table().list_of(step)
        key = draw(keys_of(above)) if above is not None and above.type in (KEYED_LIST, ITEMS) else None
        steps.append(Step(name, key))
    return tuple(steps)


def values_of(known: Known) -> st.SearchStrategy:
    """Values, as a description has them, that fit this setting."""
    if known.path in OWN_RULES:
        return st.sampled_from(OWN_RULES[known.path])
    listed = [spelling for pair in known.values for spelling in pair if spelling]
    if known.pattern:
        return st.sampled_from(FORMS[known.pattern])
    if known.type == "boolean":
        return st.sampled_from([True, False, "True", "no", "1"])
    if listed:
        return st.sampled_from(listed)
    if known.type == "integer":
        low = known.minimum if known.minimum is not None else -(2**31)
        high = known.maximum if known.maximum is not None else 2**32 - 1
        return st.one_of(st.integers(low, high), st.integers(low, high).map(str))
    longest, shortest = known.max_length or 40, known.min_length or 1
    if shortest > 1:
        return st.text("abcXYZ123äß中", min_size=shortest, max_size=longest)
    return TEXTS.filter(lambda text: len(text) <= longest)


@st.composite
def settings(draw: st.DrawFn, known: Known) -> dict:
    """A setting of a description."""
    return {"path": Setting(draw(steps_of(known)), "").path, "value": draw(values_of(known))}

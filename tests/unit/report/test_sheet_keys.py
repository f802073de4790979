# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hand-over sheet of security keys: a page for each person who has a key to register, and for nobody else."""

from __future__ import annotations

import re
import typing as t

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.report import hand_over, key_users, sheet_keys, sheet_words
from tests.unit.report.key_rows import ADA, READY, key, row
from tests.unit.report.making import made
from tests.unit.report.test_hand_over import HOSTILE, words

BOB = "bob@c.example"
ABOUT = sheet_words.About("Grace, extension 4711")


def device(*rows: dict[str, t.Any], takes: bool = True) -> dict[str, t.Any]:
    return {
        "outcome": "waiting",
        "sign_in": {"takes_keys": takes},
        "users": [key_users.person(one) for one in rows],
    }


def page(about: sheet_words.About = ABOUT, **records: dict) -> str:
    return hand_over.page_file(made(dict(records), "security_keys").report, about)


def test_a_page_says_what_nobody_can_do_for_the_person():
    shown = words(page(pc=device(row())))
    for said in (
        "Account: ada@c.example",
        "Devices: pc",
        "Open https://aka.ms/mysecurityinfo",
        "Touch the key when it blinks.",
        "Give the key a PIN",
        "Choose Sign-in options",
        "Call: Grace, extension 4711",
    ):
        assert said in shown, said


def test_one_page_a_person_whatever_the_number_of_devices():
    text = page(one=device(row(), row(BOB)), two=device(row(), takes=False), three=device(READY))
    # The last record counts: ada has a key by then.
    assert re.findall("<h1>(.*)</h1>", text) == [BOB]
    text = page(one=device(row()), two=device(row(), takes=False))
    assert re.findall("<h1>(.*)</h1>", text) == [ADA]
    assert "Devices: one" in words(text) and "Not set up for keys yet: two" in words(text)


def test_what_the_tenant_said_last_counts_whichever_device_was_asked_about():
    """A run with --limit does not touch the record of the other device."""
    old, new = device(row()), device(READY)
    old["users"][0]["asked"] = "2026-11-01T08:00:00.000+00:00"
    assert "<h1>" not in page(one=new, two=old) and "<h1>" not in page(one=old, two=new)
    unasked = {"user": "ADA@c.example", "ready": None, "missing": [], "says": key_users.NOT_ASKED_YET}
    text = page(one=device(row()), two={**old, "users": [unasked]})
    assert re.findall("<h1>(.*)</h1>", text) == [ADA] and "Devices: one, two" in words(text)
    assert "more people are not ready" not in text


def test_a_page_says_the_name_to_sign_in_with_where_the_inventory_has_an_object_id():
    named = row(user_principal_name="Ada@c.example")
    by_id = {**named, "user": named["object_id"]}
    text = page(one=device(by_id), two=device(named))
    assert re.findall("<h1>(.*)</h1>", text) == ["Ada@c.example"]
    assert "Account: Ada@c.example" in words(text) and named["object_id"] not in words(text)


@pytest.mark.parametrize(
    ("told", "has"),
    [
        (row(), True),
        (row(passkeys=[key("authenticator")]), True),
        (row(passkeys=[key(accepted=False)]), True),
        (READY, False),
        (row(enabled=False), False),
        (row(in_scope=False), False),
        (row(found=False, passkeys=None), False),
        (row(ready=None, passkeys=None), False),
    ],
)
def test_who_has_a_page(told, has):
    text = page(pc=device(told))
    assert ("<h1>" in text) is has
    assert ("1 more people are not ready" in text) is (not has and told is not READY)


def test_a_page_says_what_is_needed_to_register():
    assert "Your second factor" in words(page(pc=device(row())))
    assert "If you have none, ask" in words(page(pc=device(row(mfa_capable=None))))
    assert "because you have no second factor" in words(page(pc=device(row(mfa_capable=False))))
    assert "does not do at the lock screen" in words(page(pc=device(row(passkeys=[key("synced")]))))
    full = row(passkeys=[key(accepted=False)], passkey_limit_reached=True)
    assert "first remove one" in words(page(pc=device(full))) and "take the new one" in words(page(pc=device(full)))


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("field", ["user", "display_name"])
def test_a_text_of_others_is_a_text_on_the_page(field, text):
    made_of, plain = page(pc=device(row(**{field: text}))), page(pc=device(row(**{field: "x"})))
    assert re.findall(r"<[^>]*>", made_of) == re.findall(r"<[^>]*>", plain)
    assert made_of.replace("\n", "").isprintable() and len(made_of) < len(plain) + 14 * sheet_words.MAX_FIELD


def test_only_named_fields_come_onto_a_page():
    secret = "hunter2-is-long-and-unlike-words"
    told = device(row()) | dict.fromkeys(("msg", "cause", "fix", "package_id", "password"), secret)
    told["users"][0] |= dict.fromkeys(("says", "object_id", "temporary_access_pass", "pass_failed"), secret)
    assert secret not in page(pc=told)


def test_a_page_names_so_many_devices():
    many = {f"pc{number:02}": device(row()) for number in range(sheet_keys.MOST_DEVICES + 5)}
    assert "pc19 and 5 more" in words(page(**many))

# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hand-over sheet of a join: what the person who signs in first has to know, and nothing that nobody has read."""

from __future__ import annotations

import re
import typing as t

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.report import hand_over, sheet_words
from ansible_collections.winops.entra.plugins.plugin_utils.report.door import REPORT_OUTCOMES
from tests.unit.report.making import made, run
from tests.unit.report.test_hand_over import HOSTILE, words

LATER = "9999-01-01T00:00:00.000Z"
JOINED: dict[str, t.Any] = {
    "outcome": "joined",
    "device_id": "6e4cbe68-588b-499c-8c04-dcfff140a1ca",
    "restarted": False,
    "reboot_required": False,
    "account_domain": "contoso.onmicrosoft.example",
}
SAID: dict[str, t.Any] = {
    "at": LATER,
    "restart": False,
    "restart_reasons": [],
    "encryption": "protected",
    "percentage": 100,
    "other_user": None,
    "other_user_blockers": [],
    "looked_at": ["HideFastUserSwitching, HKLM"],
    "signed_in": [],
    "hello": None,
}
ABOUT = sheet_words.About("Grace, extension 4711")


def page(about: sheet_words.About = ABOUT, **records: dict) -> str:
    return hand_over.page_file(made(dict(records)).report, about)


def shown(about: sheet_words.About = ABOUT, on_device: dict | None = None, **more: t.Any) -> str:
    return words(page(about, pc=JOINED | more | ({} if on_device is None else {"on_device": SAID | on_device})))


def test_a_name_without_a_domain_says_nothing_of_the_domain():
    text = shown(on_device={"signed_in": ["ada@"]})
    assert "have this domain" not in text and "name@your-organization.example" in text


def test_what_nobody_knows_is_not_said_to_be_so():
    text = shown(intune={"met": None, "said": "nobody answers"}, compliant={"met": False, "said": "no"})
    assert "It is not known whether the organization manages the device yet: nobody answers." in text
    assert "The device does not count as compliant yet: no." in text


def test_a_page_has_what_the_first_sign_in_needs():
    text = shown()
    for said in (
        "Name in the inventory: pc",
        "Not needed: Windows does not wait for one.",
        "Do not put AzureAD\\",
        "Choose Other user, and type the account.",
        "the first sign-in takes some minutes longer",
        "What was made with another account stays where it is",
        "Nothing of it was removed.",
        "Call: Grace, extension 4711",
    ):
        assert said in text, said


@pytest.mark.parametrize(
    ("record", "on_device", "said"),
    [
        ({}, None, "Not needed"),
        ({"restarted": True}, None, "Done: the device has restarted"),
        ({"reboot_required": True, "restarted": True}, None, "Still needed"),
        ({"reboot_required": None, "restarted": None}, None, "Nobody knows"),
        (
            {},
            {"restart": True, "restart_reasons": ["servicing"]},
            "Still needed: restart the device before anybody signs in. ",
        ),
        ({}, {"restart": True, "restart_reasons": ["servicing"]}, "Windows waits for it: servicing."),
        # Somebody may have restarted it since.
        ({}, {"restart": True, "at": "2020-01-01T00:00:00.000Z"}, "Not needed"),
        ({}, {"restart": "yes"}, "Not needed"),
    ],
)
def test_a_restart_is_done_or_still_needed_or_nobody_knows(record, on_device, said):
    assert said in shown(on_device=on_device, **record)


def test_the_account_has_the_domain_that_is_known_and_no_other():
    assert "such as name@contoso.example." in shown(sheet_words.About(None, "contoso.example"))
    signed_in = shown(on_device={"signed_in": ["ada@Contoso.example", "S-1-12-1-1-2-3-4"]})
    assert "such as name@contoso.example. Those who have signed in here have this domain." in signed_in
    assert "Who has signed in here before: ada@Contoso.example" in signed_in
    two = shown(on_device={"signed_in": ["ada@contoso.example", "bob@fabrikam.example"]})
    assert "name@your-organization.example" in two and "name@contoso" not in two
    # An account that joins devices may have another domain than people.
    only_join = shown()
    assert "name@your-organization.example" in only_join
    assert "joined by an account of contoso.onmicrosoft.example; your address may end otherwise" in only_join


def test_the_computer_is_named_as_it_has_answered():
    entry = {"run": run(), "device": "pc", "at": "2026-11-30T08:00:00.000Z", "record": JOINED}
    report = made({"pc": JOINED}, entries=[{**entry, "machine": "PC-0001 S-1-5-21-1-2-3"}]).report
    text = words(hand_over.page_file(report, ABOUT))
    assert "Computer name: PC-0001 Device id" in text and "S-1-5-21" not in text


def test_a_local_form_is_for_remote_desktop_and_not_for_the_screen():
    text = shown(sheet_words.About(None, "contoso.example"))
    screen, remote = text.split("With Remote Desktop")
    assert "AzureAD\\name@contoso.example" not in screen and "AzureAD\\name@contoso.example" in remote
    assert "Use a web account to sign in to the remote computer" in remote


def test_other_user_is_what_was_looked_at():
    assert "Nobody has looked whether Other user is on the sign-in screen." in shown()
    nothing = shown(on_device={})
    assert "Nothing was found that keeps Other user away." in nothing
    assert "Looked at: HideFastUserSwitching, HKLM" in nothing
    kept = shown(on_device={"other_user": False, "other_user_blockers": ["HideFastUserSwitching = 1 (HKLM)"]})
    assert "so that nobody new can sign in: HideFastUserSwitching = 1 (HKLM)." in kept


def test_what_has_not_come_yet_is_said_with_its_sentence():
    no = {"met": False, "reason": "encrypting", "said": "the drive is being encrypted"}
    text = shown(
        intune={"met": True, "said": "there"},
        compliant=no,
        let_in={"met": None, "said": "nobody knows"},
        on_device={"encryption": "encrypting", "percentage": 42},
    )
    assert "The device does not count as compliant yet: the drive is being encrypted." in text
    assert "It is not known whether apps let the device in: nobody knows." in text and "manage" not in text
    assert "The drive is being encrypted, 42 % so far." in text and "Until then apps may say" in text
    assert "Until then" not in shown(intune={"met": True}, compliant={"met": True})


def test_windows_hello_is_not_announced_where_a_policy_turns_it_off():
    assert "Windows Hello" in shown(on_device={"hello": True}) and "Windows Hello" in shown()
    assert "Windows Hello" not in shown(on_device={"hello": False})


@pytest.mark.parametrize("outcome", [*REPORT_OUTCOMES])
def test_each_joined_device_has_a_page_and_no_other(outcome):
    text = page(pc=JOINED | {"outcome": outcome}, good=JOINED)
    has = outcome in ("joined", "unchanged")
    assert ("<h1>pc</h1>" in text) is has and "<h1>good</h1>" in text
    assert ("1 more device of the report has no page: it is not joined." in text) is not has


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_text_of_others_is_a_text_on_the_page(text):
    def of(word: str) -> str:
        said = {"met": False, "reason": word, "said": word}
        told = SAID | dict.fromkeys(("restart_reasons", "looked_at", "signed_in", "other_user_blockers"), [word, word])
        record = JOINED | dict.fromkeys(("intune", "compliant", "policies", "let_in"), said)
        record |= {"account_domain": word, "on_device": told | {"restart": True, "encryption": word}}
        return page(pc=record)

    made_of, plain = of(text), of("x")
    assert re.findall(r"<[^>]*>", made_of) == re.findall(r"<[^>]*>", plain)
    assert made_of.replace("\n", "").isprintable() and len(made_of) < len(plain) + 60 * sheet_words.MAX_FIELD


@pytest.mark.parametrize("value", [None, 7, True, [], [7, None], {"a": 1}], ids=str)
def test_a_field_of_another_type_is_left_out(value):
    record = JOINED | {"on_device": dict.fromkeys(SAID, value)}
    assert "<h1>pc</h1>" in page(pc=record)


def test_only_named_fields_come_onto_a_page():
    """A secret that some module puts into a record by mistake is not printed."""
    secret = "hunter2-is-long-and-unlike-words"
    more = dict.fromkeys(("msg", "cause", "fix", "tenant_id", "password", "name", "code"), secret)
    told = {"intune": {"met": False, "token": secret}, "on_device": SAID | {"token": secret}, "state": {"a": secret}}
    assert secret not in page(pc=JOINED | more | told)

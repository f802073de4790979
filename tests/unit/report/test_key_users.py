# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user still needs to sign in with a security key: nothing is missing that nobody has read."""

from __future__ import annotations

import datetime

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.report import key_users
from tests.unit.report.key_rows import ADA, READY, key, row

NO_KEY = "no_security_key"


@pytest.mark.parametrize(
    ("told", "ready", "missing"),
    [
        (READY, True, []),
        (row(), False, [NO_KEY]),
        (row(passkeys=[key("authenticator")]), False, [NO_KEY]),
        (row(passkeys=[key("synced"), key("windows_hello")]), False, [NO_KEY]),
        (row(passkeys=[key(accepted=False)]), False, ["security_key_not_taken"]),
        (
            row(passkeys=[key(accepted=False)], passkey_limit_reached=True),
            False,
            ["security_key_not_taken", "passkey_limit"],
        ),
        (row(mfa_capable=False), False, [NO_KEY, "no_second_factor"]),
        # A user whom the report of registrations lacks may have a second factor.
        (row(mfa_capable=None, reported=None), False, [NO_KEY]),
        (row(found=False, passkeys=None), False, ["user_not_found"]),
        (row(enabled=False), False, ["user_disabled", NO_KEY]),
        (row(enabled=False, passkeys=[key()]), False, ["user_disabled"]),
        (row(in_scope=False, passkeys=[key()]), False, ["user_out_of_scope"]),
        # The policy is off, and the passkeys could not be read: what is missing is what was read.
        (row(in_scope=False, passkeys=None), False, ["user_out_of_scope"]),
        (row(ready=None, passkeys=None, unread=["the passkeys could not be read"]), None, []),
        (row(ready=None, passkeys=[key("unknown", None)]), None, []),
    ],
)
def test_what_is_missing(told, ready, missing):
    found = key_users.person(told)
    assert (found["ready"], found["missing"]) == (ready, missing)
    assert (found["says"] == "ready") is (ready is True)
    assert set(missing) <= set(key_users.NEEDS)


def test_passkeys_that_the_lock_screen_does_not_take_are_named():
    said = key_users.person(row(passkeys=[key("authenticator"), key("synced")]))["says"]
    assert "in Microsoft Authenticator and that are synced" in said and "lock screen" in said


def test_what_is_not_known_says_why():
    said = key_users.person(row(ready=None, passkeys=None, unread=["the passkeys could not be read: 500"]))["says"]
    assert said == "not known: the passkeys could not be read: 500"
    assert "nobody knows what it is on" in key_users.person(row(ready=None, passkeys=[key("unknown", None)]))["says"]
    assert "second factor" in key_users.person(row(mfa_capable=None))["says"]


def test_somebody_registers_a_key_who_can():
    def can(told, closed=False):
        return key_users.person(told, closed=closed)["to_register"]

    assert can(row()) and can(row(passkeys=[key(accepted=False)])) and can(row(mfa_capable=False))
    for told in (READY, row(enabled=False), row(in_scope=False), row(found=False), row(ready=None, passkeys=None)):
        assert not can(told)
    assert not can(row(), closed=True)
    assert key_users.person(row(), closed=True)["missing"] == [NO_KEY, "registration_closed"]


def test_a_pass_that_is_valid_is_a_second_factor_until_it_ends():
    start = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=30)
    given = {"outcome": "changed", "valid": True, "start": start.isoformat(), "lifetime": 60}
    given["object_id"] = READY["object_id"]
    steps = {"users": [ADA], "rows": [row(mfa_capable=False)], "passes": [given]}
    [first] = key_users.people_of(steps)
    assert (first["missing"], first["pass"]) == ([NO_KEY], "changed")
    # A later run that asks for no passes.
    [later] = key_users.people_of({**steps, "passes": [], "before": {"users": [first]}})
    assert (later["missing"], later["pass"]) == ([NO_KEY], "changed")
    over = {**first, "pass_ends": (start - datetime.timedelta(minutes=1)).isoformat()}
    for old in (over, {**first, "pass_ends": "2999-01-01T00:00:00"}, {**first, "pass_ends": "x"}):
        [found] = key_users.people_of({**steps, "passes": [], "before": {"users": [old]}})
        assert found["missing"] == [NO_KEY, "no_second_factor"]


def test_a_pass_that_was_not_given_says_why_and_never_its_value():
    given = {"user": ADA, "outcome": "failed", "valid": False, "error": {"msg": "the user may have no pass"}}
    found = key_users.person(row(mfa_capable=False), {**given, "temporary_access_pass": "s3cret"})
    assert (found["pass"], found["pass_failed"]) == ("failed", "the user may have no pass")
    assert "no_second_factor" in found["missing"] and "s3cret" not in str(found)


def test_users_whom_nobody_has_asked_about_are_as_the_report_knew_them():
    known = key_users.person(READY)
    found = key_users.people_of({"users": ["Ada@c.example", "new@c.example"], "before": {"users": [known]}})
    assert [one["user"] for one in found] == [ADA, "new@c.example"] and found[0]["ready"] is True
    assert (found[1]["ready"], found[1]["says"]) == (None, key_users.NOT_ASKED_YET)
    assert key_users.people_of({"users": None}) is None and key_users.people_of({"users": []}) == []


@pytest.mark.parametrize(
    ("told", "ready"),
    [
        (READY, None),
        (row(in_scope=False), False),
        (row(in_scope=False, passkeys=[key("authenticator", False)]), False),
        (row(in_scope=False, passkeys=[key("unknown", False)]), None),
        (row(enabled=False, passkeys=[key()]), False),
        (row(in_scope=False, passkeys=None), None),
    ],
)
def test_in_check_mode_what_the_old_policy_takes_says_nothing(told, ready):
    policy = {"changed": True, "policy": {"self_service": True}}
    [found] = key_users.people_of({"users": [ADA], "rows": [told], "policy": policy, "check": True})
    assert found["ready"] is ready and "user_out_of_scope" not in found["missing"]
    assert found["says"].startswith("not known: ") is (ready is None)


def test_a_user_of_a_device_is_there_once_however_often_named():
    """In other letters, and by the object id."""
    identity = READY["object_id"]
    rows = [READY, row(identity, object_id=identity), row("bob@c.example")]
    found = key_users.people_of({"users": [ADA, ADA.upper(), identity, "BOB@c.example"], "rows": rows})
    assert [one["user"] for one in found] == [ADA, "bob@c.example"]
    found = key_users.people_of({"users": ["new@c.example", "NEW@c.example"]})
    assert [one["user"] for one in found] == ["NEW@c.example"]


def test_a_pass_counts_by_whichever_name_its_user_was_given():
    given = {"user": ADA, "object_id": "o1", "outcome": "changed", "valid": True, "start": None, "lifetime": 60}
    told = row("o1", object_id="o1", mfa_capable=False)
    [found] = key_users.people_of({"users": ["o1"], "rows": [told], "passes": [given]})
    assert (found["missing"], found["pass"]) == ([NO_KEY], "changed")


def test_a_summary_names_those_who_are_not_ready():
    people = [key_users.person(READY), key_users.person(row("bob@c.example")), key_users.person(row("x@c.example"))]
    said = key_users.summary(people)
    assert ADA not in said and said.count("no security key is registered") == 2
    assert key_users.fix_of(people) == "the user registers one at https://aka.ms/mysecurityinfo"


def test_each_need_is_of_somebody():
    assert set(key_users.OF_THE_TENANT) | set(key_users.OF_THE_USER) <= set(key_users.NEEDS)
    assert all(key_users.REGISTRATION_LINK in key_users.NEEDS[name][1] for name in key_users.OF_THE_USER)

# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What this controller remembers of a tenant, and the locks of its processes: a help that never fails a task."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import signal
import stat

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils import locks
from ansible_collections.winops.entra.plugins.plugin_utils.result import Failure
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.graph.consistency import NEW_SECONDS
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.graph.memory import MOST_OBJECTS, Memory
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.graph.retry import Waits

from ..fake_graph import guid

FORK = multiprocessing.get_context("fork")
KIOSKS = guid("Kiosks")


def memory(directory, tenant="contoso", now=1e9) -> Memory:
    return Memory(str(directory), lambda: tenant, lambda: now)


def waits(limit=10.0) -> Waits:
    return Waits(limit, sleep=lambda seconds: None)


def test_the_next_task_knows_what_was_made(tmp_path):
    memory(tmp_path).add("group", "Kiosks", KIOSKS.upper())
    found = memory(tmp_path).recall("group", "Kiosks")
    assert found.id == KIOSKS and memory(tmp_path).made(KIOSKS.upper())
    assert memory(tmp_path).recall("group", "kiosks") is None and memory(tmp_path).recall("user", "Kiosks") is None


def test_another_tenant_knows_nothing_of_it(tmp_path):
    memory(tmp_path).add("group", "Kiosks", KIOSKS)
    assert memory(tmp_path, "fabrikam").recall("group", "Kiosks") is None
    assert not memory(tmp_path, "fabrikam").made(KIOSKS)


def test_it_is_forgotten_after_some_minutes_and_when_it_is_deleted(tmp_path):
    memory(tmp_path).add("group", "Kiosks", KIOSKS)
    assert memory(tmp_path, now=1e9 + NEW_SECONDS + 1).recall("group", "Kiosks") is None
    memory(tmp_path).forget("group", "Kiosks", KIOSKS)
    assert memory(tmp_path).recall("group", "Kiosks") is None and not memory(tmp_path).made(KIOSKS)


def test_the_newest_of_a_name_counts_and_a_new_name_replaces_the_old_one(tmp_path):
    second = guid("second")
    memory(tmp_path).add("group", "Kiosks", KIOSKS)
    memory(tmp_path).add("group", "Kiosks", second)
    assert memory(tmp_path).recall("group", "Kiosks").id == second
    memory(tmp_path).add("group", "Desks", second)
    assert memory(tmp_path).recall("group", "Kiosks").id == KIOSKS
    assert memory(tmp_path).recall("group", "Desks").id == second


def test_what_was_made_perhaps_is_clear_once_its_id_is_known(tmp_path):
    memory(tmp_path).add("group", "Kiosks", None)
    assert memory(tmp_path).recall("group", "Kiosks").id is None
    memory(tmp_path).add("group", "Kiosks", KIOSKS)
    memory(tmp_path).forget("group", "Kiosks", KIOSKS)
    assert memory(tmp_path).recall("group", "Kiosks") is None


def test_the_file_is_its_owner_s_and_stays_small(tmp_path):
    kept = memory(tmp_path / "home")
    for number in range(MOST_OBJECTS + 3):
        entry = {"noun": "group", "name": f"G{number}", "id": guid(f"G{number}"), "made": 1e9}
        if number == 0:
            kept.add("group", "G0", guid("G0"))
        elif number < MOST_OBJECTS:
            kept_file = json.loads(open(kept.path, encoding="utf-8").read())
            kept_file["objects"].append(entry)
            with open(kept.path, "w", encoding="utf-8") as stream:
                json.dump(kept_file, stream)
        else:
            kept.add("group", entry["name"], entry["id"])
    assert stat.S_IMODE(os.stat(kept.path).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(tmp_path / "home").st_mode) == 0o700
    assert len(json.loads(open(kept.path, encoding="utf-8").read())["objects"]) == MOST_OBJECTS
    assert kept.recall("group", "G2") is None and kept.recall("group", f"G{MOST_OBJECTS + 2}") is not None
    assert os.listdir(tmp_path / "home") == [os.path.basename(kept.path)]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "null",
        '{"objects": {}}',
        '{"objects": [1, null, [], {}, "x"]}',
        '{"objects": [{"noun": "group", "name": "Kiosks", "id": "../../x", "made": 1000000000}]}',
        '{"objects": [{"noun": "group", "name": "Kiosks", "id": 5, "made": 1000000000}]}',
        '{"objects": [{"noun": "group", "name": "Kiosks", "id": null, "made": true}]}',
        '{"objects": [{"noun": "group", "name": "Kiosks", "id": null, "made": 1e400}]}',
        "[" * 5000,
        "\x00\xff",
        "x" * (1 << 21),
    ],
    ids=lambda content: content[:60],
)
def test_a_damaged_file_is_passed_over_and_replaced(tmp_path, content):
    kept = memory(tmp_path)
    with open(kept.path, "w", encoding="latin-1") as stream:
        stream.write(content)
    assert kept.recall("group", "Kiosks") is None and not kept.made(KIOSKS)
    kept.add("group", "Kiosks", KIOSKS)
    assert memory(tmp_path).recall("group", "Kiosks").id == KIOSKS


def a_file(place):
    place.write_text("not a directory")


def a_closed_directory(place):
    place.mkdir()
    (place / "x").mkdir()
    place.chmod(0o500)


def a_pipe_for_a_file(place):
    place.mkdir()
    os.mkfifo(memory(place).path)
    os.mkfifo(memory(place).path + ".lock")


def a_link_for_a_file(place):
    place.mkdir()
    os.symlink("/etc/passwd", memory(place).path)
    os.symlink("/etc/passwd", memory(place).path + ".lock")


@pytest.mark.parametrize("spoil", [a_file, a_closed_directory, a_pipe_for_a_file, a_link_for_a_file])
def test_a_place_that_cannot_be_used_is_passed_over(tmp_path, spoil):
    place = tmp_path / "place"
    spoil(place)
    kept = memory(place)
    kept.add("group", "Kiosks", KIOSKS)
    kept.forget("group", "Kiosks", KIOSKS)
    kept.add("group", "Desks", KIOSKS)
    assert kept.made(KIOSKS)  # this task knows it all the same
    with kept.alone("group", "Kiosks", waits()) as others:
        assert others is False
    assert open("/etc/passwd", encoding="utf-8").read().startswith("root")


def test_without_a_place_nothing_is_kept():
    kept = Memory()
    kept.add("group", "Kiosks", KIOSKS)
    assert kept.made(KIOSKS) and kept.recall("group", "Kiosks") is None


def remember(directory, name):
    Memory(directory, lambda: "contoso", lambda: 1e9).add("group", name, guid(name))


def test_many_processes_lose_nothing(tmp_path):
    names = [f"G{number}" for number in range(12)]
    processes = [FORK.Process(target=remember, args=(str(tmp_path), name)) for name in names]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0
    assert [name for name in names if memory(tmp_path).recall("group", name) is None] == []


# --- the lock ---


def hold(directory, name, pipe):
    with Memory(directory, lambda: "contoso").alone("group", name, Waits(60)):
        pipe.send("held")
        pipe.poll(60)


class Holder:
    """Another process that creates "Kiosks"."""

    def __init__(self, directory) -> None:
        self._pipe, theirs = FORK.Pipe()
        self.process = FORK.Process(target=hold, args=(directory, "Kiosks", theirs))
        self.process.start()
        assert self._pipe.poll(60) and self._pipe.recv() == "held"

    def end(self) -> None:
        with contextlib.suppress(OSError):  # It may be dead.
            self._pipe.send("end")
        self.process.join()


@pytest.fixture
def holder(tmp_path):
    other = Holder(str(tmp_path))
    yield other
    other.end()


def test_one_process_at_a_time_creates_a_name(tmp_path, holder):
    with pytest.raises(Failure) as refused:
        with memory(tmp_path).alone("group", "KIOSKS", waits(limit=3)):
            pytest.fail("two are in")
    assert (refused.value.error["name"], refused.value.error["side"]) == ("creation_locked", "controller")
    assert "run_once" in refused.value.msg


@pytest.mark.parametrize(("tenant", "noun", "name"), [("x", "group", "Kiosks"), ("contoso", "group", "Desks")])
def test_other_names_and_tenants_go_on(tmp_path, holder, tenant, noun, name):
    with memory(tmp_path, tenant).alone(noun, name, waits(limit=0)) as others:
        assert others is False


def test_who_waits_goes_on_when_the_other_is_done_and_knows_of_it(tmp_path, holder):
    said: list[str] = []
    waiting = Waits(60, sleep=lambda seconds: holder.end(), say=said.append)
    with memory(tmp_path).alone("group", "Kiosks", waiting) as others:
        assert others is True
    assert os.listdir(tmp_path) == [] and len(said) == 1 and "'Kiosks'" in said[0]


def test_the_lock_of_a_process_that_was_killed_holds_nobody_up(tmp_path, holder):
    os.kill(holder.process.pid, signal.SIGKILL)
    holder.process.join()
    assert len(os.listdir(tmp_path)) == 1
    with memory(tmp_path).alone("group", "Kiosks", waits(limit=0)) as others:
        assert others is False
    assert os.listdir(tmp_path) == []


def test_a_failure_within_frees_the_lock(tmp_path):
    with pytest.raises(OSError, match="within"):
        with memory(tmp_path).alone("group", "Kiosks", waits()):
            raise OSError("within")
    with memory(tmp_path).alone("group", "Kiosks", waits(limit=0)) as others:
        assert others is False


def test_a_lock_that_was_taken_away_while_it_was_waited_for_is_asked_for_anew(tmp_path):
    """The holder takes its file away, and a third one makes a new file of the name, before the waiting one looks."""
    path = str(tmp_path / "lock")
    first = locks.held(path, lambda: False)
    first.__enter__()
    third = locks.held(path, lambda: False)

    def change_hands():
        if not change_hands.done:
            change_hands.done = True
            first.__exit__(None, None, None)
            third.__enter__()
        else:
            third.__exit__(None, None, None)
        return True

    change_hands.done = False
    with locks.held(path, change_hands) as others:
        assert others is True and os.path.exists(path)
    assert not os.path.exists(path)

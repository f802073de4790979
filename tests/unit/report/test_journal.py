# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal beside a report: lines of many workers at once, of killed ones, and its lock."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import time

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.report import journal
from ansible_collections.winops.entra.plugins.plugin_utils.result import Failure

HEADER = '{"format": "winops.entra.rollout_journal", "version": 1}\n'
LINE = '{"device":"a"}\n'
WORKERS, LINES = 4, 50


@pytest.fixture
def dest(tmp_path):
    return str(tmp_path / "join-report.json")


def _append(dest: str, worker: int) -> None:
    for number in range(LINES):
        journal.append(dest, {"device": f"{worker}-{number}"}, "dest")


def _take(dest: str, taken) -> None:
    """Take lines in and remove the journal, again and again, as the tasks that write reports do."""
    while not taken.closed:
        with journal.locked(dest) as lines:
            entries, torn = lines.read()
            assert not torn
            if entries:
                taken.send([entry["device"] for entry in entries])
                lines.clear()


def test_no_line_of_many_workers_is_lost_or_doubled_while_others_take_them_in(dest):
    fork = multiprocessing.get_context("fork")
    receiver, sender = fork.Pipe(duplex=False)
    taker = fork.Process(target=_take, args=(dest, sender))
    workers = [fork.Process(target=_append, args=(dest, worker)) for worker in range(WORKERS)]
    for process in (taker, *workers):
        process.start()
    found: list[str] = []
    while len(found) < WORKERS * LINES and receiver.poll(60):
        found += receiver.recv()
    for worker in workers:
        worker.join(60)
    os.kill(taker.pid, signal.SIGKILL)
    taker.join(60)
    assert sorted(found) == sorted(f"{worker}-{number}" for worker in range(WORKERS) for number in range(LINES))
    for worker in range(WORKERS):
        assert [name for name in found if name.startswith(f"{worker}-")] == [f"{worker}-{n}" for n in range(LINES)]


def test_a_line_is_for_its_owner_and_readable_by_programs(dest):
    journal.append(dest, {"device": "M\u00fcnchen\u2028"}, "dest", durable=True)
    with open(journal.path_of(dest), encoding="ascii") as stream:
        header, line = stream.read().splitlines()
    assert json.loads(header) == json.loads(HEADER) and json.loads(line) == {"device": "M\u00fcnchen\u2028"}
    assert os.stat(journal.path_of(dest)).st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("left", "devices", "torn"),
    [
        ("", ["new"], 0),
        (HEADER[:20], ["new"], 0),
        (HEADER[:-1], ["new"], 0),
        (HEADER, ["new"], 0),
        (HEADER + LINE, ["a", "new"], 0),
        (HEADER + LINE + LINE[:6], ["a", "new"], 1),
        (HEADER + LINE + LINE[:-1], ["a", "a", "new"], 0),
        (HEADER + "5\n" + LINE + '{"device": 5}\n', ["a", "new"], 2),
    ],
)
def test_what_a_killed_worker_has_written_costs_at_most_its_own_line(dest, left, devices, torn):
    with open(journal.path_of(dest), "w", encoding="utf-8") as stream:
        stream.write(left)
    journal.append(dest, {"device": "new"}, "dest")
    entries, damaged = journal.look(dest)
    assert ([entry["device"] for entry in entries], damaged) == (devices, torn)


@pytest.mark.parametrize("text", ["x", "{}\n", '{"format": "winops.entra.rollout_journal", "version": 9}\n' + LINE])
def test_what_is_not_a_journal_is_refused_and_left_alone(dest, text):
    with open(journal.path_of(dest), "w", encoding="utf-8") as stream:
        stream.write(text)
    with pytest.raises(Failure, match="bad option dest: .* is not the journal of a report"):
        journal.look(dest)
    with open(journal.path_of(dest), encoding="utf-8") as stream:
        assert stream.read() == text


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: os.symlink("/dev/null", path)])
def test_what_is_no_regular_file_is_a_bad_option_by_its_name(dest, make):
    make(journal.path_of(dest))
    with pytest.raises(Failure, match="bad option add_to_report: .* cannot be written"):
        journal.append(dest, {"device": "a"}, "add_to_report")


def test_a_lock_that_others_keep_is_waited_for_and_not_for_ever(dest, monkeypatch):
    monkeypatch.setattr(journal, "LOCK_PATIENCE", 0.2)
    with journal.locked(dest):
        started = time.monotonic()
        with pytest.raises(Failure, match="other tasks have held its lock"):
            journal.append(dest, {"device": "a"}, "dest")
        assert time.monotonic() - started >= 0.2
    journal.append(dest, {"device": "a"}, "dest")
    assert len(journal.look(dest)[0]) == 1


def test_a_journal_that_stays_empty_is_not_left_behind(dest):
    with journal.locked(dest) as lines:
        assert lines.read() == ([], 0)
    assert os.listdir(os.path.dirname(dest)) == []
    assert journal.look(dest) == ([], 0)


def test_a_line_that_cannot_be_written_whole_is_taken_back(dest, monkeypatch):
    journal.append(dest, {"device": "a"}, "dest")

    def full(handle, data):
        real(handle, data[:5])
        raise OSError(28, "No space left on device")

    real = os.write
    monkeypatch.setattr(os, "write", full)
    with pytest.raises(Failure, match="No space left"):
        journal.append(dest, {"device": "b"}, "dest")
    assert [entry["device"] for entry in journal.look(dest)[0]] == ["a"] and journal.look(dest)[1] == 0

# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One conversation with one device: lists of operations out, their results back.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import base64
import contextlib
import datetime
import functools
import time
import types
import typing as t
import uuid
from collections.abc import Callable, Mapping

from ansible.errors import AnsibleConnectionFailure, AnsibleError

from .. import untrusted, vaulted
from ..progress import Deadline
from . import answers, wire
from .answers import Answer, Result
from .operations import CHANGING
from .trace import DeviceTrace
from .watch import TimeIsUp, Watch

__all__ = ["Answer", "CheckModeViolation", "ConnectionLost", "DeviceSession", "Result"]

# Connection plugins let errors of the libraries below them through; by these packages they are told from our own bugs.
TRANSPORT_PACKAGES = frozenset(
    {"winrm", "pypsrp", "spnego", "requests", "requests_ntlm", "urllib3", "http", "httpcore"}
)
SHOWN_OUTPUT = 400
# An exchange that takes longer is lost. What takes minutes runs as a job, which is asked for again and again.
EXCHANGE_SECONDS = 600
# And so much it has, when the task's own time is over: the last look counts.
LEAST_SECONDS = 10
SHOWN_OPERATIONS = 3
CONNECTION_FAILED = "the connection to the device failed"
# Here and not where it is needed: the codec, which winrm needs, too, is then loaded before the workers are forked.
ENCODED_BOOTSTRAP = base64.b64encode(wire.BOOTSTRAP.encode("utf-16-le")).decode("ascii")
SCRIPT_TRANSPORTS = frozenset({"winrm", "psrp"})


class ConnectionLost(AnsibleConnectionFailure):
    """The connection broke. Whether the operations were executed is not known."""

    name = "connection_lost"


class CheckModeViolation(Exception):
    """A changing operation was about to be sent in check mode: a bug in the calling module, never the user's fault."""


class DeviceSession:
    """Runs operations on the device behind an Ansible connection (winrm, psrp, or ssh with PowerShell).

    In check mode it refuses to send a changing operation; nothing else in the collection needs to.
    ``exchanges`` counts the commands executed on the device, ``machine`` says which Windows has answered last.
    ``connection`` is Ansible's connection plugin. ``trace``
    says at -vvv what each exchange was, ``show`` prints what a long one waits for, and within ``in_clear(path)`` a file
    of the controller can be read that may be vaulted. An exchange ends with ``deadline``, that of what is waited for,
    and in any case after EXCHANGE_SECONDS: as a lost connection. ``device`` is the inventory name of who is asked, and
    ``known_facts`` what Ansible keeps of the host to which the task's facts go.
    """

    deadline: Deadline | None = None
    #: For how many seconds the task has said nothing when an exchange begins.
    silence: Callable[[], float] = staticmethod(lambda: 0.0)
    device: str = ""
    known_facts: Mapping[str, t.Any] = types.MappingProxyType({})
    #: Records what a task has learned so far, where its attempts are recorded, before the device may forget it. It may
    #: raise Failure.
    note: Callable[[dict[str, t.Any]], None] = staticmethod(lambda learned: None)

    def __init__(
        self,
        connection,
        execute,
        check_mode: bool = False,
        trace: DeviceTrace | None = None,
        show: Callable[[str], None] = lambda sentence: None,
        in_clear: Callable[[str], contextlib.AbstractContextManager[str]] = contextlib.nullcontext,
    ) -> None:
        self.connection = connection
        self._execute = execute
        self._check_mode = check_mode
        self._trace = trace or DeviceTrace()
        self._show = show
        self._in_clear = in_clear
        self.exchanges = 0
        self.lost = False
        self.machine: str | None = None

    @classmethod
    def of_action(
        cls,
        action,
        host: str | None = None,
        show: Callable[[str], None] = lambda sentence: None,
        masked: Callable[[str], str] = str,
        quiet: bool = False,
    ) -> DeviceSession:
        """The session of an action plugin's own connection. ``host`` is the inventory name, for -vvv, where ``masked``
        takes what is secret out of a text; a ``quiet`` one says nothing there."""

        def execute(script: str, data: bytes) -> tuple[str, str, int]:
            answer = action._low_level_execute_command(script, sudoable=False, in_data=data)
            return answer["stdout"], answer["stderr"], answer["rc"]

        in_clear = functools.partial(vaulted.in_clear, action)
        trace = DeviceTrace(host, masked, quiet)
        return cls(action._connection, execute, action._task.check_mode, trace, show, in_clear)

    def run(self, operations: dict[str, dict], stop_on_error: bool = False) -> Answer:
        """Execute named operations in their order with one command on the device.

        A connection that breaks in mid-exchange is tried once more where nothing but observing operations was sent.
        Raises ConnectionLost, wire.WireError for an answer that cannot be read, CheckModeViolation.
        """
        changing = sorted({operation["op"] for operation in operations.values()} & CHANGING)
        if self._check_mode and changing:
            raise CheckModeViolation(f"{', '.join(changing)} was about to be sent in check mode")
        try:
            return self._exchange(operations, stop_on_error)
        except ConnectionLost as exc:
            # What Ansible itself calls a failed connection (refused, wrong password, timeout) is not better a moment
            # later.
            if changing or isinstance(exc.__cause__, (AnsibleConnectionFailure, TimeIsUp)):
                raise
            return self._exchange(operations, stop_on_error)

    def _exchange(self, operations: dict[str, dict], stop_on_error: bool) -> Answer:
        request_id = str(uuid.uuid4())
        request = {"v": 1, "id": request_id, "stop_on_error": stop_on_error, "ops": list(operations.values())}
        data = wire.encode_payload(request)
        asked_at, started = _now(), time.monotonic()
        stdout = ""
        try:
            stdout, stderr, code = self._guarded(
                lambda: self._execute(self._script(), data), _sentence(operations), _own_time(operations)
            )
            self.exchanges += 1
            answer = self._read(operations, request_id, stdout, stderr, code, asked_at)
            self.machine = answers.machine(answer.device)
        except (ConnectionLost, wire.WireError) as exc:
            self._trace.failed(operations, exc, time.monotonic() - started, len(data), len(stdout))
            raise
        self._trace.answered(operations, answer.results, time.monotonic() - started, len(data), len(stdout))
        return answer

    @staticmethod
    def _read(
        operations: dict[str, dict], request_id: str, stdout: str, stderr: str, code: int, asked_at: float
    ) -> Answer:
        """The answer in what the device printed, checked: from here on its shape is believed."""
        try:
            told = wire.decode_answer(stdout, request_id, untrusted.load_json)
        except wire.NoAnswer as exc:
            said = untrusted.in_one_line(stderr or stdout)[:SHOWN_OUTPUT]
            sentence = f"{exc}; exit code {code}, the device printed: {said or 'nothing'}"
            raise wire.NoAnswer(sentence, f"{stdout}\n{stderr}", code) from None
        problem = answers.bad_identity(told["device"])
        if problem is None and len(told["results"]) != len(operations):
            problem = f"it has {len(told['results'])} results for {len(operations)} operations"
        if problem:
            raise wire.DamagedAnswer(f"the answer is not of the agreed form: {problem}")
        results = {
            name: answers.checked(operation, item)
            for (name, operation), item in zip(operations.items(), told["results"])
        }
        return Answer(results, told["device"], asked_at, _now())

    def leave_connection(self) -> None:
        """Close the connection in hand, which is to another device; the next exchange opens one to this. A device that
        does not answer any more is not waited for."""
        self.deadline = Deadline(LEAST_SECONDS)
        with contextlib.suppress(ConnectionLost):
            self._guarded(self.connection.close, "closing the connection to the device before")
        self.deadline = None

    def put_file(self, source: str, destination: str) -> None:
        """Copy a file of the controller to a literal path on the device. Raises as run() does.

        A connection that breaks in the middle is tried once more: the file is always written whole. A vaulted file is
        decrypted for the time of the copy only.
        """
        if self._check_mode:
            raise CheckModeViolation("a file copy was about to be sent in check mode")

        def copy() -> None:
            with self._in_clear(source) as path:
                self.connection.put_file(path, destination)

        try:
            self._guarded(copy, f"copying {destination}")
        except ConnectionLost as exc:
            # The device answers, and says no; or it is not there at all, or too slow.
            if isinstance(exc.__cause__, (AnsibleError, TimeIsUp)):
                raise
            self._guarded(copy, f"copying {destination}")

    def _script(self) -> str:
        # winrm wraps a script into PowerShell by itself (and up to ansible-core 2.18 would wrap a wrapped one again);
        # psrp runs it as it is. Any other connection hands the text to the remote shell, whichever that may be.
        if getattr(self.connection, "transport", None) in SCRIPT_TRANSPORTS:
            return wire.BOOTSTRAP
        return f"powershell.exe -NoProfile -NonInteractive -ExecutionPolicy Bypass -EncodedCommand {ENCODED_BOOTSTRAP}"

    def _guarded(self, exchange, sentence: str, own_time: float = 0.0):
        """Do one exchange on a connection that may have broken before or may break now, or may never answer."""
        seconds = EXCHANGE_SECONDS + own_time
        if self.deadline is not None:
            seconds = min(seconds, max(self.deadline.left, LEAST_SECONDS))
        watch = Watch(
            seconds,
            lambda after: self._show(f"{sentence} ({after:.0f} s of at most {seconds:.0f} s)"),
            silence=self.silence(),
        )
        try:
            try:
                watch.start()
                if self.lost:
                    self.connection.reset()
                    self.lost = False
                return exchange()
            finally:
                watch.stop()
        except TimeIsUp as exc:
            watch.stop()  # where it came in between
            self.lost = True
            raise ConnectionLost(
                f"the device has taken what was asked and has given no answer within {seconds:.0f} s"
            ) from exc
        except Exception as exc:
            if not _is_transport_error(exc):
                raise
            self.lost = True
            raise ConnectionLost(f"{CONNECTION_FAILED}: {untrusted.in_one_line(str(exc))}") from exc


def _is_transport_error(exc: Exception) -> bool:
    package = type(exc).__module__.split(".", 1)[0]
    return isinstance(exc, (AnsibleError, OSError)) or package in TRANSPORT_PACKAGES


def _sentence(operations: Mapping[str, dict]) -> str:
    """What an exchange waits for."""
    names = list(dict.fromkeys(operation["op"] for operation in operations.values()))
    more = f" and {len(names) - SHOWN_OPERATIONS} more" if len(names) > SHOWN_OPERATIONS else ""
    return f"waiting for the device's answer to {', '.join(names[:SHOWN_OPERATIONS])}{more}"


def _own_time(operations: Mapping[str, dict]) -> float:
    """The seconds that operations may take by what was asked, one after another."""
    return sum(operation.get("timeout", 0) for operation in operations.values())


def _now() -> float:
    return datetime.datetime.now(datetime.timezone.utc).timestamp()

# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What -vvv and -vvvv show of the talk with a device: one line an exchange, then what the device refused.

No parameter but what an operation looks at, no value, and no text that looks like a credential is shown.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t
from collections import Counter
from collections.abc import Callable, Mapping

from ansible.utils.display import Display

from ..untrusted import visible
from .answers import Result
from .codes.hresult import error_code
from .redaction import redact

EXCHANGE_VERBOSITY = 3
"""From so many ``v`` on an exchange is shown."""
SHOWN_MESSAGE = 300


class DeviceTrace:
    """Says what the exchanges with one host were; ``host`` is its inventory name, ``masked`` takes out of a text what
    is known to be secret. A ``quiet`` one says nothing."""

    def __init__(self, host: str | None = None, masked: Callable[[str], str] = str, quiet: bool = False) -> None:
        self._host = host
        self._masked = masked
        self._display = Display()
        self._quiet = quiet

    def answered(
        self, operations: Mapping[str, dict], results: Mapping[str, Result], seconds: float, sent: int, received: int
    ) -> None:
        """An exchange that brought an answer. Seconds and bytes."""
        if self._quiet or self._display.verbosity < EXCHANGE_VERBOSITY:
            return
        refused = {name: result for name, result in results.items() if not result.ok}
        outcome = f"{len(refused)} of {len(results)} refused" if refused else "ok"
        self._show(operations, outcome, seconds, sent, received)
        told = [(name, result.what, result.error or {}) for name, result in refused.items()]
        for name, result in results.items():
            told += [(name, f"{result.what}, {path}", error) for path, error in result.closed_keys()]
        for name, what, error in told:
            code = error_code(error)
            said = f"{' '.join(str(redact(self._masked(error['message']))).split())[:SHOWN_MESSAGE]} ({error['type']}"
            line = f"winops.entra: {name} ({operations[name]['op']} {what}) refused: {said}"
            # Names of registry keys are the device's own words, too.
            self._display.vvvv(visible(line + (f", {code})" if code else ")")), host=self._host)

    def failed(self, operations: Mapping[str, dict], exc: t.Any, seconds: float, sent: int, received: int) -> None:
        """An exchange that brought none: ``exc`` is a ConnectionLost or a WireError, which have names."""
        if self._quiet or self._display.verbosity < EXCHANGE_VERBOSITY:
            return
        said = visible(str(redact(self._masked(str(exc)))), SHOWN_MESSAGE)
        self._show(operations, f"{exc.name}: {said}", seconds, sent, received)

    def _show(self, operations: Mapping[str, dict], outcome: str, seconds: float, sent: int, received: int) -> None:
        names = Counter(operation["op"] for operation in operations.values())
        listed = ", ".join(name if count == 1 else f"{count} {name}" for name, count in names.items())
        self._display.vvv(
            f"winops.entra: {listed}: {outcome}; {seconds:.2f} s, {sent} bytes sent, {received} received",
            host=self._host,
        )

# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one writer of files on the controller: whole or not at all, and for their owner only.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import datetime
import json
import os
import tempfile
import typing as t

from ..options import bad_option


def now() -> str:
    """The controller's time as files hold it: UTC, to the second."""
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")


def write(path: str, content: t.Any) -> None:
    """Write ``content`` as JSON, and make the directory. A task that is stopped leaves the last good file.

    Raises the Failure of a bad option ``dest``.
    """
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        # 0600: what is written names people and machines.
        handle, temporary = tempfile.mkstemp(dir=os.path.dirname(path), suffix=".tmp")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                json.dump(content, stream, indent=2, ensure_ascii=False)
                stream.write("\n")
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as exc:
        raise bad_option(
            "dest", f"{path} cannot be written: {exc.strerror or exc}", "give a path on the controller that can be"
        ) from exc

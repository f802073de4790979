# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check an archive of the collection with galaxy-importer, the program by which Ansible Galaxy takes or refuses it.

    build/importer/bin/python tests/tools/importer.py ARCHIVE

Runs under the Python of an environment that has galaxy-importer (`make importer`). Its warnings count as errors: Galaxy
shows them on the collection's page.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

# The importer starts ansible-doc and ansible-lint by name.
BIN = Path(sys.executable).parent


def main(arguments: list[str]) -> int:
    """Check one archive; returns the exit status."""
    if len(arguments) != 1:
        print(f"one archive is wanted, not {len(arguments)}: remove old ones from build/", file=sys.stderr)
        return 2
    results = BIN.parent / "results"
    results.mkdir(exist_ok=True)
    # The importer writes importer_result.json into the current directory.
    done = subprocess.run(
        [sys.executable, "-m", "galaxy_importer.main", Path(arguments[0]).resolve()],
        cwd=results,
        env=os.environ | {"PATH": os.pathsep.join([str(BIN), os.environ.get("PATH", os.defpath)])},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    print(done.stdout)
    return done.returncode or bool(complaints(done.stdout))


def complaints(output: str) -> list[str]:
    """The lines of the importer's output that are warnings or errors."""
    return [line for line in output.splitlines() if line.startswith(("WARNING:", "ERROR:"))]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put ansible.windows beside our collection in build/collections.

winops.entra does not need it. The integration tests let its modules talk to the lab, which shows that the lab answers
clients that nobody here wrote, and the benchmarks measure against it. It comes inside the `ansible` package, from the
index that pip is configured for, so that no second server is needed; of that package only this collection is unpacked.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Carries ansible.windows 3.6.1, which wants ansible-core 2.16 or newer, as we do.
PACKAGE = "ansible==13.8.0"
# The package itself wants a newer Python than that collection does: which one asks is of no matter here.
PYTHON_VERSION = "3.12"
MEMBERS = "ansible_collections/ansible/windows/"


def main() -> None:
    """Download the package and unpack the collection."""
    with tempfile.TemporaryDirectory() as directory:
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "download", "--no-deps"]
        choice = ["--only-binary=:all:", "--python-version", PYTHON_VERSION, "--dest", directory]
        subprocess.run([*pip, *choice, PACKAGE], check=True)
        (wheel,) = Path(directory).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            names = [name for name in archive.namelist() if name.startswith(MEMBERS)]
            archive.extractall(ROOT / "build" / "collections", names)


if __name__ == "__main__":
    main()

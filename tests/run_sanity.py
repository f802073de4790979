# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run `ansible-test sanity` over the working tree, for the ansible-core and Python of the environment.

    .venv/bin/python tests/run_sanity.py [arguments of ansible-test sanity, such as --test validate-modules]

ansible-test wants a real directory .../ansible_collections/winops/entra that is a repository of its own, and builds one
environment for each of its tests below the home directory. Both get a place below build/sanity instead. It would also
download get-pip from a server of its own, and install pip ten times; this environment's pip is copied instead.
"""

from __future__ import annotations

import ast
import configparser
import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / "build" / "sanity"
COLLECTION = WORK / "ansible_collections" / "winops" / "entra"
HOME = WORK / "home"
GET_PIP = """\
import shutil
import sysconfig
from pathlib import Path

there = Path(sysconfig.get_path("purelib"))
for source in {sources!r}:
    shutil.copytree(source, there / Path(source).name, dirs_exist_ok=True)
"""
NEEDS = {"pslint": "pwsh", "shellcheck": "shellcheck"}


def main(arguments: list[str]) -> int:
    """Run the sanity tests and return ansible-test's exit code."""
    environment = isolated_environment()
    copy_working_tree(environment)
    for test, program in NEEDS.items():
        if not shutil.which(program):
            print(f"{test}: skipped, there is no {program} on PATH", flush=True)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    if shutil.which("pwsh") and not has_script_analyzer(environment):
        # ansible-test would end with FATAL.
        print("pslint: skipped, the pwsh on PATH has no PSScriptAnalyzer", flush=True)
        arguments = [*arguments, "--skip-test", "pslint"]
    ansible_test = Path(sys.executable).with_name("ansible-test")
    command = [ansible_test, "sanity", "--python", version, *arguments]
    return subprocess.run(command, cwd=COLLECTION, env=environment, stdin=subprocess.DEVNULL, check=False).returncode


def has_script_analyzer(environment: dict[str, str]) -> bool:
    """Whether the pwsh that ansible-test would start has the module that its pslint needs."""
    command = "exit [int]($null -eq (Get-Module -ListAvailable -Name PSScriptAnalyzer))"
    # As ansible-test starts it; but what it has unpacked for itself it need not unpack again.
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    asked = {"HOME": environment["HOME"], "PATH": environment["PATH"], "XDG_CACHE_HOME": cache}
    done = subprocess.run(
        ["pwsh", "-NoProfile", "-NonInteractive", "-Command", command],
        env=asked,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    return done.returncode == 0


def isolated_environment() -> dict[str, str]:
    """Return an environment whose home is below build/. ansible-test hands on HOME and PATH, nothing else."""
    cache = HOME / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    script = GET_PIP.format(sources=pip_directories())
    for version in pip_versions():
        (cache / f"get_pip_{version.replace('.', '_')}.py").write_text(script, encoding="utf-8")
    write_pip_configuration(HOME / ".config" / "pip" / "pip.conf")

    environment = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "ANSIBLE_"))}
    environment["HOME"] = str(HOME)
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environment.get("PATH", os.defpath)])
    return environment


def write_pip_configuration(path: Path) -> None:
    """Write what pip is told here, by its files and by PIP_* variables, as one file; 0600, it can hold a password."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    listing = subprocess.run([*pip, "config", "list"], capture_output=True, text=True, check=True).stdout
    cache = subprocess.run([*pip, "cache", "dir"], capture_output=True, text=True, check=False).stdout.strip()
    configuration = configparser.RawConfigParser()
    configuration.add_section("global")
    # Lines of the form section.option='value'. Variables come as the section ":env:" and win.
    for line in sorted(listing.splitlines(), key=lambda line: line.startswith(":env:")):
        name, value = line.split("=", 1)
        section, option = name.rsplit(".", 1)
        section = "global" if section == ":env:" else section
        if not configuration.has_section(section):
            configuration.add_section(section)
        configuration.set(section, option, ast.literal_eval(value))
    configuration.set("global", "quiet", "2")
    if cache:
        configuration.set("global", "cache-dir", cache)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    with path.open("w", encoding="utf-8") as file:
        configuration.write(file)


def pip_directories() -> list[str]:
    """The directories of which this environment's pip consists."""
    pip = importlib.metadata.distribution("pip")
    site = Path(str(pip.locate_file("")))
    return [str(site / "pip"), str(next(site.glob(f"pip-{pip.version}.dist-info")))]


def pip_versions() -> set[str]:
    """Return the versions of pip that this ansible-test would look for, by which its cache names the files."""
    package = importlib.util.find_spec("ansible_test")
    if package is None or package.origin is None:
        sys.exit("ansible-test is not installed here: make env")
    source = Path(package.origin).with_name("_internal") / "python_requirements.py"
    return set(re.findall(r"pip='([\d.]+)'", source.read_text(encoding="utf-8")))


def copy_working_tree(environment: dict[str, str]) -> None:
    """Copy what git tracks or would track, as it is in the working tree now."""
    shutil.rmtree(COLLECTION, ignore_errors=True)
    COLLECTION.mkdir(parents=True)
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in os.fsdecode(listing.stdout).split("\0"):
        source = ROOT / name
        if name and source.is_file():
            target = COLLECTION / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    subprocess.run(["git", "init", "--quiet"], cwd=COLLECTION, env=environment, check=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

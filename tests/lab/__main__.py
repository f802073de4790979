# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the lab: ``python3 -m tests.lab [--devices N] [--scenario NAME|FILE] [--out build/lab] [--speed F]
[--seconds S]``.

Writes <out>/ca.pem, <out>/inventory.yml, <out>/tenant.env, <out>/tenant.json, <out>/winrm.jsonl, <out>/graph.jsonl and,
last and whole, <out>/ready.json with {pid, control, devices, graph, authority}; prints one line when it is ready; stops
on SIGTERM and SIGINT, and after that many seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import resource
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from aiohttp import web

from . import inventory, private, tls
from .control import application
from .graph import files as tenant_files
from .graph.recording import Recording
from .graph.server import Server
from .graph.service import Service
from .host import ScenarioError
from .powershell import real
from .recorder import Recorder
from .scenario import load_world
from .world import World
from .wsman.server import Listeners


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line and run until a signal comes; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python3 -m tests.lab", description="Simulated Windows devices on loopback.")
    parser.add_argument("--devices", type=_count, help="number of devices (default: the scenario's own)")
    parser.add_argument("--scenario", default="demo", help="name in tests/lab/scenarios, or a YAML file")
    parser.add_argument("--out", type=Path, default=Path("build/lab"), help="directory for the lab's files")
    parser.add_argument("--speed", type=_speed, default=1.0, help="device seconds per real second")
    parser.add_argument("--seconds", type=_count, help="stop after so long (default: only on a signal)")
    options = parser.parse_args(arguments)
    out: Path = options.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    (out / "ready.json").unlink(missing_ok=True)
    _raise_file_limit()
    try:
        world = load_world(options.scenario, devices=options.devices, speed=options.speed, out=out)
        if real.program() is None and any(host.wants_powershell for host in world.hosts):
            raise ScenarioError("the scenario has a device with a real PowerShell, and there is no pwsh on PATH")
    except ScenarioError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 2
    asyncio.run(_run(world, out, options.seconds))
    return 0


async def _run(world: World, out: Path, seconds: int | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    recorder = Recorder(out / "winrm.jsonl")
    context = tls.issue(out)
    listeners = Listeners(world.hosts, recorder, context)
    service = Service(world.directory, world.clock)
    tenant = Server(service, context, Recording(out / "graph.jsonl"))
    try:
        await world.start()
        await listeners.start()
        await tenant.start()
        tenant_files.write(out, service, world.tenants, tenant.origin, tenant.identity)
        inventory.write(out / "inventory.yml", world, listeners.ports, out / "ca.pem")
        async with _control(world, service) as control:
            _give_powershell(world, out, control)
            _write_ready(
                out / "ready.json",
                {
                    "pid": os.getpid(),
                    "control": control,
                    "devices": len(world.hosts),
                    "graph": tenant.origin,
                    "authority": tenant.origin,
                },
            )
            print(f"lab: {len(world.hosts)} devices, inventory {out / 'inventory.yml'}, control {control}", flush=True)
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(stop.wait(), seconds)
    finally:
        (out / "ready.json").unlink(missing_ok=True)
        await tenant.stop()
        await listeners.stop()
        await world.stop()
        recorder.close()


@contextlib.asynccontextmanager
async def _control(world: World, service: Service) -> AsyncIterator[str]:
    runner = web.AppRunner(application(world, service), access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def _give_powershell(world: World, out: Path, control: str) -> None:
    """Each device whose scenario asks for it hands its commands to the real PowerShell."""
    wanted = [host for host in world.hosts if host.wants_powershell]
    folder = out / "powershell"
    if wanted:
        shutil.rmtree(folder, ignore_errors=True)  # of a lab that was here before
    for host in wanted:
        real.RealPowerShell(host, folder / host.name, str(real.program()), control)


def _write_ready(path: Path, content: dict[str, object]) -> None:
    temporary = path.with_suffix(".tmp")
    with private.new_file(temporary) as file:
        file.write(json.dumps(content) + "\n")
    temporary.replace(path)


def _raise_file_limit() -> None:
    # Two listening sockets a device, and the connections of the clients.
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 8192 if hard == resource.RLIM_INFINITY else min(8192, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 2000:
        raise argparse.ArgumentTypeError("a number from 1 to 2000")
    return int(text)


def _speed(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 10000:
        raise argparse.ArgumentTypeError("a number greater than 0, up to 10000")
    return value


if __name__ == "__main__":
    sys.exit(main())

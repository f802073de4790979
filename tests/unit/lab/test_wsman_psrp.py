# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PowerShell remoting over WS-Man, as pypsrp's RunspacePool sees it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from psrpcore.types import PSInvocationState
from pypsrp.exceptions import WSManFaultError
from pypsrp.host import PSHost, PSHostUserInterface
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

from .test_wsman_commands import BOOTSTRAP, answer_of, payload
from .wsman_lab import WsmanLab


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WsmanLab]:
    lab = WsmanLab(tmp_path_factory.mktemp("lab"))
    yield lab
    lab.stop()


@pytest.fixture(params=["http", "https"])
def pool(request: pytest.FixtureRequest, lab: WsmanLab) -> Iterator[RunspacePool]:
    secure = request.param == "https"
    options = {"ssl": True, "auth": "basic", "cert_validation": lab.ca} if secure else {"ssl": False, "auth": "ntlm"}
    host = lab.hosts[0]
    wsman = WSMan(
        "127.0.0.1", port=lab.listeners.ports["pc0"][secure], username="ops", password=host.accounts["ops"], **options
    )
    screen = PSHost(None, None, False, "test", None, PSHostUserInterface(), None)
    with wsman, RunspacePool(wsman, host=screen) as pool:
        yield pool


def run(pool: RunspacePool, script: str, *given: str) -> PowerShell:
    pipeline = PowerShell(pool)
    pipeline.add_script(script)
    pipeline.invoke(_items(given) if given else None)
    return pipeline


def _items(given: tuple[str, ...]) -> Iterator[str]:
    yield from given  # pypsrp takes generators apart, and sends anything else as one object


def test_a_script_writes_objects_and_sets_the_exit_code(pool: RunspacePool) -> None:
    pipeline = run(pool, "hostname\n'two'\nexit 3")
    assert pipeline.output == ["PC0", "two"]
    assert pipeline.state == PSInvocationState.Completed
    assert pool.host.rc == 3


def test_an_error_that_stops_a_script_fails_its_pipeline(pool: RunspacePool) -> None:
    pipeline = run(pool, "throw 'enough'")
    assert pipeline.had_errors
    assert "enough" in str(pipeline.streams.error[0])


def test_several_pipelines_run_in_one_pool_one_after_the_other(pool: RunspacePool) -> None:
    assert [run(pool, f"'{number}'").output for number in range(3)] == [["0"], ["1"], ["2"]]


def test_the_collections_payload_runs_in_no_process_of_its_own(pool: RunspacePool, lab: WsmanLab) -> None:
    before = lab.hosts[0].processes
    pipeline = run(pool, BOOTSTRAP + "\nexit $LASTEXITCODE", payload().decode())
    assert answer_of(pipeline.output[0])["id"] == "r1"
    assert lab.hosts[0].processes == before


def test_big_input_and_output_travel_in_fragments(pool: RunspacePool, lab: WsmanLab) -> None:
    request = {"v": 1, "id": "big", "ops": [{"op": "path_info", "path": "x" * 900_000}]}
    pipeline = run(pool, BOOTSTRAP, *payload(request).decode().splitlines())
    assert lab.hosts[0].requests[-1]["ops"] == request["ops"]
    assert answer_of(pipeline.output[0])["id"] == "big"
    lab.hosts[0].dsregcmd_text = "y" * 900_000
    assert run(pool, "dsregcmd /status").output == ["y" * 900_000]


def test_a_closed_pool_is_gone(lab: WsmanLab, pool: RunspacePool) -> None:
    pool.shell.close()
    pool.shell.opened = True
    with pytest.raises(WSManFaultError) as error:
        run(pool, "hostname")
    assert error.value.code == 2150858843
    pool.shell.opened = False

# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A tenant task over the lab's Graph in the test's own process: no network; the lab's time passes while it waits."""

from __future__ import annotations

import json
import typing as t
import urllib.parse
from collections.abc import Callable

import httpx
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.winops.entra.plugins.plugin_utils.option_door import ansible_spec
from ansible_collections.winops.entra.plugins.plugin_utils.task import Task, perform
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.graph import (
    approval,
    client,
    credentials,
    retry,
    session,
    tokens,
)
from tests.lab.graph import batch, routing
from tests.lab.graph.answers import Answer, Call, GraphError
from tests.unit.lab.graph_lab import ORIGIN, GraphLab

from .fake_graph import ROOT, SECRET, FakeCredential, FakeGraph, InProcess, guid


class Killed(BaseException):
    """The controller is gone in the middle of an exchange."""


class LabBench:
    """``lab`` is the tenant. ``exchanges`` counts those of all runs, as "METHOD path"; ``trouble(number, sent)`` is
    asked at each, before it is executed (``sent`` False) and after, and may raise."""

    def __init__(self) -> None:
        self.lab = GraphLab()
        self.exchanges: list[str] = []
        self.bodies: list[t.Any] = []
        self.sentences: list[str] = []
        self.trouble: Callable[[int, bool], None] = lambda number, sent: None
        self.settings = credentials.CredentialSettings(
            "client_secret",
            f"{ROOT}/.default",
            "https://login.microsoftonline.com",
            ROOT,
            "contoso.com",
            guid("app"),
            SECRET,
        )

    async def _handle(self, request: httpx.Request) -> httpx.Response:
        url = urllib.parse.urlsplit(str(request.url))
        version, _slash, rest = url.path.lstrip("/").partition("/")
        body = json.loads(request.content) if request.content else None
        self.exchanges.append(f"{request.method} /{urllib.parse.unquote(rest)}")
        self.bodies.append(body)
        number = len(self.exchanges)
        self.trouble(number, False)
        call = Call(
            self.lab.side,
            self.lab.caller(),
            request.method,
            version,
            f"{ROOT}/{version}",
            "/" + rest,
            routing.split("/" + rest),
            dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True)),
            {name.lower(): value for name, value in request.headers.items()},
            body,
        )
        try:
            answer = await (batch.answer(call) if rest == "$batch" else self.lab.side.answer(call))
        except GraphError as error:
            answer = error.answer(call, self.lab.clock.utc())
        self.trouble(number, True)
        return _response(answer)

    def _sleep(self, seconds: float) -> None:
        self.lab.clock._now += seconds

    def run(
        self,
        ensure: Callable[[Task], dict],
        spec: dict,
        args: dict,
        check_mode: bool = False,
        find_file: Callable[[str], str] = lambda path: path,
    ) -> dict:
        """The result of a module's work with these options, completed by their defaults."""
        validated = ArgumentSpecValidator(ansible_spec(spec)).validate(args)
        if validated.error_messages:
            raise ValueError(validated.error_messages)
        known = validated.validated_parameters
        source = tokens.TokenSource(self.settings, lambda: FakeCredential(FakeGraph()), clock=lambda: 1e9)
        opened = session.Session(self.settings, source, InProcess(self._handle))
        waits = retry.Waits(known["timeout"], self._sleep, self.lab.clock.elapsed, self.sentences.append)
        made = client.GraphClient(opened, waits, check_mode, approvals=approval.approvals_of(known, waits))
        task = Task(known, check_mode, client=made, find_file=find_file, show=self.sentences.append)
        try:
            return perform(task, [], ensure, {}, with_diff=True)
        finally:
            made.session.close()


def _response(answer: Answer) -> httpx.Response:
    content = b"" if answer.body is None else json.dumps(answer.body).encode()
    return httpx.Response(answer.status, headers=answer.headers, content=content)


__all__ = ("ORIGIN", "Killed", "LabBench")

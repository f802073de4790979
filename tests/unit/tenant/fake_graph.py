# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small Microsoft Graph in the test's own process, behind httpx's MockTransport: no network, no time."""

from __future__ import annotations

import base64
import copy
import json
import re
import types
import typing as t
import uuid
from collections.abc import Callable
from urllib.parse import parse_qsl, unquote, urlsplit

import httpx

from ansible_collections.winops.entra.plugins.plugin_utils.task import Task, perform
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.graph import (
    approval,
    client,
    credentials,
    memory,
    retry,
    session,
    tokens,
)

ROOT = "https://graph.microsoft.com"
SECRET = "Xq8~correct-horse-battery-staple-secret"
INTUNE = "0000000a-0000-0000-c000-000000000000"
ALL = {"@odata.type": "#microsoft.graph.allDeviceRegistrationMembership"}


def guid(text: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, text))


def error(status: int, code: str, message: str = "refused", headers: dict | None = None) -> httpx.Response:
    return httpx.Response(
        status, json={"error": {"code": code, "message": message}}, headers={"request-id": "r-1", **(headers or {})}
    )


def jwt(claims: dict) -> str:
    middle = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJub25lIn0.{middle}.c2lnbmF0dXJl"


class FakeCredential:
    """Gives tokens that can be told apart; ``issued`` counts over all credentials of a graph.

    Like those of azure-identity it keeps its token, and gives the same one again unless a claim is made.
    """

    def __init__(self, graph: FakeGraph) -> None:
        self._graph = graph
        self._kept: t.Any = None
        graph.credentials += 1

    def get_token(self, *scopes: str, claims: str | None = None, **_options: t.Any):
        if self._kept is None or claims:
            self._graph.issued += 1
            self._graph.scopes.append(scopes)
            self._graph.demanded += [claims] if claims else []
            self._kept = types.SimpleNamespace(token=self._graph.token_text(self._graph.issued), expires_on=2e9)
        return self._kept


class FakeGraph:
    """State and answers. ``requests`` is what was seen, as (method, path, body); ``writes`` those that change
    something. ``demanded`` are the claims that were asked for, ``credentials`` counts those that were made.

    ``script`` maps a pattern of "METHOD path" to answers that are given before the real one: a Response, an exception
    or a function of the request. ``lag``: so many reads after each write still show the old state.
    """

    def __init__(self) -> None:
        self.issued, self.scopes, self.claims = 0, [], {}
        self.credentials, self.demanded = 0, []
        self.requests: list[tuple[str, str, t.Any]] = []
        self.headers: list[httpx.Headers] = []
        self.urls: list[str] = []
        self.script: list[tuple[str, list]] = []
        self.lag, self._stale, self._old = 0, 0, None
        self.users = {guid(u): {"id": guid(u), "userPrincipalName": u} for u in ("ada@contoso.com", "bob@contoso.com")}
        self.groups: dict[str, dict] = {}
        self.members: dict[str, list[str]] = {}
        self.devices: dict[str, dict] = {}
        self.assignments: dict[str, dict] = {}
        self.policy = {
            "@odata.context": f"{ROOT}/v1.0/$metadata#policies/deviceRegistrationPolicy/$entity",
            "id": "deviceRegistrationPolicy",
            "displayName": "Device Registration Policy",
            "description": "Tenant-wide",
            "userDeviceQuota": 50,
            "multiFactorAuthConfiguration": "notRequired",
            "azureADRegistration": {"isAdminConfigurable": True, "allowedToRegister": dict(ALL)},
            "azureADJoin": {
                "isAdminConfigurable": True,
                "allowedToJoin": dict(ALL),
                "localAdmins": {"enableGlobalAdmins": True, "registeringUsers": dict(ALL)},
            },
            "localAdminPassword": {"isEnabled": False},
            "newSettingOfTomorrow": {"a": 1},
        }
        self.mdm = {
            "id": INTUNE,
            "displayName": "Microsoft Intune",
            "appliesTo": "none",
            "isValid": True,
            "isMdmEnrollmentDuringRegistrationDisabled": False,
            "discoveryUrl": "https://d",
            "termsOfUseUrl": "https://t",
            "complianceUrl": "https://c",
        }
        self.included: list[str] = []
        self.add_group("Staff")
        self.add_group("Pilot")

    # --- state ---

    def add_group(self, name: str, members: tuple[str, ...] = (), **properties) -> str:
        identity = guid(f"group {name} {len(self.groups)}")
        self.groups[identity] = {
            "id": identity,
            "displayName": name,
            "description": None,
            "mailNickname": "x",
            "groupTypes": [],
            "membershipRule": None,
            "membershipRuleProcessingState": None,
            "securityEnabled": True,
            "mailEnabled": False,
            "isAssignableToRole": None,
            **properties,
        }
        self.members[identity] = list(members)
        return identity

    def add_device(self, name: str) -> dict:
        device = {"id": guid(f"object {name}"), "deviceId": guid(f"device {name}"), "displayName": name}
        self.devices[device["id"]] = device
        return device

    def group(self, name: str) -> dict | None:
        return next((group for group in self.groups.values() if group["displayName"] == name), None)

    @property
    def writes(self) -> list[tuple[str, str, t.Any]]:
        """Everything that would change the tenant; batches unpacked."""
        flat = []
        for method, path, body in self.requests:
            if path == "/$batch":
                flat += [(item["method"], item["url"], item.get("body")) for item in body["requests"]]
            else:
                flat.append((method, path, body))
        return [request for request in flat if request[0] != "GET"]

    # --- answering ---

    def on(self, pattern: str, *answers) -> None:
        """Give these answers, each once, to the next requests whose "METHOD path" matches."""
        self.script.append((pattern, list(answers)))

    def token_text(self, number: int) -> str:
        return jwt({**self.claims, "n": number}) if self.claims else f"token-{number}-AbCdEfGhIjKlMnOpQrStUvWxYz0123456"

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = unquote(request.url.raw_path.decode()).split("?")[0]
        version, _slash, rest = path.lstrip("/").partition("/")
        body = json.loads(request.content) if request.content else None
        self.requests.append((request.method, "/" + rest, body))
        self.headers.append(request.headers)
        self.urls.append(str(request.url))
        if rest == "$batch":
            scripted = self._scripted(f"POST {version}/$batch", request)
            return scripted or httpx.Response(
                200, json={"responses": [self._batched(version, item) for item in body["requests"]]}
            )
        query = dict(parse_qsl(urlsplit(str(request.url)).query))
        return self._answer(version, request.method, rest, query, body, request)

    def _batched(self, version: str, item: dict) -> dict:
        url = urlsplit(item["url"])
        answer = self._answer(
            version, item["method"], unquote(url.path).lstrip("/"), dict(parse_qsl(url.query)), item.get("body"), None
        )
        return {
            "id": item["id"],
            "status": answer.status_code,
            "headers": dict(answer.headers),
            **({"body": answer.json()} if answer.content else {}),
        }

    def _scripted(self, key: str, request):
        for pattern, answers in self.script:
            if answers and re.search(pattern, key):
                answer = answers.pop(0)
                if isinstance(answer, Exception):
                    raise answer
                answer = answer(request) if callable(answer) else answer
                if answer is not None:
                    return answer
        return None

    def _answer(self, version, method, path, query, body, request) -> httpx.Response:
        scripted = self._scripted(f"{method} {version}/{path}", request)
        if scripted is not None:
            return scripted
        state = ("policy", "mdm", "included", "groups", "members", "assignments")
        if method != "GET":
            self._old = {name: copy.deepcopy(getattr(self, name)) for name in state}
            self._stale = self.lag
            return self._route(method, path, query, body)
        if self._stale > 0:
            self._stale -= 1
            now = {name: getattr(self, name) for name in state}
            for name in state:
                setattr(self, name, self._old[name])
            try:
                return self._route(method, path, query, body)
            finally:
                for name in state:
                    setattr(self, name, now[name])
        return self._route(method, path, query, body)

    def _route(self, method: str, path: str, query: dict, body) -> httpx.Response:
        for pattern, handler in self._routes():
            found = re.fullmatch(pattern, f"{method} {path}")
            if found:
                return handler(query, body, *found.groups())
        return error(404, "Request_ResourceNotFound", f"no route {method} {path}")

    def _routes(self) -> list[tuple[str, Callable]]:
        one = r"([0-9a-f-]{36})"
        return [
            ("GET policies/deviceRegistrationPolicy", lambda q, b: httpx.Response(200, json=self.policy)),
            ("PUT policies/deviceRegistrationPolicy", self._put_policy),
            ("GET users", lambda q, b: _rows(self.users, q, "userPrincipalName")),
            (f"GET users/{one}", lambda q, b, i: _one(self.users, i)),
            (f"GET devices/{one}", lambda q, b, i: _one(self.devices, i)),
            ("GET groups", lambda q, b: _rows(self.groups, q, "displayName")),
            ("GET devices", lambda q, b: _rows(self.devices, q, "deviceId")),
            ("POST groups", self._post_group),
            (f"GET groups/{one}", lambda q, b, i: _one(self.groups, i)),
            (f"PATCH groups/{one}", lambda q, b, i: _patch(self.groups[i], b)),
            (f"DELETE groups/{one}", lambda q, b, i: _gone(self.groups.pop(i, None))),
            (f"GET groups/{one}/members", lambda q, b, i: _page([{"id": m} for m in self.members[i]])),
            (f"POST groups/{one}/members/\\$ref", lambda q, b, i: _add(self.members[i], b)),
            (f"DELETE groups/{one}/members/{one}/\\$ref", lambda q, b, i, m: _take(self.members[i], m)),
            (f"GET policies/mobileDeviceManagementPolicies/{one}", lambda q, b, i: httpx.Response(200, json=self.mdm)),
            (f"PATCH policies/mobileDeviceManagementPolicies/{one}", self._patch_mdm),
            (
                f"GET policies/mobileDeviceManagementPolicies/{one}/includedGroups",
                lambda q, b, i: _page([{"id": g} for g in self.included]),
            ),
            (f"POST policies/mobileDeviceManagementPolicies/{one}/includedGroups/\\$ref", self._include),
            (
                f"DELETE policies/mobileDeviceManagementPolicies/{one}/includedGroups/{one}/\\$ref",
                lambda q, b, i, g: _take(self.included, g),
            ),
            ("GET roleManagement/directory/roleAssignments", lambda q, b: _page(list(self.assignments.values()))),
            ("POST roleManagement/directory/roleAssignments", self._assign),
            (
                r"DELETE roleManagement/directory/roleAssignments/([\w-]+)",
                lambda q, b, i: _gone(self.assignments.pop(i, None)),
            ),
        ]

    def _put_policy(self, query, body) -> httpx.Response:
        if "userDeviceQuota" not in body:
            return error(400, "invalid_request", "Tenant registration policy is missing a value for quota")
        fixed = {name: self.policy[name] for name in ("@odata.context", "id", "displayName", "description")}
        self.policy = {**fixed, **body}
        return httpx.Response(200, json=self.policy)

    def _post_group(self, query, body) -> httpx.Response:
        identity = self.add_group(body["displayName"])
        self.groups[identity].update(body)
        return httpx.Response(201, json=self.groups[identity])

    def _patch_mdm(self, query, body, identity) -> httpx.Response:
        if "appliesTo" in body and len(body) > 1:
            return error(400, "BadRequest", "appliesTo must not share a PATCH with the URLs")
        if body.get("appliesTo") == "selected":
            return error(400, "BadRequest", "selected cannot be set")
        if body.get("appliesTo") == "all":
            self.included = []
        return _patch(self.mdm, body)

    def _include(self, query, body, identity) -> httpx.Response:
        answer = _add(self.included, {"@odata.id": body["@odata.id"].rstrip("')").replace("groups('", "/")})
        if answer.is_success:
            self.mdm["appliesTo"] = "selected"
        return answer

    def _assign(self, query, body) -> httpx.Response:
        identity = f"assignment-{len(self.assignments) + 1}"
        principal = self.users.get(body["principalId"]) or self.groups.get(body["principalId"]) or {}
        kind = "user" if body["principalId"] in self.users else "group"
        self.assignments[identity] = {
            "id": identity,
            **body,
            "principal": {"@odata.type": f"#microsoft.graph.{kind}", **principal},
        }
        return httpx.Response(201, json=self.assignments[identity])


def _rows(objects: dict, query: dict, name: str) -> httpx.Response:
    """``name eq 'text'``, compared without case as Graph does. A filter that is not exactly that finds everything, as
    Graph's may: so an injected quote would show."""
    found = re.fullmatch(name + r" eq '((?:[^']|'')*)'", query.get("$filter", ""))
    if not found:
        return error(400, "BadRequest", f"Invalid filter clause: {query.get('$filter')}")
    text = found.group(1).replace("''", "'").casefold()
    return _page([row for row in objects.values() if row[name].casefold() == text])


def _page(rows: list[dict]) -> httpx.Response:
    return httpx.Response(200, json={"value": rows})


def _one(objects: dict, identity: str) -> httpx.Response:
    found = objects.get(identity)
    return httpx.Response(200, json=found) if found else error(404, "Request_ResourceNotFound")


def _patch(target: dict, body: dict) -> httpx.Response:
    target.update(body)
    return httpx.Response(204)


def _gone(found) -> httpx.Response:
    return httpx.Response(204) if found else error(404, "Request_ResourceNotFound")


def _add(members: list[str], body: dict) -> httpx.Response:
    identity = body["@odata.id"].rpartition("/")[2]
    if identity in members:
        return error(400, "Request_BadRequest", "One or more added object references already exist")
    members.append(identity)
    return httpx.Response(204)


def _take(members: list[str], identity: str) -> httpx.Response:
    if identity not in members:
        return error(404, "Request_ResourceNotFound")
    members.remove(identity)
    return httpx.Response(204)


class InProcess(httpx.MockTransport):
    """As httpx's, but each answer comes as a stream of bytes, as from a network; ``twist`` makes another of it."""

    def __init__(self, handler: Callable, twist: Callable | None = None) -> None:
        super().__init__(handler)
        self._twist = twist

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await super().handle_async_request(request)
        if self._twist is not None:
            answer = self._twist(request, answer)
        return httpx.Response(
            answer.status_code, headers=answer.headers, stream=httpx.ByteStream(answer.content), request=request
        )


class Bench:
    """A tenant task over a FakeGraph, with time that is counted and never passes."""

    def __init__(self) -> None:
        self.graph = FakeGraph()
        self.slept: list[float] = []
        self.sentences: list[str] = []
        self.twist: Callable | None = None
        self.memory_directory: str | None = None
        self.settings = credentials.CredentialSettings(
            "client_secret",
            f"{ROOT}/.default",
            "https://login.microsoftonline.com",
            ROOT,
            "contoso.com",
            guid("app"),
            SECRET,
        )

    def client(self, check_mode: bool = False, limit: float = 300, args: dict | None = None) -> client.GraphClient:
        source = tokens.TokenSource(self.settings, lambda: FakeCredential(self.graph), clock=lambda: 1e9)
        opened = session.Session(self.settings, source, InProcess(self.graph, self.twist))
        waits = retry.Waits(limit, self.slept.append, lambda: 0.0, self.sentences.append)
        remembered = memory.Memory(self.memory_directory, source.tenant)
        approvals = approval.approvals_of(args or {}, waits)
        return client.GraphClient(opened, waits, check_mode, memory=remembered, approvals=approvals)

    def run(self, ensure, args: dict, check_mode: bool = False, limit: float = 300) -> dict:
        """The result of a module's work with these arguments."""
        made = self.client(check_mode, limit, args)
        task = Task(args, check_mode, client=made, secrets=[lambda: made.session.tokens.secrets])
        try:
            return perform(task, [], ensure, {}, with_diff=True)
        finally:
            made.session.close()

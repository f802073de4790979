# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a task's options to a synchronous credential of azure-identity; everything that can be refused is refused first.

The synchronous credentials are used, over a transport of our own (token_transport.py). DefaultAzureCredential is not
offered: it tries many sources and may pick a wrong identity.
Source: azure-identity, "Azure Identity client library for Python".

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import hashlib
import ipaddress
import json
import os
import re
import stat
import typing as t
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from ...environment import FROM_CONTROLLER, FROM_OPTION, FROM_TASK, Environment
from ...option_door import NOBODYS
from ...options import TENANT_SPEC, bad_option
from .clouds import CLOUDS
from .credential_files import assertion, require_certificate
from .libraries import identity

Prompt = Callable[[str, str], None]


@dataclasses.dataclass(frozen=True)
class AuthKind:
    """``delegated``: a user signs in; None where only the token can tell. Options in ``takes`` may be left out.
    ``reads_variables``: who signs in depends on variables that only azure-identity reads, or az, which it starts."""

    needs: tuple[str, ...]
    takes: tuple[str, ...] = ()
    delegated: bool | None = False
    reads_variables: bool = False


AUTH_KINDS = {
    "client_secret": AuthKind(("tenant_id", "client_id", "client_secret")),
    "certificate": AuthKind(("tenant_id", "client_id", "certificate_path"), ("certificate_password",)),
    "managed_identity": AuthKind((), ("client_id",), reads_variables=True),
    "workload_identity": AuthKind(("tenant_id", "client_id", "federated_token_file")),
    "azure_cli": AuthKind((), ("tenant_id",), delegated=None, reads_variables=True),
    "device_code": AuthKind(("tenant_id", "client_id"), delegated=True),
    "environment": AuthKind(()),
}
#: The option that by itself says which kind is meant.
KIND_BY_OPTION = {
    "client_secret": "client_secret",
    "certificate_path": "certificate",
    "federated_token_file": "workload_identity",
}
_IDENTITY_OPTIONS = ("tenant_id", "client_id", *KIND_BY_OPTION, "certificate_password")
#: The variables of azure-identity's EnvironmentCredential.
_ENVIRONMENT = {
    "tenant_id": "AZURE_TENANT_ID",
    "client_id": "AZURE_CLIENT_ID",
    "client_secret": "AZURE_CLIENT_SECRET",
    "certificate_path": "AZURE_CLIENT_CERTIFICATE_PATH",
    "certificate_password": "AZURE_CLIENT_CERTIFICATE_PASSWORD",
}
_SEND_CHAIN = "AZURE_CLIENT_SEND_CERTIFICATE_CHAIN"
_TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*")
#: Attempts of azure-core beyond the first; how long it may wait between them, its transport says.
_ATTEMPTS = {"retry_total": 3, "retry_connect": 2, "retry_read": 2, "retry_status": 3}


@dataclasses.dataclass(frozen=True)
class CredentialSettings:
    """A validated choice of credential and cloud. Its text never shows a secret."""

    kind: str
    scope: str
    authority: str
    graph_url: str
    tenant_id: str | None = None
    client_id: str | None = None
    client_secret: str | None = dataclasses.field(default=None, repr=False)
    certificate_path: str | None = None
    certificate_password: str | None = dataclasses.field(default=None, repr=False)
    federated_token_file: str | None = None
    ca_file: str | None = None
    disable_instance_discovery: bool = False
    token_cache: str | None = None
    environment: Environment = dataclasses.field(default=NOBODYS, repr=False)
    sources: Mapping[str, str | None] = dataclasses.field(default_factory=dict, repr=False)

    @property
    def delegated(self) -> bool | None:
        return AUTH_KINDS[self.kind].delegated

    @property
    def proof(self) -> str:
        """The kind by which it is made: the environment holds a secret or a certificate."""
        if self.kind != "environment":
            return self.kind
        return "client_secret" if self.client_secret else "certificate"

    def described(self) -> dict[str, str | None]:
        """Who signs in to which tenant, and where that was said: for results. None of it is secret.

        ``{auth, tenant_id, tenant_id_from, client_id, client_id_from}``; an id is None where nobody says it.
        """
        told: dict[str, str | None] = {"auth": self.kind}
        for name in ("tenant_id", "client_id"):
            value = getattr(self, name)
            told |= {name: value, f"{name}_from": self.sources.get(name) if value else None}
        return told

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be shown."""
        return tuple(secret for secret in (self.client_secret, self.certificate_password) if secret)

    def fingerprint(self) -> str:
        """A hash that is the same for the same credential and service, and only then."""
        public = {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if field.name not in ("client_secret", "certificate_password", "token_cache", "environment", "sources")
        }
        if AUTH_KINDS[self.kind].reads_variables:
            public["identity"] = self.environment.identity()
        digest = hashlib.sha256(json.dumps(public, sort_keys=True).encode())
        for secret in self._proofs():
            digest.update(hashlib.sha256(secret).digest())
        return digest.hexdigest()

    def _proofs(self) -> t.Iterator[bytes]:
        yield (self.client_secret or "").encode()
        if self.certificate_path:
            yield Path(self.certificate_path).read_bytes()


def settings(options: dict, given: Collection[str] = (), environment: Environment = NOBODYS) -> CredentialSettings:
    """The settings of a task. Failure names the option that is missing, contradictory or unusable.

    ``options`` are those of TENANT_SPEC, what the environment fills included; ``given`` the names that the task itself
    (or module_defaults) sets: they go before the task's environment, and that before the controller's. Only what is
    said at one of these places can contradict itself.
    """
    sources = {name: _source(name, given, environment) for name in _IDENTITY_OPTIONS if options[name]}
    kind = _kind(options, sources)
    cloud = CLOUDS[options["cloud"]]
    used = AUTH_KINDS[kind].needs + AUTH_KINDS[kind].takes
    values = {name: options[name] or None for name in _IDENTITY_OPTIONS if name in used}
    if kind == "environment":
        values, sources = _of_environment(environment)
    for name in AUTH_KINDS[kind].needs:
        if not values[name]:
            raise bad_option(name, f"auth={kind} needs it", f"set {name}, or choose another auth")
    tenant_id = values.get("tenant_id")
    if tenant_id and not _TENANT.fullmatch(tenant_id):
        raise bad_option(
            "tenant_id",
            f"{tenant_id!r} is neither an id nor a domain",
            "give the tenant's id or one of its domains",
        )
    for name in ("certificate_path", "federated_token_file"):
        path = values.get(name)
        if path:
            _require_file(name, path)
    if options["ca_file"]:
        _require_file("ca_file", options["ca_file"])
    return CredentialSettings(
        kind=kind,
        scope=cloud.scope,
        authority=_authority(options["authority"] or cloud.authority),
        graph_url=_graph_url(options["graph_url"] or cloud.graph),
        ca_file=options["ca_file"] or None,
        disable_instance_discovery=options["disable_instance_discovery"],
        token_cache=options["token_cache"] or None,
        environment=environment,
        sources=sources,
        **values,
    )


def _source(name: str, given: Collection[str], environment: Environment) -> str | None:
    """Where the value of an option has come from."""
    if name in given:
        return FROM_OPTION
    found = environment.find(*TENANT_SPEC[name].get("environment", ()))
    return found.source if found else None


def _kind(options: dict, sources: Mapping[str, str | None]) -> str:
    kind = options["auth"]
    deciding = [name for name in KIND_BY_OPTION if sources.get(name) == FROM_OPTION]
    if kind != "auto":
        unused = next((name for name in deciding if KIND_BY_OPTION[name] != kind), None)
        if unused:
            raise bad_option(
                unused, f"auth={kind} does not use it", f"leave {unused} out, or set auth={KIND_BY_OPTION[unused]}"
            )
        return kind
    for place in (FROM_TASK, FROM_CONTROLLER):
        deciding = deciding or [name for name in KIND_BY_OPTION if sources.get(name) == place]
    if len(deciding) > 1:
        raise bad_option("auth", f"both {' and '.join(deciding)} are given", "say with auth which of them is meant")
    if not deciding:
        raise bad_option(
            "auth",
            "no credential is given",
            "set client_secret, certificate_path or federated_token_file with tenant_id and client_id, or choose "
            "managed_identity, azure_cli, device_code or environment with auth",
        )
    return KIND_BY_OPTION[deciding[0]]


def _of_environment(environment: Environment) -> tuple[dict[str, t.Any], dict[str, str | None]]:
    """What azure-identity's EnvironmentCredential would sign in with, a secret before a certificate, and where each
    value has come from. Failure for an environment without a whole credential of an application."""
    variables = {name: environment.find(variable) for name, variable in _ENVIRONMENT.items()}
    missing = [_ENVIRONMENT[name] for name in ("tenant_id", "client_id") if not variables[name]]
    proof = next((name for name in ("client_secret", "certificate_path") if variables[name]), None)
    if proof is None:
        missing.append(f"{_ENVIRONMENT['client_secret']} or {_ENVIRONMENT['certificate_path']}")
    if missing:
        raise bad_option(
            "auth", f"the environment lacks {', '.join(missing)}", "set them by environment, or where Ansible runs"
        )
    used = ("tenant_id", "client_id", proof, *(("certificate_password",) if proof == "certificate_path" else ()))
    found = {name: variable for name, variable in variables.items() if variable and name in used}
    return (
        {name: variable.value for name, variable in found.items()},
        {name: variable.source for name, variable in found.items()},
    )


def _require_file(name: str, path: str) -> None:
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # a pipe or a device would be waited for
            raise bad_option(name, f"{path} is not a regular file", "give the path of a file on the controller")
        with open(path, "rb"):
            pass
    except OSError as exc:
        raise bad_option(
            name, f"{path} cannot be read: {exc.strerror}", "give the path of a file on the controller"
        ) from None


def _authority(text: str) -> str:
    """An authority as azure-identity wants it: https, without a path. A bare host is taken as well."""
    url = urlsplit(text if "://" in text else f"https://{text}")
    if url.scheme != "https" or not url.hostname or url.path.strip("/") or url.query or url.username:
        raise bad_option(
            "authority", "it must be a https URL without a path", "such as https://login.microsoftonline.com"
        )
    return f"https://{url.netloc}"


def _graph_url(text: str) -> str:
    url = urlsplit(text)
    plain = url.scheme == "http" and _is_loopback(url.hostname)
    if not (url.scheme == "https" or plain) or not url.hostname or url.path.strip("/") or url.query or url.username:
        raise bad_option(
            "graph_url", "it must be a https URL without version and path", "such as https://graph.microsoft.com"
        )
    return f"{url.scheme}://{url.netloc}"


def _is_loopback(host: str | None) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def create(chosen: CredentialSettings, prompt: Prompt, sign_in_seconds: int, way: t.Any = None) -> t.Any:
    """The credential. ``prompt`` is shown (URL, code) where a user has to sign in, and has that many seconds to do
    so. ``way`` is the TokenTransport over which it asks."""
    web: dict[str, t.Any] = {
        "authority": chosen.authority,
        "disable_instance_discovery": chosen.disable_instance_discovery,
        "transport": way,
        **_ATTEMPTS,
    }
    who: dict[str, t.Any] = {"tenant_id": chosen.tenant_id, "client_id": chosen.client_id}
    try:
        if chosen.proof == "client_secret":
            return identity.ClientSecretCredential(**who, client_secret=chosen.client_secret or "", **web)
        if chosen.proof == "certificate":
            require_certificate(chosen.certificate_path or "", chosen.certificate_password)
            chain = chosen.kind == "environment" and bool(chosen.environment.value(_SEND_CHAIN))
            return identity.CertificateCredential(
                **who,
                certificate_path=chosen.certificate_path,
                password=chosen.certificate_password,
                send_certificate_chain=chain,
                **web,
            )
        if chosen.kind == "workload_identity":
            # Read at each sign-in: the platform renews it. WorkloadIdentityCredential sends what editors add, too.
            file = chosen.federated_token_file or ""
            assertion(file)
            return identity.ClientAssertionCredential(**who, func=lambda: assertion(file), **web)
        if chosen.kind == "managed_identity":
            return identity.ManagedIdentityCredential(client_id=chosen.client_id, transport=way)
        if chosen.kind == "azure_cli":
            return identity.AzureCliCredential(tenant_id=chosen.tenant_id or "", process_timeout=30)
        return identity.DeviceCodeCredential(
            **who, prompt_callback=lambda url, code, expires: prompt(url, code), timeout=sign_in_seconds, **web
        )
    except (ValueError, TypeError):
        # Their texts may quote what was in the file.
        name = "certificate_path" if chosen.proof == "certificate" else "auth"
        cause = (
            "the certificate cannot be used: wrong certificate_password, no private key in it, or not RSA"
            if name == "certificate_path"
            else f"azure-identity does not take these options for {chosen.kind}"
        )
        raise bad_option(name, cause, "compare the options with the documentation of this module") from None

# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The libraries that reach a tenant, imported at one place and guarded: without them a task says how to get them.

They are imported when Ansible loads the action plugin, that is once, in the parent of all workers: measured, 0.2 s
there
instead of 0.2 s in every task. azure-identity's package imports all of its credentials, so that importing one of them
from a private path saves nothing. ``msgraph_core`` is the part of msgraph-sdk that talks; ``msgraph`` itself adds
the typed request builders, which nothing here uses.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import sys

from ...result import Failure

try:
    import azure.core.exceptions as azure_errors
    import httpx
    from azure import identity
    from kiota_abstractions.method import Method
    from kiota_abstractions.native_response_handler import NativeResponseHandler
    from kiota_abstractions.request_information import RequestInformation
    from kiota_http.middleware.options import ResponseHandlerOption
    from msgraph_core import BaseGraphRequestAdapter
except ImportError as exc:
    MISSING: ImportError | None = exc
    # Nobody meets these: require() comes first.
    globals().update(
        dict.fromkeys(
            (
                "azure_errors",
                "httpx",
                "identity",
                "BaseGraphRequestAdapter",
                "Method",
                "NativeResponseHandler",
                "RequestInformation",
                "ResponseHandlerOption",
            )
        )
    )
else:
    MISSING = None
    # httpx and azure-identity import these at the first request: 60 ms of every worker, paid here once for all of them.
    for _name in (
        "httpcore",
        "anyio._backends._asyncio",
        "azure.core.pipeline.transport._requests_basic",
        "azure.core.rest._requests_basic",
        "msal_extensions",
        "encodings.utf_8_sig",
    ):
        with contextlib.suppress(ImportError):
            importlib.import_module(_name)

__all__ = [
    "BaseGraphRequestAdapter",
    "Method",
    "NativeResponseHandler",
    "RequestInformation",
    "ResponseHandlerOption",
    "azure_errors",
    "httpx",
    "identity",
    "require",
]

PACKAGES = ("azure-identity>=1.19.0", "msgraph-sdk>=1.40.0")

# Without a handler Python prints their warnings, which quote what the token service answered, to the terminal; and
# with ANSIBLE_LOG_PATH they would go to the log, with a line for each request. Failures carry what is safe of them.
for _name in ("azure", "msal", "httpx", "httpcore"):
    logging.getLogger(_name).addHandler(logging.NullHandler())
    logging.getLogger(_name).propagate = False


def require() -> None:
    """Failure with the command that installs the libraries, where they are missing."""
    if MISSING is not None:
        packages = " ".join(f"'{package}'" for package in PACKAGES)
        raise Failure(
            f"a Python library for Microsoft Graph is missing on the controller: {MISSING.name}",
            side="controller",
            name="library_missing",
            cause=f"the Python that runs Ansible cannot import {MISSING.name}",
            fix=f"{sys.executable} -m pip install {packages}",
        )

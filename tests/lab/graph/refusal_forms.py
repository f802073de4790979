# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refusals that permissions have nothing to do with, in the words in which people met them; each has its source.

A ``depth`` is how many JSON texts of Intune are within each other around the sentence, 0 where it is Graph's own.
``page`` is what stands in the way of Graph.
"""

from __future__ import annotations

import dataclasses
import json

from .answers import Answer, GraphError, intune_error

DENIED = "Insufficient privileges to complete the operation."
FILTER_PAGE = (
    "<!DOCTYPE html><html><head><title>Web access control</title></head><body><h1>Denied</h1>"
    "<p>Sorry, you don't have permission to visit this site.</p></body></html>"
)


@dataclasses.dataclass(frozen=True)
class Form:
    status: int
    code: str = ""
    sentence: str = ""
    depth: int = 0
    page: str = ""

    def answer(self, path: str) -> Answer | GraphError:
        """The answer to a request for this path."""
        if self.page:
            return Answer(self.status, self.page, {"Content-Type": "text/html"})
        if not self.depth:
            return GraphError(self.status, self.code, self.sentence)
        innermost = intune_error(self.status, self.code, self.sentence, path.lstrip("/"))
        text = innermost.message
        for _level in range(self.depth - 1):
            text = json.dumps(
                {
                    "ErrorCode": self.code,
                    "Message": text,
                    "Target": None,
                    "Details": None,
                    "InnerError": None,
                    "InstanceAnnotations": [],
                }
            )
        return GraphError(self.status, "UnknownError" if self.depth > 1 else self.code, text)


FORMS: dict[str, Form] = {
    # azure-sdk-tools 5169, kafka-docker-playground 17
    "quota_of_the_caller": Form(
        403,
        "Directory_QuotaExceeded",
        "The directory object quota limit for the Principal has been exceeded. Please ask your administrator to "
        "increase the quota limit or delete objects to reduce the used quota.",
    ),
    # active-directory-dotnet-graphapi-console 45
    "quota_of_the_tenant": Form(
        403,
        "Directory_QuotaExceeded",
        "The directory object quota limit for the Tenant has been exceeded. Please ask your administrator to increase "
        "the quota limit or delete objects to reduce the used quota.",
    ),
    # openshift-azure 1932
    "object_full": Form(
        403,
        "Directory_ResourceSizeExceeded",
        "The size of the object has exceeded its limit. Please reduce the number of values and retry your request.",
    ),
    # microsoft-graph-docs 14118
    "no_premium": Form(
        403,
        "Authentication_RequestFromNonPremiumTenantOrB2CTenant",
        "Neither tenant is B2C or tenant doesn't have premium license",
    ),
    # microsoft-graph-docs 2789
    "no_directory_read": Form(
        403,
        "Authentication_ApplicationHasNoDirectoryReadAccess",
        "Failed to do premium license check from ADGraph",
    ),
    # Microsoft Entra, "Restricted management administrative units"; two public guides quote it
    "restricted_unit": Form(
        403,
        "Authorization_RequestDenied",
        f"{DENIED} Target object is a member of a restricted management administrative unit and can only be modified "
        "by administrators scoped to that administrative unit.",
    ),
    "denied": Form(403, "Authorization_RequestDenied", DENIED),
    # msgraph-sdk-powershell 2448
    "conditional_access": Form(
        400,
        "BadRequest",
        "Operation requires conditional access and client does not support it. Client must be configured to support "
        "conditional access.",
    ),
    # microsoft-authentication-library-for-js 7007, msgraph-sdk-powershell 1257
    "intune_forbidden": Form(401, "Forbidden", "An error has occurred", 2),
    # intune-my-macs 10
    "intune_role": Form(403, "Forbidden", "User is not authorized to perform this operation", 1),
    # powershell-intune-samples 45
    "intune_silent": Form(400, "BadRequest", "An error has occurred", 1),
    # a web filter's page in the place of Graph (ayakashi 7)
    "filter_page": Form(403, page=FILTER_PAGE),
    "network_login": Form(511, page=FILTER_PAGE),
}


def unsupported_app_only() -> GraphError:
    """What an application hears where only people may ask (mql 6082, and the notes of three public tools)."""
    return GraphError(401, "Unauthorized", "Unsupported app-only call.")

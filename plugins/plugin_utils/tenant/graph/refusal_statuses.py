# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refusals by what the token holds, and those of which the status says what is known.

Rows of the table in refusals.py, in its order.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from .error_bodies import REASONED, SILENT
from .known_refusals import APPLICATION, HIDDEN, HOLDS, LACKS, NO_PERMISSION, SIGNED_IN, KnownRefusal

_GRANT = "grant it to {application} ({kind} permission of Microsoft Graph), give admin consent, and wait a few minutes"
_GRANT_TO_A_USER = _GRANT + "; the user needs a directory role that allows it, too"
_LOOK_AT_THE_OBJECT = (
    "look at the object: a role-assignable group needs RoleManagement.ReadWrite.Directory and a dynamic group "
    "Microsoft Entra ID P1; the device of an Autopilot registration and an object of a restricted management "
    "administrative unit are protected; otherwise quote request_id when asking Microsoft"
)
_INTUNE_NEEDS = "a signed-in user also needs a role in Intune, and the tenant an Intune licence"

#: A permission, a role, or nobody knows.
BY_PERMISSION = (
    KnownRefusal(
        "role_missing",
        "{service} refuses {who}, who lacks a role for this; the token holds what it needs",
        "give {who} a role of Microsoft Entra or Intune that allows it (such as Intune Administrator)",
        "intune-my-macs 10; microsoft-graph-docs 11157; memdocs 3361",
        statuses="401 403",
        codes="UnauthorizedAccessException",
        says=(
            "user is not authorized to perform this operation",
            "is not global admin or intune service admin",
            "not in the allowed roles",
            "does not have the required role",
        ),
        token=HOLDS,
    ),
    KnownRefusal(
        "intune_forbidden",
        "Intune refuses {who}{reason}{activity}: the {kind} permission {permissions} is missing",
        _GRANT + "; " + _INTUNE_NEEDS,
        "microsoft-authentication-library-for-js 7007 and 7011; msgraph-sdk-powershell 1257",
        statuses="401",
        codes="Forbidden",
        token=LACKS,
        permissions="missing",
    ),
    KnownRefusal(
        "intune_forbidden",
        "Intune refuses {who}, though the access token is good{reason}{activity}: the {kind} permission "
        "{permissions} is missing, a signed-in user has no role in Intune, or the tenant has no Intune licence",
        "check these; the token does not show its permissions",
        "microsoft-authentication-library-for-js 7007 and 1261",
        statuses="401",
        codes="Forbidden",
        token=HIDDEN,
        permissions="missing",
    ),
    KnownRefusal(
        "intune_forbidden",
        "Intune refuses {who}, although the token holds {permissions}{reason}{activity}",
        "check whether the tenant has an Intune licence, and whether a signed-in user has a role in Intune; if both "
        "are there, run the task again later, and quote the activity id when asking Microsoft",
        "msgraph-sdk-powershell 1120 and 1257; M365Documentation 39; microsoft-graph-docs 6725",
        statuses="401",
        codes="Forbidden",
        token=HOLDS,
    ),
    KnownRefusal(
        "intune_forbidden",
        "Intune refuses {who}, although the token holds {permissions}{reason}{activity}",
        "check whether the tenant has an Intune licence, and whether a signed-in user has a role in Intune; if both "
        "are there, run the task again later, and quote the activity id when asking Microsoft",
        "msgraph-sdk-powershell 1120 and 1257; M365Documentation 39; microsoft-graph-docs 6725",
        statuses="403",
        codes="Forbidden",
        token=HOLDS,
        intune=True,
    ),
    KnownRefusal(
        "intune_forbidden",
        "Intune refuses {who}, though the access token is good{reason}{activity}; the cause is not known",
        "look at the evidence, and quote the activity id when asking Microsoft",
        "powershell-intune-samples 175; microsoft-graph-docs 5588",
        statuses="401",
        codes="Forbidden",
    ),
    KnownRefusal(
        "permission_missing",
        "the application permission {permissions} is missing",
        _GRANT,
        "Microsoft Graph, Resolve authorization errors; ConditionalAccess 10; DeviceOffboardingManager 24; cnspec 1708",
        statuses="403",
        caller=APPLICATION,
        token=LACKS,
        permissions="missing",
    ),
    KnownRefusal(
        "permission_missing",
        "the delegated permission {permissions} is missing",
        _GRANT_TO_A_USER,
        "Microsoft Graph, Resolve authorization errors; msgraph-sdk-powershell 1289; microsoft-graph-explorer-v4 2580",
        statuses="403",
        caller=SIGNED_IN,
        token=LACKS,
        permissions="missing",
    ),
    KnownRefusal(
        "permission_missing",
        "{service} refuses {who}, most likely as the {kind} permission {permissions} is missing: the token does not "
        "show what it holds",
        _GRANT + "; where it has it, a role of {who} or a protection of the object decides",
        "Microsoft identity platform, Access tokens (a token is opaque to who asks for it)",
        statuses="403",
        token=HIDDEN,
        permissions="missing",
    ),
    KnownRefusal(
        "delegated_only",
        "the call has no application permission: only a signed-in user may do this",
        "use auth=device_code with an application that has the delegated permission {delegated}, and sign in",
        "Microsoft Graph, permissions reference; graph-docs 14233",
        statuses="403",
        caller=APPLICATION,
        token=NO_PERMISSION,
        side="controller",
        permissions="delegated",
    ),
    KnownRefusal(
        "forbidden",
        "{service} refuses the signed-in user, although the token holds {permissions}{reason}{activity}",
        "look whether the user has a directory role, or for Intune a role there, that allows it; and "
        + _LOOK_AT_THE_OBJECT,
        "msgraph-sdk-powershell 968 and 1052; microsoft-graph-docs-contrib 8612",
        statuses="403",
        caller=SIGNED_IN,
        token=HOLDS,
    ),
    KnownRefusal(
        "forbidden",
        "{service} refuses {who}, although the token holds {permissions}{reason}{activity}",
        _LOOK_AT_THE_OBJECT,
        "microsoft-graph-docs 9071, 14730, 15815; terraform-provider-azuread 911, 1687; DeviceOffboardingManager 18",
        statuses="403",
        token=HOLDS,
    ),
    KnownRefusal(
        "forbidden",
        "{service} refuses {who}{reason}{activity}; the cause is not known",
        "look at the evidence, and quote request_id when asking Microsoft",
        "Microsoft Graph, Error responses and resource types",
        statuses="403",
    ),
)
#: What is left.
BY_STATUS = (
    KnownRefusal(
        "token_refused",
        "Microsoft Graph refuses the access token, and a new one as well",
        "check the controller's clock, whether the application is enabled, and that cloud and tenant_id match",
        "Microsoft Graph, Error responses and resource types; microsoft-graph-docs-contrib 5717",
        statuses="401",
        new_token=True,
    ),
    KnownRefusal(
        "not_found",
        "the tenant has no such Windows Autopilot registration",
        "check the id; the registration may be gone already",
        "microsoft-graph-docs 7128",
        statuses="400",
        says=("cannot find device with ztd id",),
    ),
    KnownRefusal(
        "unexplained",
        "{service} does not accept the request, and gives no reason{activity}",
        "look at the object in the admin center and at what was asked, which is in the evidence; if both are right, "
        "run the task again later, and quote the ids when asking Microsoft",
        "powershell-intune-samples 45; andrew-s-taylor/public 51; DeviceOffboardingManager 70",
        statuses="400 422",
        forms=(SILENT,),
    ),
    KnownRefusal(
        "bad_request",
        "{service} does not accept the request{said}",
        "correct the named value",
        "Microsoft Graph, Error responses and resource types",
        statuses="400 422",
        forms=(REASONED,),
        value_named=True,
    ),
    KnownRefusal(
        "bad_request",
        "{service} does not accept the request{said}",
        "look at what it says, and at what was asked, which is in the evidence",
        "IntuneAppFactory 2",
        statuses="400 422",
    ),
    KnownRefusal(
        "not_found",
        "the tenant has no such object",
        "check the name or id; an object made seconds ago may need a minute",
        "Microsoft Graph, Error responses and resource types",
        statuses="404",
    ),
    KnownRefusal(
        "unsupported",
        "this Graph does not know the operation",
        "check cloud and graph_url",
        "Microsoft Graph, National cloud deployments",
        statuses="405",
    ),
    KnownRefusal(
        "conflict",
        "it conflicts with another object or with a change under way{said}",
        "run the task again",
        "Microsoft Graph, Error responses and resource types",
        statuses="409",
    ),
    KnownRefusal(
        "gone",
        "the object is gone",
        "run the task again",
        "Microsoft Graph, Error responses and resource types",
        statuses="410",
    ),
    KnownRefusal(
        "changed_meanwhile",
        "somebody else has changed the object meanwhile{said}",
        "run the task again",
        "Microsoft Graph, Error responses and resource types",
        statuses="412",
    ),
    KnownRefusal(
        "locked",
        "the object is locked{said}",
        "wait until what holds it is done, then run the task again",
        "Microsoft Graph, Error responses and resource types",
        statuses="423",
    ),
    KnownRefusal(
        "refused",
        "{service} answered {status} {code}{said}, and it is not known what that means",
        "look at the evidence, and quote request_id when asking Microsoft",
        "Microsoft Graph, Error responses and resource types",
    ),
)

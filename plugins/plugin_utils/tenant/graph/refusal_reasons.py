# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refusals that no permission of the call changes: the answer is not Graph's, or its code or sentence says why.

Rows of the table in refusals.py, in its order.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from .error_bodies import OTHER, WEB_PAGE
from .known_refusals import KnownRefusal

_PLACE = "Intune admin center, Tenant administration, Multi Admin Approval"
_DELETE = "delete objects that are not needed (deleted ones count in part for 30 days), or have the quota raised"

#: What answers is not Microsoft Graph, or has no time.
FROM_ELSEWHERE = (
    KnownRefusal(
        "unreadable_answer",
        "a proxy on the way refuses the request or wants a sign-in (status {status})",
        "give the proxy an account, or let the controller reach graph_url without it (NO_PROXY)",
        "RFC 9110, 407; RFC 6585, 511",
        statuses="407 511",
        side="network",
    ),
    KnownRefusal(
        "unreadable_answer",
        "a web page answered with status {status}, and not Microsoft Graph",
        "look for a proxy, a web filter or a login page between the controller and graph_url, and check graph_url",
        "ayakashi 7 (a filter's page); Azure Front Door's own pages look the same",
        forms=(WEB_PAGE,),
        side="network",
    ),
    KnownRefusal(
        "throttled",
        "Microsoft Graph is throttling this application or this tenant",
        "run the task again {when}, or give it a longer timeout",
        "Microsoft Graph, Throttling guidance",
        statuses="429",
    ),
    KnownRefusal(
        "service_unavailable",
        "{service} answered {status}{activity}",
        "run the task again; look at the service health of the tenant if it stays",
        "Microsoft Graph, Best practices; microsoft-graph-explorer-v4 3157",
        statuses="408 5xx",
    ),
    KnownRefusal(
        "unreadable_answer",
        "what answered with status {status} is not Microsoft Graph",
        "look at the evidence: a proxy, a login page or a wrong graph_url answers in its place",
        "Microsoft Graph, Error responses and resource types (a refusal is JSON with an error)",
        statuses="4xx",
        forms=(OTHER,),
        side="network",
        new_token=True,
    ),
    KnownRefusal(
        "unreadable_answer",
        "what answered with status {status} is not Microsoft Graph: it sends the request elsewhere",
        "look for a proxy or a login page between the controller and graph_url, and check graph_url",
        "Microsoft Graph, Error responses and resource types (no redirect is among them)",
        statuses="3xx",
        side="network",
    ),
)
#: What Graph's code or Intune's sentence says.
BY_REASON = (
    KnownRefusal(
        "approval_pending",
        "Multi Admin Approval of Intune holds the change until another administrator has approved it{approval}",
        f"have it approved or rejected ({_PLACE}), and do not run the task again before: until then it changes "
        "nothing; after that, a task with the same approval_justification carries it out",
        "Microsoft Intune, Multi Admin Approval for the Microsoft Graph API",
        says=("approval request already exists",),
        approval=True,
    ),
    KnownRefusal(
        "approval_pending",
        "Multi Admin Approval of Intune holds the change until another administrator has approved it{said}",
        f"look for the request ({_PLACE}), whose code the answer does not name, and have it approved or rejected; "
        "after that, a task with the same approval_justification carries it out",
        "Microsoft Intune, Multi Admin Approval for the Microsoft Graph API",
        statuses="412",
        says=("approval",),
        intune=True,
    ),
    KnownRefusal(
        "approval_needed",
        "an access policy of Intune (Multi Admin Approval) lets nobody make this change alone, and nobody was asked to "
        "approve it",
        "give approval_justification, so that a second administrator is asked, or exclude {who} in that access policy "
        f"({_PLACE}); no permission helps",
        "Microsoft365DSC 7236",
        statuses="400 403",
        says=(
            *("x-msft-approval-", "approval justification"),
            *("multi admin approval", "multi-admin approval", "multiadmin approval"),
        ),
    ),
    KnownRefusal(
        "quota_exceeded",
        "the tenant holds as many directory objects as it may",
        _DELETE,
        "active-directory-dotnet-graphapi-console 45; Microsoft Entra, Service limits and restrictions",
        statuses="4xx",
        says=("quota limit for the tenant", "quota limit for the company", "exceeded the number of objects"),
    ),
    KnownRefusal(
        "quota_exceeded",
        "{who} owns as many directory objects as it may",
        _DELETE,
        "azure-sdk-tools 5169; kafka-docker-playground 17; entra-docs 2087",
        statuses="4xx",
        says=("quota limit for the principal",),
    ),
    KnownRefusal(
        "quota_exceeded",
        "{who} or the tenant owns as many directory objects as it may",
        _DELETE,
        "Microsoft Graph, Error responses and resource types",
        statuses="4xx",
        codes="*QuotaExceeded",
        says=("quota limit for",),
    ),
    KnownRefusal(
        "object_full",
        "the object holds as many values as it can",
        "take values that are not needed out of it (members, keys, ids)",
        "openshift-azure 1932; microsoft-graph-docs 21469",
        statuses="4xx",
        codes="*ResourceSizeExceeded",
    ),
    KnownRefusal(
        "premium_licence_missing",
        "Microsoft Graph finds no licence of Microsoft Entra ID P1 or P2 in the tenant, which this needs",
        "license Microsoft Entra ID P1 or P2, or leave out what needs it; where the tenant has it, run the task again, "
        "and let {who} read licences (Directory.Read.All)",
        "microsoft-graph-docs 14118 and 12537 (a tenant with P1); steampipe-plugin-azuread 98; azure-docs 77948",
        statuses="400 403",
        codes="*NonPremiumTenantOrB2CTenant *PremiumLicenseRequired PimLicenseRequired InvalidLicenseForService",
        says=("have premium license", "needs an aad premium", "needs to have microsoft entra id p"),
    ),
    KnownRefusal(
        "licence_not_checkable",
        "Microsoft Graph could not check whether the tenant has the licence that this needs, as {who} may not read the "
        "directory",
        "let {who} read the directory (Directory.Read.All); whether the licence is there is not known",
        "microsoft-graph-docs 2789; microsoft-graph-docs-contrib 4858",
        statuses="400 403",
        codes="*ApplicationHasNoDirectoryReadAccess",
    ),
    KnownRefusal(
        "intune_unusable",
        "the tenant has no usable Intune",
        "license Intune and set its MDM authority, or leave out what needs Intune",
        "IntuneGet 993; msgraph-beta-sdk-go 198; vanvfields/Microsoft-365 18",
        statuses="400 403",
        codes="RequestNotApplicableToTargetTenant",
        says=("not applicable to target tenant",),
    ),
    KnownRefusal(
        "delegated_only",
        "Microsoft Graph lets only a signed-in user do this",
        "use auth=device_code with an application that has the delegated permission {delegated}, and sign in",
        "mql 6082 (401); msgraph-sdk-powershell 1479; microsoft-graph-docs 9084",
        statuses="400 401 403",
        says=(
            "unsupported app-only call",
            "applications without a signed-in user",
            "only valid with delegated authentication",
            "app-only access is not supported",
            "app-only token is not supported",
        ),
        side="controller",
        permissions="delegated",
    ),
    KnownRefusal(
        "restricted_unit",
        "the object is in a restricted management administrative unit, and {who} has no role in that unit",
        "give {who} a role with that unit as its scope, or take the object out of the unit; no permission helps",
        "Microsoft Entra, Restricted management administrative units",
        statuses="400 401 403",
        says=("restricted management administrative unit", "restricted administrative unit"),
    ),
    KnownRefusal(
        "synchronised_object",
        "the object is synchronised from an on-premises Active Directory, and only changed there",
        "change it there, or choose another object; no permission helps",
        "microsoft-graph-docs 7301 and 18038",
        statuses="400 403",
        says=("on-premises mastered directory sync objects",),
    ),
    KnownRefusal(
        "external_object",
        "another service manages the object (such as Exchange Online a group with mail), and it is only changed there",
        "change it there, or choose another object; no permission helps",
        "microsoft-graph-docs 4210; microsoft-graph-docs-contrib 3564 and 8241",
        statuses="400 403",
        says=("originated within an external service",),
    ),
    KnownRefusal(
        "conditional_access",
        "Conditional Access demands more of the sign-in than it had, or blocks it",
        "sign in again so that the policy is met, or exclude {who} from it; the tenant's sign-in log names the policy",
        "msgraph-sdk-powershell 2448; azure-cli 29155",
        statuses="400 401 403",
        codes="*ClaimsChallengeRequired* BlockedByConditionalAccess*",
        says=("by conditional access", "requires conditional access", "claimschallengerequiredexception"),
        new_token=True,
    ),
    KnownRefusal(
        "application_unknown",
        "the tenant does not know {who}: it has no service principal there, or nobody has consented to it",
        "give admin consent to the application in this tenant, and check client_id and tenant_id",
        "msgraph-sdk-php 230; contoso-airlines-teams-sample 2; Microsoft365R 184",
        statuses="401 403",
        codes="Authorization_IdentityNotFound",
        says=("identity of the calling application could not be established",),
        new_token=True,
    ),
)

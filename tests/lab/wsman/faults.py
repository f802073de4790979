# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The faults that real hosts answer with: status 500 and a w:Fault with a WSManFault or a MSFT_WmiError inside.

Codes are those of wsmerror.h; the texts and their places in the envelope are those of recorded answers (tests of
pypsrp and pywinrm).
"""

from __future__ import annotations

from dataclasses import dataclass
from xml.sax.saxutils import escape

from . import soap

TIMED_OUT = 2150858793
ENCODING_LIMIT = 2150858805
ACTION_NOT_SUPPORTED = 2150858754
SHELL_NOT_FOUND = 2150858843  # ERROR_WSMAN_UNEXPECTED_SELECTORS
INVALID_RESOURCE_URI = 2150858752
QUOTA_MAX_SHELLS = 2150859173
QUOTA_MAX_OPERATIONS = 2150859174
ACCESS_DENIED = 5
INVALID_PARAMETER = 87
FILE_NOT_FOUND = 2

_DETAIL = "http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail/"


@dataclass
class Fault(Exception):
    """A request that the service refuses; `render` writes the envelope."""

    code: int
    sender: bool
    subcode: str
    reason: str
    message: str = ""
    detail: str = ""
    provider: str = ""
    wmi: bool = False
    status: int = 500

    def __str__(self) -> str:
        return f"{self.subcode} {self.code}: {self.message or self.reason}"

    def render(self, relates_to: str, machine: str) -> str:
        """The whole envelope."""
        inner = self._wmi_error() if self.wmi else self._wsman_fault(machine)
        detail = f"<w:FaultDetail>{_DETAIL}{self.detail}</w:FaultDetail>" if self.detail else ""
        body = (
            f"<s:Fault><s:Code><s:Value>s:{'Sender' if self.sender else 'Receiver'}</s:Value><s:Subcode>"
            f"<s:Value>{self.subcode}</s:Value></s:Subcode></s:Code><s:Reason>"
            f'<s:Text xml:lang="en-US">{escape(self.reason)} </s:Text></s:Reason>'
            f"<s:Detail>{detail}{inner}</s:Detail></s:Fault>"
        )
        return soap.answer(soap.FAULT_ACTION, relates_to, body)

    def _wsman_fault(self, machine: str) -> str:
        text = escape(self.message or self.reason) + " "
        if self.provider:
            text = (
                f'<f:ProviderFault provider="{self.provider}" path="%systemroot%\\system32\\winrscmd.dll">{text}'
                "</f:ProviderFault>"
            )
        return (
            f'<f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" Code="{self.code}"'
            f' Machine="{escape(machine)}"><f:Message>{text}</f:Message></f:WSManFault>'
        )

    def _wmi_error(self) -> str:
        text = escape(self.message or self.reason)
        uri = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/MSFT_WmiError"
        return (
            f'<e:MSFT_WmiError xmlns:e="{uri}" b:IsCIM_Error="true" xmlns:b="{soap.WSMAN}">'
            f"<e:CIMStatusCode>1</e:CIMStatusCode><e:ErrorType>0</e:ErrorType><e:Message>{text}</e:Message>"
            f"<e:MessageID>HRESULT 0x{self.code:08x}</e:MessageID><e:error_Category>30</e:error_Category>"
            f"<e:error_Code>{self.code}</e:error_Code><e:error_Type>HRESULT</e:error_Type>"
            f"<e:error_WindowsErrorMessage>{text}</e:error_WindowsErrorMessage></e:MSFT_WmiError>"
        )


def timed_out() -> Fault:
    """Nothing to say within OperationTimeout; the client asks again."""
    text = "The WS-Management service cannot complete the operation within the time specified in OperationTimeout."
    return Fault(TIMED_OUT, False, "w:TimedOut", text)


def shell_not_found(shell_id: str) -> Fault:
    """The shell is gone: deleted, idle for too long, or the machine has restarted."""
    return Fault(
        SHELL_NOT_FOUND,
        True,
        "w:InvalidSelectors",
        "The WS-Management service cannot process the request because the request contained invalid selectors for the"
        " resource.",
        f"The request for the Windows Remote Shell with ShellId {shell_id} failed because the shell was not found on"
        " the server. Possible causes are: the specified ShellId is incorrect or the shell no longer exists on the"
        " server. Provide the correct ShellId or create a new shell and retry the operation.",
        "UnexpectedSelectors",
    )


def command_not_found() -> Fault:
    """The command is over, or never was."""
    return Fault(
        SHELL_NOT_FOUND,
        True,
        "w:InvalidSelectors",
        "The WS-Management service cannot process the request because the request contained invalid selectors for the"
        " resource.",
        "The Windows Remote Shell received a request to perform an operation on a command identifier that does not"
        " exist. Either the command has completed execution or the client specified an invalid command identifier.",
        "UnexpectedSelectors",
    )


def too_many_shells(limit: int) -> Fault:
    """MaxShellsPerUser."""
    return Fault(
        QUOTA_MAX_SHELLS,
        False,
        "w:QuotaLimit",
        "The WS-Management service cannot process the request. The maximum number of concurrent shells for this user"
        " has been exceeded. Close existing shells or raise the quota for this user.",
        f"The WS-Management service cannot process the request. This user is allowed a maximum number of {limit}"
        " concurrent shells, which has been exceeded. Close existing shells or raise the quota for this user.",
    )


def too_many_operations(limit: int) -> Fault:
    """MaxConcurrentOperationsPerUser; hosts send this one as a MSFT_WmiError."""
    return Fault(
        QUOTA_MAX_OPERATIONS,
        False,
        "w:InternalError",
        f"The WS-Management service cannot process the request. This user is allowed a maximum number of {limit}"
        " concurrent operations, which has been exceeded. Close existing operations for this user, or raise the quota"
        " for this user.",
        wmi=True,
    )


def request_too_large(limit: int) -> Fault:
    """The request is larger than MaxEnvelopeSizekb of the service."""
    return Fault(
        ENCODING_LIMIT,
        True,
        "w:EncodingLimit",
        "The WS-Management service cannot process the request because the encoding of the request exceeds an internal"
        f" encoding limit. The maximum envelope size is {limit} bytes. Reconfigure the client to send messages which"
        " fit the encoding limits of the service.",
        detail="MaxEnvelopeSizeExceeded",
    )


def access_denied() -> Fault:
    """The account is known but may not use remote shells."""
    return Fault(ACCESS_DENIED, True, "w:AccessDenied", "Access is denied.")


def invalid_parameter() -> Fault:
    """The plug-in of the cmd shell refuses what the request says."""
    return Fault(
        INVALID_PARAMETER,
        True,
        "w:InvalidParameter",
        "The parameter is incorrect.",
        detail="InvalidValue",
        provider="Shell cmd plugin",
    )


def file_not_found() -> Fault:
    """A program that does not exist was to start without cmd.exe (WINRS_SKIP_CMD_SHELL)."""
    text = "The system cannot find the file specified."
    return Fault(FILE_NOT_FOUND, False, "w:InternalError", text, provider="Shell cmd plugin")


def action_not_supported(action: str) -> Fault:
    """An action that this service does not know."""
    return Fault(
        ACTION_NOT_SUPPORTED,
        True,
        "w:ActionNotSupported",
        f"The WS-Management service cannot process the request. The action is not supported: {action}.",
        detail="ActionMismatch",
    )


def unknown_resource(resource_uri: str) -> Fault:
    """A resource URI that this service does not serve."""
    return Fault(
        INVALID_RESOURCE_URI,
        True,
        "w:DestinationUnreachable",
        "The WS-Management service cannot process the request. The service cannot find the resource identified by the"
        f" resource URI and selectors: {resource_uri}.",
        detail="InvalidResourceURI",
    )

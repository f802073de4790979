# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SOAP envelopes of WS-Management: requests parsed, answers written (MS-WSMV 2.2, 3.1.4)."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

SOAP = "http://www.w3.org/2003/05/soap-envelope"
ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
WSMAN = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
WSMV = "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"
IDENTITY = "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"
SHELL = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
POWERSHELL = "http://schemas.microsoft.com/powershell"
CONFIG = "http://schemas.microsoft.com/wbem/wsman/1/config"

CMD_SHELL_URI = f"{SHELL}/cmd"
ANONYMOUS = f"{ADDRESSING}/role/anonymous"
FAULT_ACTION = "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault"

_OPEN = (
    f'<s:Envelope xml:lang="en-US" xmlns:s="{SOAP}" xmlns:a="{ADDRESSING}" xmlns:x="{TRANSFER}" xmlns:w="{WSMAN}"'
    f' xmlns:rsp="{SHELL}" xmlns:p="{WSMV}"><s:Header><a:Action>'
)
_DURATION = re.compile(
    r"P(?:(?P<days>\d+)D)?(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?$"
)


class BadEnvelope(ValueError):
    """The request is not a SOAP envelope of WS-Management."""


@dataclass(frozen=True)
class Request:
    """One request; `body` is the element inside s:Body or None, times are in seconds, sizes in bytes."""

    action: str
    message_id: str
    to: str
    resource_uri: str
    selectors: dict[str, str]
    options: dict[str, str]
    timeout: float
    max_envelope: int
    size: int
    body: ElementTree.Element | None = field(repr=False, default=None)

    @property
    def shell_id(self) -> str:
        """The shell's id in capitals, as Windows writes it; empty when the request names none."""
        return self.selectors.get("ShellId", "").upper()

    def flag(self, option: str) -> bool:
        """Tell whether a boolean option of the OptionSet is on."""
        return self.options.get(option, "").lower() in {"true", "1"}


def parse(data: bytes) -> Request:
    """Parse one envelope; raises BadEnvelope."""
    try:
        root = ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError) as error:
        raise BadEnvelope(str(error)) from error
    header, body = root.find(f"{{{SOAP}}}Header"), root.find(f"{{{SOAP}}}Body")
    if root.tag != f"{{{SOAP}}}Envelope" or body is None:
        raise BadEnvelope("not a SOAP 1.2 envelope")
    inner = body[0] if len(body) else None
    if header is None:
        header = ElementTree.Element("none")
    return Request(
        action=_text(header, ADDRESSING, "Action"),
        message_id=_text(header, ADDRESSING, "MessageID"),
        to=_text(header, ADDRESSING, "To"),
        resource_uri=_text(header, WSMAN, "ResourceURI"),
        selectors=_pairs(header, "SelectorSet", "Selector"),
        options=_pairs(header, "OptionSet", "Option"),
        timeout=seconds(_text(header, WSMAN, "OperationTimeout"), 60.0),
        max_envelope=_number(_text(header, WSMAN, "MaxEnvelopeSize"), 153600),
        size=len(data),
        body=inner,
    )


def seconds(duration: str, default: float) -> float:
    """Seconds of an xs:duration like PT20S or P0DT0H1M0.5S; `default` for anything else, also for none."""
    match = _DURATION.match(duration.strip()) if duration else None
    if match is None:
        return default
    part = {name: float(value or 0) for name, value in match.groupdict().items()}
    return ((part["days"] * 24 + part["hours"]) * 60 + part["minutes"]) * 60 + part["seconds"]


def child_text(element: ElementTree.Element | None, name: str, default: str = "") -> str:
    """Text of the shell-namespace child `name`."""
    found = None if element is None else element.find(f"{{{SHELL}}}{name}")
    return default if found is None or found.text is None else found.text


def answer(action: str, relates_to: str, body: str) -> str:
    """An envelope that answers the message `relates_to`; `body` is XML with the prefixes s a x w rsp p."""
    return "".join(
        (
            _OPEN,
            action,
            "</a:Action><a:MessageID>uuid:",
            new_id(),
            "</a:MessageID><a:To>",
            ANONYMOUS,
            "</a:To><a:RelatesTo>",
            escape(relates_to),
            "</a:RelatesTo></s:Header><s:Body>",
            body,
            "</s:Body></s:Envelope>",
        )
    )


def new_id() -> str:
    """A new id as Windows writes it: capitals, no braces."""
    return str(uuid.uuid4()).upper()


def element(name: str, text: str = "", **attributes: str) -> str:
    """One XML element with escaped text and attributes."""
    pairs = "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items())
    return f"<{name}{pairs}>{escape(text)}</{name}>" if text else f"<{name}{pairs}/>"


def _text(header: ElementTree.Element, namespace: str, name: str) -> str:
    return (header.findtext(f"{{{namespace}}}{name}") or "").strip()


def _pairs(header: ElementTree.Element, group: str, item: str) -> dict[str, str]:
    path = f"{{{WSMAN}}}{group}/{{{WSMAN}}}{item}"
    return {found.get("Name", ""): (found.text or "").strip() for found in header.findall(path)}


def _number(text: str, default: int) -> int:
    return int(text) if text.isdecimal() else default

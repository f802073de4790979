# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of a code: its own entry, or what its family says of it.

catalogue.json has one entry a code, each with its public source and how certain it is. families.json has
what needs no entry of its own: one network failure has one number (12007, the name was not resolved), which every
component wraps into its own facility (0x80072ee7, 0x80192ee7, 0xcaa82ee7); an HTTP status stands in the low digits of
0x8019.... and 0xcaa3....; 0x8007.... is a Win32 error. Sources: Windows SDK (winerror.h, winhttp.h, wininet.h);
Microsoft Learn, "WebProviderError.ErrorCode" for 0xcaa......

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import functools
import json
import typing as t
from pathlib import Path

WIN32_DOC = "https://learn.microsoft.com/windows/win32/debug/system-error-codes"
WINHTTP_DOC = "https://learn.microsoft.com/windows/win32/winhttp/error-messages"

_HTTP, _NETWORK = range(100, 600), range(12001, 12200)
_WRAP_HTTP = ("0x8019", "0xcaa2", "0xcaa3", "0xcaa8")
_WRAP_NETWORK = ("0x8007", "0x8019", "0x800c", "0x8018", "0x801c", "0x80cf", "0xcaa", "0x8aa")
_WIN32 = ("0x8007", "0xc007", "0xd007")  # HRESULT_FROM_WIN32, NTSTATUS_FROM_WIN32, and that spelled as an HRESULT
_WIN32_FIX = "Look at the event or step beside it: the code alone does not show what failed."


@functools.cache
def entries() -> dict[str, dict]:
    """Every entry of catalogue.json by its code; read once, when first needed."""
    return {entry["code"]: entry for entry in _read("catalogue.json")}


@functools.cache
def families() -> dict[str, dict]:
    """families.json: facilities, network, network_fixes, same_as_network, win32."""
    return _read("families.json")


def entry(code: str) -> dict | None:
    """What is known of a code in canonical form, in the fields of the catalogue; None for an unknown one."""
    if code in entries():
        return entries()[code]
    if code.isdigit():
        return _network(int(code), code)
    if not code.startswith("0x"):
        return None
    low = int(code[-4:], 16)
    found = None
    if number := families()["same_as_network"].get(code):
        found = _network(int(number), code)
    elif low in _NETWORK and code.startswith(_WRAP_NETWORK):
        found = _network(low, code)
    elif low in _HTTP and code.startswith(_WRAP_HTTP) and (code.startswith("0x8019") or low >= 300):
        found = _http(low, code)
    elif code.startswith(_WIN32):
        found = _win32(low, code)
    elif code.startswith("0xd"):  # HRESULT_FROM_NT: an NTSTATUS with one bit more
        found = entry(f"0xc{code[3:]}")
    return found and {**found, "code": code}


def is_wrapper(code: str) -> bool:
    """Whether a code only says that something failed, so that another one beside it tells more."""
    return bool((entry(code) or {}).get("wrapper"))


def facility(code: str) -> tuple[str, str] | None:
    """The facility of an HRESULT or NTSTATUS in words, and what to look at; None where it is none that exists."""
    known = families()["facilities"]
    found = next((known[code[:length]] for length in (7, 6) if code[:length] in known), None)
    return (found["of"], found["look"]) if found else None


def code_named(symbol: str) -> str | None:
    """The code of a symbol such as MENROLL_E_DEVICE_ALREADY_ENROLLED, None where no entry has it."""
    return _symbols().get(symbol)


def code_said(text: str) -> str | None:
    """The code whose failure a service tells in words that it has for nothing else, None where there are none."""
    lower = text.lower()
    return next((code for words, code in _words() if words in lower), None)


def win32_code(number: int) -> str | None:
    """The HRESULT of a Win32 error that is known by number, None for any other."""
    code = f"0x8007{number:04x}"
    return code if 0 < number < 1 << 16 and entry(code) else None


@functools.cache
def _symbols() -> dict[str, str]:
    own = {known["name"]: code for code, known in entries().items() if known["name"] and "_" in known["name"]}
    return {
        known["name"]: f"0x8007{int(number):04x}" for number, known in families()["win32"].items() if "name" in known
    } | own


@functools.cache
def _words() -> list[tuple[str, str]]:
    return [(words, code) for code, known in entries().items() for words in known.get("says", ())]


def _network(number: int, code: str) -> dict | None:
    known = families()["network"].get(str(number))
    twin = (known or {}).get("like") or f"0x8007{number:04x}"
    for same in (twin, str(number)):
        if same in entries():
            return {**entries()[same], "code": code}
    if known is None:
        return None
    return _derived(
        code, known["name"], "network", known["cause"], families()["network_fixes"][known["fix"]], WINHTTP_DOC
    ) | {"transient": known["transient"]}


def _http(status: int, code: str) -> dict:
    known = entries().get(f"0x8019{status:04x}")
    if known:
        return {**known, "code": code}
    told = {"code": code, "name": f"http_{status}", "cause": f"A server answered with the HTTP status {status}."}
    return {**entries()["0x801901xx"], **told}


def _win32(number: int, code: str) -> dict | None:
    same = f"0x8007{number:04x}"
    if same in entries():
        return {**entries()[same], "code": code}
    known = families()["win32"].get(str(number))
    if known is None:
        return None
    if "like" in known:
        return {**entries()[known["like"]], "code": code}
    network = known["side"] == "network"
    fix = families()["network_fixes"]["reach"] if network else _WIN32_FIX
    return _derived(code, known["name"], known["side"], known["cause"], fix, WIN32_DOC) | {"wrapper": not network}


def _derived(code: str, name: str, side: str, cause: str, fix: str, doc: str) -> dict:
    return {
        "code": code,
        "name": name,
        "side": side,
        "cause": cause,
        "fix": fix,
        "transient": None,
        "certainty": "documented",
        "doc": doc,
    }


def _read(name: str) -> t.Any:
    return json.loads(Path(__file__).with_name(name).read_text(encoding="utf-8"))

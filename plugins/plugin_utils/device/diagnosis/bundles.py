# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A diagnosis' raw material as a file: one JSON object, to be looked at later, elsewhere, without the device.

``{format: "winops.entra.diagnosis", version: 1, collected, host, scope, device, asked_at, answered_at, results: {name:
{ok, value, error}}}``. What looks like a credential is taken out before anything is written. What is read is
untrusted: it is held against the shapes of vocabulary.json before anything looks at it.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import datetime
import json
import os
import re
import tempfile
from pathlib import Path

from ...options import bad_option
from ...result import Failure
from ..operations import VOCABULARY
from ..session import Answer, Result
from . import device_diagnosis

FORMAT, VERSION = "winops.entra.diagnosis", 1
MAX_BYTES = 32 * 2**20
MAX_DEPTH = 40
REMOVED = "(removed)"
# Tokens of Entra ID: JWTs, refresh and bulk tokens; and whatever is that long without a blank in it.
_TOKEN = re.compile(r"\beyJ[\w-]{10,}\.[\w.-]+|\b[01]\.A[\w-]{20,}\.[\w.-]+|[A-Za-z0-9+/_=-]{200,}")
_PASSWORD = re.compile(
    r"(?i)\b(password|pwd|secret|client_secret|refresh_token|access_token|bprt)([\"']?\s*[:=]\s*[\"']?)[^\s\"'&,;]+"
)
_URL_PASSWORD = re.compile(r"(?i)(://)[^/\s@]+@")
_SECRET_NAME = re.compile(r"(?i)password|secret|token|bprt|opaque|credential(?!type)")
_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z")


def pack(answer: Answer, scope: device_diagnosis.Scope, host: str, collected: str) -> dict:
    """The bundle of an answer; ``collected`` is the controller's time (UTC text)."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "collected": collected,
        "host": host,
        "scope": {"topics": list(scope.topics), "since": device_diagnosis.begin(answer, scope)},
        "device": answer.device,
        "asked_at": answer.asked_at,
        "answered_at": answer.answered_at,
        "results": {
            name: {"ok": result.ok, "value": redact(result.value), "error": redact(result.error)}
            for name, result in answer.results.items()
        },
    }


def redact(value):
    """The value without what looks like a credential: by the name it has, or by its own look."""
    if isinstance(value, dict):
        # Binary values are keys and blobs; no finding is read out of one.
        if set(value) == {"base64"}:
            return REMOVED
        return {
            name: REMOVED if _SECRET_NAME.search(name) and isinstance(item, (str, list)) and item else redact(item)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [redact(item) for item in value]
    if isinstance(value, str):
        text = _PASSWORD.sub(rf"\1\2{REMOVED}", _TOKEN.sub(REMOVED, value))
        return _URL_PASSWORD.sub(rf"\1{REMOVED}@", text)
    return value


def write(path: str, bundle: dict) -> None:
    """Write the file whole or not at all, for its owner only: it names people and machines. Raises Failure."""
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=os.path.dirname(path), suffix=".tmp")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                json.dump(bundle, stream, indent=1, ensure_ascii=False)
                stream.write("\n")
            os.replace(temporary, path)
        except OSError:
            os.unlink(temporary)
            raise
    except OSError as exc:
        raise bad_option(
            "dest", f"{path} cannot be written: {exc.strerror or exc}", "give a path on the controller that can be"
        ) from exc


def same_evidence(one: dict, other: dict) -> bool:
    """Whether two bundles say the same, the times of asking aside."""

    def essence(bundle: dict) -> dict:
        return {
            "device": {name: value for name, value in bundle["device"].items() if name != "utc"},
            "results": bundle["results"],
            "topics": bundle["scope"]["topics"],
        }

    return essence(one) == essence(other)


def read(path: str) -> dict:
    """A bundle from a file. Raises Failure that says what is wrong with it."""
    try:
        size = os.path.getsize(path)
        if size > MAX_BYTES:
            raise _damaged(path, f"it has {size} bytes, more than {MAX_BYTES}")
        text = Path(path).read_text(encoding="utf-8")
    except OSError as exc:
        raise bad_option(
            "src", f"{path} cannot be read: {exc.strerror or exc}", "give the path of a bundle on the controller"
        ) from exc
    except UnicodeDecodeError as exc:
        raise _damaged(path, "it is not UTF-8 text") from exc
    try:
        bundle = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise _damaged(path, f"it is not JSON: {exc}") from exc
    return _checked(path, bundle)


def unpack(bundle: dict) -> Answer:
    """The answer in a bundle that read() has checked. What it does not hold was refused by the device, as it were."""
    missing = Result(False, {}, {"type": "NotInBundle", "message": "the bundle does not hold it", "hresult": None})
    results = {name: Result(item["ok"], item["value"] or {}, item["error"]) for name, item in bundle["results"].items()}
    wanted = device_diagnosis.observations(device_diagnosis.Scope())
    return Answer(dict.fromkeys(wanted, missing) | results, bundle["device"], bundle["asked_at"], bundle["answered_at"])


# --- checking ---------------------------------------------------------------------------------------------------------


def _checked(path: str, bundle) -> dict:
    if not isinstance(bundle, dict) or bundle.get("format") != FORMAT:
        raise _damaged(path, "it is JSON, but no bundle of winops.entra.diagnose")
    if bundle.get("version") != VERSION:
        raise _damaged(path, f"it is of version {bundle.get('version')!r}, and this release reads version {VERSION}")
    shape = {
        "format": "str",
        "version": "int",
        "collected": "str",
        "host": "str",
        "scope": {"topics": ["str"], "since": "utc?"},
        "device": VOCABULARY["answer"]["device"],
        "asked_at": "float",
        "answered_at": "float",
        "results": {"*": {"ok": "bool", "value": "any", "error": "any"}},
    }
    problem = _misfit(bundle, shape, "the file")
    wanted = device_diagnosis.observations(device_diagnosis.Scope())
    for name, item in () if problem else bundle["results"].items():
        if name not in wanted:
            problem = f"results.{name} is nothing that a diagnosis reads"
        elif item["ok"]:
            problem = _misfit(
                item["value"], VOCABULARY["operations"][wanted[name]["op"]]["returns"], f"results.{name}.value"
            )
            problem = problem or _bad_keys(item["value"], f"results.{name}.value")
        else:
            problem = _misfit(
                item["error"], {"type": "str", "message": "str", "hresult": "int?"}, f"results.{name}.error"
            )
        if problem:
            break
    if problem:
        raise _damaged(path, problem)
    return bundle


def _bad_keys(value: dict, place: str) -> str | None:
    """Registry keys, which the vocabulary calls any: {values, keys}, all the way down."""
    keys = [value["key"]] if value.get("key") is not None else list(value.get("users", {}).values())
    return next((problem for key in keys if (problem := _bad_key(key, place, 0))), None)


def _bad_key(key, place: str, depth: int) -> str | None:
    if depth > MAX_DEPTH:
        return f"{place} is nested too deeply"
    problem = _misfit(key, VOCABULARY["key"], place)
    if problem:
        return problem
    return next(
        (found for name, child in key["keys"].items() if (found := _bad_key(child, f"{place}.{name}", depth + 1))), None
    )


def _misfit(value, shape, place: str) -> str | None:
    """What is wrong with a value, by the language of shapes in vocabulary.json; None where it fits."""
    if isinstance(shape, list):
        if not isinstance(value, list):
            return f"{place} is no list"
        return next(
            (found for n, item in enumerate(value) if (found := _misfit(item, shape[0], f"{place}[{n}]"))), None
        )
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            return f"{place} is no object"
        if "*" in shape:
            return next(
                (found for name, item in value.items() if (found := _misfit(item, shape["*"], f"{place}.{name}"))), None
            )
        wanted = {name.rstrip("?"): name for name in shape}
        for name, written in wanted.items():
            if name not in value:
                if written.endswith("?"):
                    continue
                return f"{place} lacks {name}"
            found = _misfit(value[name], shape[written], f"{place}.{name}")
            if found:
                return found
        return None
    return None if _is(value, shape) else f"{place} is no {shape.rstrip('?')}"


def _is(value, shape: str) -> bool:
    if shape == "any" or (value is None and shape.endswith("?")):
        return True
    kind = shape.rstrip("?")
    if isinstance(value, bool) or kind == "bool":
        return isinstance(value, bool) and kind == "bool"
    if kind == "utc":
        return isinstance(value, str) and bool(_UTC.fullmatch(value)) and _is_time(value)
    return isinstance(value, {"str": str, "int": int, "float": (int, float)}[kind])


def _is_time(text: str) -> bool:
    try:
        datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return False
    return True


def _damaged(path: str, problem: str) -> Failure:
    return Failure(
        f"the bundle {path} cannot be used: {problem}",
        side="controller",
        name="damaged_bundle",
        cause=problem,
        fix="use a file that winops.entra.diagnose has written with dest, as it is; collect it anew if in doubt",
    )

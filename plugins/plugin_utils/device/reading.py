# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one reader of what a device says: names found in any case, values of the type that is asked for.

A read ends in one of four ways. The value is returned. What is absent is None (an absent key has no values and no
subkeys). What the device refused raises Refused, and what is there and of another type raises WrongType: neither is
ever taken for absent. Who can do without a value says so where it reads (``refused=``).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import base64
import binascii
import typing as t
from collections.abc import Callable, Iterator, Mapping

from ..untrusted import in_one_line
from .shapes import is_utc

T = t.TypeVar("T")
#: The name of a failure for want of something that had to be read, and what helps in most cases.
STATE_UNREADABLE = "state_unreadable"
#: What to do where Windows refuses what an administrator may.
FULL_TOKEN = (
    "connect with a local administrator that has its full token over the network (LocalAccountTokenFilterPolicy)"
)
#: And where facts hang on it.
UNREADABLE_FIX = f"{FULL_TOKEN}, and look at the warnings of winops.entra.device_facts"


class Unreadable(Exception):
    """A value that could not be read. ``what`` names it, ``error`` is {type, message, hresult}, as operations fail."""

    def __init__(self, what: str, error: dict) -> None:
        super().__init__(in_one_line(f"{what} could not be read: {error['message']}"))
        self.what = what
        self.error = error


class Refused(Unreadable):
    """The device refused the read: access denied, a broken WMI class, an answer that is not of the agreed form."""


class WrongType(Unreadable):
    """The value is there, and of another type than it must be."""

    def __init__(self, what: str, wanted: str) -> None:
        super().__init__(what, {"type": "WrongType", "message": f"it is not {wanted}", "hresult": None})


def plain_id(name: str) -> str:
    """An id as it is compared and returned, however Windows spells it: in lower case without braces."""
    return name.strip().strip("{}").lower()


def known(*reads: Callable[[], T]) -> T | None:
    """What the first of these reads that can be made says; None where none can."""
    for read in reads:
        try:
            return read()
        except Unreadable:
            continue
    return None


def facts_of(reads: Mapping[str, Callable[[], t.Any]]) -> dict[str, t.Any]:
    """What these reads say by name; null for what could not be read."""
    return {name: known(read) for name, read in reads.items()}


def fold(name: str) -> str:
    """The form in which Windows compares registry names: each character in upper case, where that is one character.

    So neither a culture nor a spelling matters: "ß" is not "SS", and the Turkish dotless i is no I. This is what .NET
    calls StringComparison.OrdinalIgnoreCase; characters beyond U+FFFF have no case there.
    """
    return name.upper() if name.isascii() else "".join(map(_upper, name))


def _upper(char: str) -> str:
    upper = char.upper()
    if len(upper) > 1:
        upper = char.title()  # Greek letters with an iota below: in full upper case the iota is a letter of its own.
    return upper if len(upper) == 1 and upper.isascii() == char.isascii() and char <= "\uffff" else char


class Names(Mapping[str, t.Any]):
    """Entries by name, spelled and ordered as the device wrote them, found in any case.

    Where a name is there twice, the one spelled as it is asked for is found, else the first.
    """

    __slots__ = ("_entries", "_folded", "what")

    def __init__(self, entries: Mapping[str, t.Any], what: str = "") -> None:
        """``what`` names the whole in the sentence of an Unreadable."""
        self.what = what
        self._entries = entries
        self._folded: dict[str, str] | None = None

    def __getitem__(self, name: str) -> t.Any:
        if name in self._entries:
            return self._entries[name]
        return self._entries[self._spelled[fold(name)]]

    def get(self, key: str, default: t.Any = None) -> t.Any:
        # Mapping's own raises and catches a KeyError for each key that is absent, and most optional ones are.
        if key in self._entries:
            return self._entries[key]
        spelled = self._spelled.get(fold(key))
        return default if spelled is None else self._entries[spelled]

    def __contains__(self, name: object) -> bool:
        return name in self._entries or isinstance(name, str) and fold(name) in self._spelled

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        return f"Names({self._entries!r})"

    @property
    def _spelled(self) -> dict[str, str]:
        # Made when it is first needed: most names are asked for as they are written, and most keys never.
        if self._folded is None:
            # From the last to the first, so that of two names that are one to Windows the first is found.
            names = list(self._entries)[::-1]
            upper = str.upper if "".join(names).isascii() else fold
            self._folded = dict(zip(map(upper, names), names))
        return self._folded

    def text(self, name: str) -> str | None:
        """A text as it is written, the empty one too; None where it is absent. Raises WrongType."""
        return self._typed(name, str, "a text")

    def number(self, name: str) -> int | None:
        """A whole number. A text of digits is none: whoever wrote it, Windows does not read it as one."""
        value = self._typed(name, int, "a number")
        if isinstance(value, bool):
            raise WrongType(self._place(name), "a number")
        return value

    def flag(self, name: str) -> bool | None:
        """A truth value, as CIM has them."""
        return self._typed(name, bool, "true or false")

    def texts(self, name: str) -> list[str] | None:
        """The texts of a REG_MULTI_SZ."""
        value = self._typed(name, list, "a list of texts")
        if value is not None and not all(isinstance(item, str) for item in value):
            raise WrongType(self._place(name), "a list of texts")
        return value

    def data(self, name: str) -> bytes | None:
        """The bytes of a REG_BINARY, on the wire {base64: text}."""
        value = self._typed(name, dict, "binary data")
        if value is None:
            return None
        try:
            return base64.b64decode(value["base64"], validate=True)
        except (KeyError, TypeError, ValueError, binascii.Error) as exc:
            raise WrongType(self._place(name), "binary data") from exc

    def utc(self, name: str) -> str | None:
        """A time as the wire has it, ``2026-11-21T08:00:00.000Z``."""
        value = self._typed(name, str, "a time")
        if value is not None and not is_utc(value):
            raise WrongType(self._place(name), "a time")
        return value

    def _typed(self, name: str, kind: type[T], wanted: str) -> T | None:
        value = self.get(name)
        if value is None or isinstance(value, kind):
            return value
        raise WrongType(self._place(name), wanted)

    def _place(self, name: str) -> str:
        return f"{self.what}, {name}" if self.what else name


class Key:
    """One registry key: there, absent, or refused. Reading a refused one raises Refused, whatever is asked."""

    __slots__ = ("_error", "_keys", "_values", "path")

    def __init__(self, told: Mapping[str, t.Any] | None, path: str = "", error: dict | None = None) -> None:
        """``told`` is {values, keys} or {refused} as the wire has it, None for an absent key, or for one whose read
        ended with ``error``."""
        self.path = path
        self._error = told["refused"] if told is not None and "refused" in told else error
        there = told is not None and self._error is None
        self._values = Names(told["values"], path) if there and told is not None else None
        self._keys = Names(told["keys"], path) if there and told is not None else None

    @property
    def exists(self) -> bool:
        self._require()
        return self._values is not None

    @property
    def refused(self) -> bool:
        return self._error is not None

    @property
    def values(self) -> Names:
        """All values by name; none where the key is absent."""
        self._require()
        return NOTHING if self._values is None else self._values

    def text(self, name: str) -> str | None:
        return self.values.text(name)

    def number(self, name: str) -> int | None:
        return self.values.number(name)

    def texts(self, name: str) -> list[str] | None:
        return self.values.texts(name)

    def data(self, name: str) -> bytes | None:
        return self.values.data(name)

    def child(self, *names: str) -> Key:
        """The subkey at the end of these names, one below the other; an absent key where one of them is absent."""
        key = self
        for name in names:
            told = key._subkeys.get(name)
            key = Key(told, f"{key.path}\\{name}")
        return key

    def children(self) -> Iterator[tuple[str, Key]]:
        """(name as written, subkey) of each subkey, closed ones too."""
        for name, told in self._subkeys.items():
            yield name, Key(told, f"{self.path}\\{name}")

    @property
    def _subkeys(self) -> Names:
        self._require()
        return NOTHING if self._keys is None else self._keys

    def _require(self) -> None:
        if self._error is not None:
            raise Refused(self.path, self._error)


NOTHING = Names({})
ABSENT = Key(None)

# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keeps a device's PowerShell from running the runner, told from what came instead of an answer.

By the ids of PowerShell's errors "FullyQualifiedErrorId", which no language translates: those of constrained language
mode (Microsoft, "about_Language_Modes") name it, and ScriptContainedMaliciousContent is what a verdict of the
Antimalware Scan Interface becomes. Both are in PowerShell's published sources. That there is no PowerShell is told by
the exit code that POSIX gives a command that is not found ("The Open Group Base Specifications", Shell, 2.8.2).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import re

GUIDE = "https://github.com/winops/entra/blob/main/docs/troubleshooting.md"


@dataclasses.dataclass(frozen=True)
class Block:
    """What blocks PowerShell, with the cause, the fix and the side of a Failure's error."""

    name: str
    cause: str
    fix: str
    doc: str
    side: str = "device"


CONSTRAINED = Block(
    "constrained_language",
    "an application control policy (App Control for Business, formerly WDAC, or AppLocker) makes PowerShell run in "
    "constrained language mode for the connecting account, and this collection cannot work in that mode",
    "change the policy so that it trusts scripts of the connecting account, or of administrators; "
    "$ExecutionContext.SessionState.LanguageMode must then be FullLanguage",
    f"{GUIDE}#constrained-language-mode",
)
MALICIOUS = Block(
    "malicious_content",
    "the antivirus classified the collection's script as malicious and stopped it (AMSI)",
    "look up the detection in the antivirus log of the device, report it to the vendor as a false positive, and "
    "allow exactly that detection for these devices",
    f"{GUIDE}#malicious-content",
)
NO_POWERSHELL = Block(
    "no_powershell",
    "the connection leads to a shell that does not find powershell.exe: to the controller itself (ansible_connection: "
    "local), or to a system that is not Windows",
    "set ansible_connection to winrm, psrp or ssh for this host, check ansible_host, and do not delegate the task to "
    "localhost",
    f"{GUIDE}#no-powershell-at-the-other-end",
    "controller",
)
WRONG_SHELL = Block(
    "wrong_shell_type",
    "Ansible speaks to the device as to a Unix shell, because the inventory does not say that its shell is PowerShell",
    "set ansible_shell_type to powershell for this host, and make PowerShell the DefaultShell of its OpenSSH server",
    f"{GUIDE}#wrong-shell-type",
    "controller",
)

NOT_FOUND = 127
"""The exit code of a POSIX shell for a command that it does not find."""
_MALICIOUS = re.compile(r"ScriptContainedMaliciousContent")
# MethodInvocationNotSupportedInConstrainedLanguage, CannotCreateTypeConstrainedLanguage and their kind.
_CONSTRAINED = re.compile(r"(?:NotSupportedIn|NotAllowedIn|CreateType)ConstrainedLanguage")
# What may stand in the middle of an id: ends of lines, as such and as CLIXML has them, and CLIXML's tags.
_NOISE = re.compile(r"_x000[dDaA]_|<[^<>]*>|\s")


def by_what(printed: str) -> Block | None:
    """What stopped PowerShell by what it printed; None where that does not tell.

    Its text may be CLIXML, and is wrapped at the width of a console: an id may be cut anywhere.
    """
    text = _NOISE.sub("", printed)
    if _MALICIOUS.search(text):
        return MALICIOUS
    return CONSTRAINED if _CONSTRAINED.search(text) else None


def by_shell(code: int | None, remote: bool) -> Block | None:
    """What is wrong with a shell that Ansible takes for one of Unix, by its exit code. ``remote``: it is not the
    controller's own. None where that does not tell."""
    if code == NOT_FOUND:
        return NO_POWERSHELL
    return WRONG_SHELL if remote else None

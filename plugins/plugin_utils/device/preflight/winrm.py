# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Preflight checks of WinRM: whether the device can still be reached and administered once it is joined.

"Windows Remote Management" in Ansible's documentation, "User Account Control and remote restrictions" (Microsoft), the
grammar of firewall rules in MS-FASP.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from ...findings import Finding
from .. import administrators, state
from .. import operations as op
from ..answers import Result
from ..reading import Key, Names
from ..requirements import account_refusal
from .check import Look, Rule

WINRM_DOC = "https://docs.ansible.com/ansible/latest/os_guide/windows_winrm.html"
UAC_DOC = (
    "https://learn.microsoft.com/troubleshoot/windows-server/windows-security/"
    "user-account-control-and-remote-restriction"
)
FAQ_DOC = "https://learn.microsoft.com/entra/identity/devices/faq"
LISTENERS = r"SOFTWARE\Microsoft\Windows\CurrentVersion\WSMAN\Listener"
FIREWALL = r"SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy"
FIREWALL_POLICY = r"SOFTWARE\Policies\Microsoft\WindowsFirewall"
OBSERVATIONS = administrators.OBSERVATIONS | {
    "uac": op.registry_read(r"SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System"),
    "listeners": op.registry_read(LISTENERS, depth=1),
    "firewall_profiles": op.registry_read(FIREWALL, depth=1),
    "firewall_policy": op.registry_read(FIREWALL_POLICY, depth=1),
    "networks": op.cim_query("MSFT_NetConnectionProfile", ("InterfaceAlias", "NetworkCategory"), "root/StandardCimv2"),
}
DEFAULT_PORTS = {"HTTP": 5985, "HTTPS": 5986}
# NetworkCategory -> (its name in a rule, its key in the registry)
PROFILES = {0: ("Public", "PublicProfile"), 1: ("Private", "StandardProfile"), 2: ("Domain", "DomainProfile")}
PUBLIC, PRIVATE, DOMAIN = PROFILES
SECONDS_A_DAY = 86400
CERTIFICATE_DAYS = 30


def winrm_account(look: Look) -> Finding:
    """Whether the account is one that stays. Whether UAC lets it work is another check's."""
    rule = Rule("winrm_account", "a local administrator", WINRM_DOC)
    caller = look.facts["caller"]
    observed = f"{caller['account']} ({caller['sid']})"
    if look.read("administrators") is None:
        refusal = account_refusal(caller)
        return (
            rule.failed(observed, refusal.cause, refusal.fix)
            if refusal
            else rule.unknown(look.why_not("administrators"))
        )
    if not caller["elevated"] and not _is_member(look):
        return rule.failed(
            observed,
            f"the account {caller['account']} is not an administrator of the device",
            "connect with a local administrator",
        )
    if administrators.caller_refusal(look.answer, caller):
        return rule.failed(
            observed,
            f"the connecting account {caller['account']} is not a local account of the device, and may stop working "
            "after the join",
            "connect with a local administrator",
        )
    return rule.passed(observed)


def _is_member(look: Look) -> bool:
    sid = look.facts["caller"]["sid"].lower()
    return any(member["sid"].lower() == sid for member in look.answer["administrators"]["members"])


def token_filter(look: Look) -> Finding:
    """UAC takes the administrator's token away from local accounts that come over the network, RID 500 excepted."""
    rule = Rule("token_filter", "LocalAccountTokenFilterPolicy 1, or the built-in Administrator", UAC_DOC)
    values = look.values("uac")
    if values is None:
        return rule.unknown(look.why_not("uac"))
    caller = look.facts["caller"]
    policy = values.number("LocalAccountTokenFilterPolicy")
    observed = f"LocalAccountTokenFilterPolicy {'not set' if policy is None else policy}"
    built_in = caller["sid"].endswith("-500") and values.number("FilterAdministratorToken") != 1
    if policy == 1 or built_in or caller["system"] or values.number("EnableLUA") == 0:
        return rule.passed(observed)
    fix = (
        "set LocalAccountTokenFilterPolicy=1 in "
        "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Policies\\System, and exempt the device from security "
        "baselines that reset it"
    )
    refusal = account_refusal(caller)
    if refusal and (look.read("administrators") is None or _is_member(look)):
        return rule.failed(observed, refusal.cause, fix)
    return rule.warned(
        observed, "over the network a local administrator gets its full token only with this policy", fix
    )


def winrm_listener(look: Look) -> Finding:
    rule = Rule("winrm_listener", "a listener whose certificate is there and valid", WINRM_DOC)
    result = look.read("listeners")
    if result is None:
        return rule.unknown(look.why_not("listeners"))
    found = listeners(result)
    if not found:
        return rule.unknown("no WinRM listener is configured here", "configure one, unless Ansible connects by ssh")
    observed = ", ".join(f"{kind} {port}" for kind, port, _values in found)
    secure = [values for kind, _port, values in found if kind == "HTTPS"]
    if not secure:
        return rule.passed(observed)
    fix = "give the HTTPS listener its own certificate (New-SelfSignedCertificate, or a public CA)"
    for values in secure:
        wanted = (values.text("CertThumbprint") or "").replace(" ", "").lower()
        if not wanted:
            continue  # Listeners may name their certificate in the service's configuration.
        if look.read("certificates") is None:
            return rule.unknown(look.why_not("certificates"))
        certificate = next(
            (c for c in look.answer["certificates"]["certificates"] if c["thumbprint"].lower() == wanted), None
        )
        if certificate is None or not certificate["has_private_key"]:
            return rule.failed(
                observed,
                f"the certificate of the HTTPS listener ({wanted[:8]}...), or its key, is gone: no client can "
                "connect to it",
                fix,
            )
        # On the true clock: the device's own may be wrong, and the client judges by its own.
        left = (state.parse_utc(certificate["not_after"]).timestamp() - look.answer.answered_at) / SECONDS_A_DAY
        if left < 0:
            return rule.warned(
                observed,
                f"the certificate of the HTTPS listener expired {-left:.0f} days ago: only clients that do not "
                f"check it "
                "connect",
                fix,
            )
        if "DC=" in certificate["issuer"].upper():
            return rule.warned(
                observed,
                "the certificate of the HTTPS listener comes from an AD certification authority, which "
                "will not renew it for a device outside of AD",
                fix,
            )
        if left < CERTIFICATE_DAYS:
            return rule.warned(observed, f"the certificate of the HTTPS listener expires in {left:.0f} days", fix)
    return rule.passed(observed)


def listeners(result: Result) -> list[tuple[str, int, Names]]:
    """(HTTP or HTTPS, port, values) of each enabled listener; keys are called address+transport. Raises Unreadable."""
    found = []
    for name, key in result.key().children():
        kind = name.rpartition("+")[2].upper()
        # Written as a number or as a text "false", by who made the listener.
        if kind in DEFAULT_PORTS and str(key.values.get("Enabled", 1)).lower() not in ("0", "false"):
            found.append((kind, key.number("Port") or DEFAULT_PORTS[kind], key.values))
    return sorted(found, key=lambda listener: listener[:2])


# --- firewall ---------------------------------------------------------------------------------------------------------


def winrm_firewall(look: Look) -> Finding:
    """A device that leaves AD loses the domain profile, and a rule for that profile alone no longer lets anyone in."""
    rule = Rule("winrm_firewall", "a rule that allows WinRM on the network of a device outside AD", WINRM_DOC)
    names = ("firewall_profiles", "firewall_policy", "networks", "listeners")
    if any(look.read(name) is None for name in names):
        return rule.unknown(look.why_not(*names))
    firewall = look.answer["firewall_profiles"].key()
    if not firewall.exists:
        return rule.unknown("there are no firewall settings", "look at Get-NetFirewallProfile on the device")
    found = listeners(look.answer["listeners"])
    wanted = [port for kind, port, _values in found if look.plan.scheme in (None, kind.lower())] or list(
        DEFAULT_PORTS.values()
    )
    policy = look.answer["firewall_policy"].key()
    how = {category: lets_in(firewall, policy, category, wanted) for category in PROFILES}
    said = {profile.number("NetworkCategory") for profile in look.answer["networks"].instances()}
    now = {category for category in PROFILES if category in said}
    observed = "; ".join(
        f"{PROFILES[category][0]}{' (now)' if category in now else ''}: {how[category]}" for category in PROFILES
    )
    fix = (
        f"enable an inbound rule for TCP {' or '.join(map(str, wanted))} on the profiles Private and Public, "
        f"for the controller's addresses"
    )
    # Out of the domain the network is public, unless somebody calls it private.
    after = {PUBLIC if category == DOMAIN else category for category in now} or {PUBLIC}
    shut = [PROFILES[category][0] for category in sorted(after) if how[category] == "closed"]
    if shut:
        cause = (
            "WinRM is allowed on domain networks only, and the device will not be on one"
            if DOMAIN in now
            else f"no rule allows WinRM on {shut[0]} networks, and the device is on one"
        )
        return rule.failed(observed, cause, fix)
    unguarded = [PROFILES[category][0] for category in sorted(after) if how[category] == "no firewall"]
    if unguarded:
        # Security baselines come with MDM, and switch the firewall on.
        return (rule.failed if look.plan.expect_mdm else rule.warned)(
            observed,
            f"WinRM works only because the firewall allows everything on {unguarded[0]} networks: a security "
            "baseline that switches it on blocks Ansible",
            fix,
        )
    limited = [PROFILES[category][0] for category in sorted(after) if how[category] == "local subnet"]
    if limited:
        return rule.warned(observed, f"on {limited[0]} networks WinRM is allowed from the local subnet only", fix)
    return rule.passed(observed)


def lets_in(firewall: Key, policy: Key, category: int, ports: list[int]) -> str:
    """How a profile treats WinRM: ``open``, ``local subnet``, ``no firewall`` (no rule, but none is needed) or
    ``closed``.

    ``firewall`` and ``policy`` are the keys of the local and the group policy's settings with their subkeys. Raises
    Unreadable.
    """
    name, key = PROFILES[category]
    local, forced = firewall.child(key), policy.child(key)
    stores = [policy] if forced.number("AllowLocalPolicyMerge") == 0 else [firewall, policy]
    found = {
        scope
        for store in stores
        for text in store.child("FirewallRules").values.values()
        if (scope := _scope(str(text), name, ports))
    }
    if "open" in found:
        return "open"
    if _setting("EnableFirewall", forced, local) == 0 or _setting("DefaultInboundAction", forced, local) == 0:
        return "no firewall"
    return "local subnet" if found else "closed"


def _setting(name: str, *keys: Key) -> int | None:
    """The value of the first of these keys that has it."""
    return next((value for key in keys if (value := key.number(name)) is not None), None)


def _scope(text: str, profile: str, ports: list[int]) -> str | None:
    """Whom a rule lets in on a profile to one of the ports; None where it is another rule."""
    fields: dict[str, list[str]] = {}
    for part in text.split("|"):
        name, equals, value = part.partition("=")
        if equals:
            fields.setdefault(name, []).append(value)
    if fields.get("Active") != ["TRUE"] or fields.get("Action") != ["Allow"] or fields.get("Dir") != ["In"]:
        return None
    if fields.get("Protocol", ["6"]) != ["6"] or profile not in fields.get("Profile", [profile]):
        return None
    # A rule for a program alone is for another program: WinRM listens in the kernel (App=System).
    if not any(str(port) in fields.get("LPort", []) for port in ports):
        return None
    return "local subnet" if "LocalSubnet" in fields.get("RA4", []) + fields.get("RA42", []) else "open"


def local_administrator(look: Look) -> Finding:
    rule = Rule("local_administrator", "an enabled local administrator that can sign in", FAQ_DOC)
    if any(look.read(name) is None for name in administrators.OBSERVATIONS):
        return rule.unknown(look.why_not(*administrators.OBSERVATIONS))
    members = administrators.facts(look.answer, look.facts["caller"])
    usable = [administrators.shown(member) for member in members if member["counts"]]
    if usable:
        return rule.passed(", ".join(usable))
    found = "; ".join(f"{administrators.shown(member)}: {member['why_not']}" for member in members) or "no members"
    return rule.failed(
        found,
        "no local administrator can sign in: after the join only Entra accounts can, and they cannot sign in over "
        "WinRM",
        "enable a local administrator, or create one (ansible.windows.win_user)",
    )


WINRM_CHECKS = {
    check.__name__: check
    for check in (winrm_account, token_filter, winrm_firewall, winrm_listener, local_administrator)
}

# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be in the way of a connection, and by which texts of Ansible's connection plugins it is known.

The plugins hand on no exception that could be looked at, only its text. The texts are those of ansible.builtin.winrm,
psrp and ssh (ansible-core 2.16 to 2.21) and of the libraries below them: pywinrm, pypsrp, requests, urllib3, Python's
ssl and socket modules, and the program ssh. None of these translates its texts. ``docs/connections.md`` has them, too.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import re


@dataclasses.dataclass(frozen=True)
class Obstacle:
    """What is in the way: name, side, cause and fix of a Failure's error, and by which texts it is known.

    Of the side ``controller`` are those that end an attempt before anything is sent to the device's address: the task
    has failed. With all others the device is unreachable.
    """

    name: str
    side: str
    texts: str
    cause: str
    fix: str

    def is_told_by(self, said: str) -> bool:
        return bool(re.search(self.texts, said))


CREDENTIALS_REFUSED = Obstacle(
    "credentials_refused",
    "device",
    r"credentials were rejected|failed to authenticate with the server|Invalid/incorrect (?:username/)?password|"
    r"Permission denied \(|\b[Cc]ode:? ?401\b",
    "the device refuses the account, its password, key or certificate (HTTP 401)",
    "sign in with this account on the device: the password may have changed (Windows LAPS), the account may be "
    "disabled or locked, or a policy may forbid NTLM or network logons",
)
NO_ANSWER = Obstacle(
    "no_answer",
    "device",
    r"has given no answer within",
    "the device took the request and never answered: it is overloaded, or something on it holds PowerShell up",
    "look at the device's load and at its antivirus; restart it or its WinRM service, then run the task again",
)
NOT_KNOWN = Obstacle(
    "unreachable",
    "network",
    r"(?!)",
    "the connection failed for a reason that the collection does not know",
    "check that the device is on, its address, port 5986 or 5985, its WinRM listener and the local account",
)

# What got furthest comes first: winrm tries one transport after another, and says what each of them met.
OBSTACLES: tuple[Obstacle, ...] = (
    Obstacle(
        "shells_used_up",
        "device",
        r"maximum number of concurrent (?:shells|operations)|2150859173|2150859174",
        "as many sessions of this account are open on the device as it allows",
        "wait until sessions that were cut off have ended (two hours at most), or restart WinRM; raise "
        "MaxShellsPerUser",
    ),
    Obstacle(
        "session_configuration_closed",
        "device",
        r"not configured to allow remote connections|session configuration",
        "the PowerShell session configuration that psrp uses is disabled on the device",
        "run Enable-PSRemoting -Force on the device, or connect by winrm",
    ),
    Obstacle(
        "access_denied",
        "device",
        r"Access is denied|\b[Cc]ode:? ?403\b|0x80070005",
        "the account is right, but may not use WinRM: it is not an administrator, or does not have its full token",
        "connect with a local administrator, and set LocalAccountTokenFilterPolicy to 1 on the device",
    ),
    CREDENTIALS_REFUSED,
    Obstacle(
        "host_key_changed",
        "device",
        r"HOST IDENTIFICATION HAS CHANGED|host key mismatch",
        "the device shows another ssh host key than before: it was installed again, or another machine has its address",
        "find out which of the two; then remove the old key with ssh-keygen -R and the device's name",
    ),
    Obstacle(
        "host_key_unknown",
        "device",
        r"Host key verification failed|Host [Kk]ey checking is enabled|authenticity of host .* can't be established",
        "the controller does not know the device's ssh host key yet",
        "compare the key and add it to known_hosts (ssh-keyscan)",
    ),
    Obstacle(
        "proxy_refused",
        "network",
        r"ProxyError|Cannot connect to proxy|Tunnel connection failed|\b[Cc]ode:? ?407\b",
        "the connection goes to a proxy, which does not let it through",
        "name the devices in no_proxy where Ansible runs (with psrp: ansible_psrp_ignore_proxy)",
    ),
    Obstacle(
        "not_winrm",
        "network",
        r"\b[Cc]ode:? ?(?:400|404|405|502|503)\b",
        "something answers at this address and port, but it is not WinRM, or WinRM is not ready yet",
        "check ansible_port and ansible_winrm_path, and winrm enumerate winrm/config/listener on the device",
    ),
    Obstacle(
        "certificate_expired",
        "device",
        r"certificate has expired|certificate is not yet valid",
        "the certificate of the device's listener has expired or is not valid yet, or the controller's clock is wrong",
        "renew it and set its thumbprint on the listener",
    ),
    Obstacle(
        "certificate_of_another_name",
        "device",
        r"[Hh]ostname mismatch|IP address mismatch|doesn't match either of",
        "the certificate of the device's listener is for another name than the inventory's",
        "use that name as ansible_host, or give the listener a certificate for this one",
    ),
    Obstacle(
        "certificate_not_strict",
        "device",
        r"Missing Authority Key Identifier|key usage extension|Basic Constraints of CA cert not marked critical",
        "the device's certificate or its authority's lacks an extension that Python 3.13 and newer want (RFC 5280)",
        "have certificates issued with these extensions; until then, use a controller with Python 3.12",
    ),
    Obstacle(
        "certificate_issuer_unknown",
        "device",
        r"unable to get (?:local )?issuer certificate|self[- ]signed certificate",
        "the certificate of the device's listener is from an authority that the controller does not know",
        "name the authority's file in ansible_winrm_ca_trust_path (with psrp: ansible_psrp_ca_cert)",
    ),
    Obstacle(
        "certificate_refused",
        "device",
        r"CERTIFICATE_VERIFY_FAILED|certificate verify failed",
        "the controller does not accept the certificate of the device's listener",
        "read which check failed, and give the listener another certificate",
    ),
    Obstacle(
        "not_tls",
        "network",
        r"WRONG_VERSION_NUMBER|wrong version number|UNKNOWN_PROTOCOL|RECORD_LAYER_FAILURE",
        "the port does not speak TLS, but the inventory says https",
        "use port 5986, or say http (ansible_winrm_scheme, ansible_psrp_protocol) with ntlm for port 5985",
    ),
    Obstacle(
        "tls_failed",
        "network",
        r"SSLError|SSLEOFError|SSLZeroReturnError|[A-Z0-9]+_ALERT_|UNSUPPORTED_PROTOCOL|UNEXPECTED_EOF",
        "controller and device do not agree on TLS: versions, ciphers, or a proxy that breaks it",
        "compare the TLS versions of the device (SCHANNEL) with those of the controller's OpenSSL, and connect "
        "directly",
    ),
    NO_ANSWER,
    Obstacle(
        "connection_closed",
        "network",
        r"Connection reset|RemoteDisconnected|Remote end closed|Connection aborted|Connection closed by|"
        r"kex_exchange_identification|ECONNRESET",
        "the connection was made and closed without an answer: http was spoken to an https port, the device wanted a "
        "client certificate, or a firewall or proxy cut it",
        "check scheme and port; with client certificates, that urllib3 on the controller is 2.2 or newer",
    ),
    Obstacle(
        "timed_out",
        "network",
        r"[Tt]imed ?out|ConnectTimeout|ReadTimeout|read timeout",
        "no answer came in time: the device is off or asleep, has another address, or a firewall drops the packets",
        "check that it is on, its address, and a rule for TCP 5986 or 5985 (ssh: 22) in each firewall on the way",
    ),
    Obstacle(
        "connection_refused",
        "network",
        r"Connection refused|\[Errno (?:111|61)\]|actively refused",
        "nothing listens at this address and port: WinRM does not run there, or not yet, or a firewall refuses",
        "check that it is on, ansible_port, and winrm enumerate winrm/config/listener (ssh: the service sshd) on the "
        "device",
    ),
    Obstacle(
        "no_route",
        "network",
        r"No route to host|Network is unreachable|Host is down|\[Errno (?:101|113|64|65)\]",
        "no network leads from the controller to the device's address",
        "check ansible_host, the VPN and the routes",
    ),
    Obstacle(
        "name_not_resolved",
        "network",
        r"NameResolutionError|[Ff]ailed to resolve|Could not resolve hostname|Name or service not known|"
        r"nodename nor servname|getaddrinfo failed|Temporary failure in name resolution|No address associated",
        "the controller finds no address for the device's name",
        "check the spelling of ansible_host (or of the inventory name), and the controller's DNS",
    ),
    Obstacle(
        "kerberos_failed",
        "controller",
        r"Kerberos auth failure|in Kerberos database|GSSError",
        "the controller got no Kerberos ticket for the account or the device",
        "connect with a local account and ntlm: a domain account may stop working with the join",
    ),
    Obstacle(
        "ca_file_missing",
        "controller",
        r"suitable TLS CA certificate bundle, invalid path",
        "the file of certificate authorities that the inventory or the environment names is not on the controller",
        "correct ansible_winrm_ca_trust_path, ansible_psrp_ca_cert or REQUESTS_CA_BUNDLE",
    ),
    Obstacle(
        "certificate_file_missing",
        "controller",
        r"Could not find the TLS (?:certificate|key) file, invalid path",
        "the client certificate or its key is not on the controller where the inventory says",
        "correct ansible_winrm_cert_pem and ansible_winrm_cert_key_pem (with psrp: ansible_psrp_certificate_pem, "
        "ansible_psrp_certificate_key_pem)",
    ),
    Obstacle(
        "certificate_file_unusable",
        "controller",
        r"NO_CERTIFICATE_OR_CRL_FOUND|no certificate or crl found|PEM lib|KEY_VALUES_MISMATCH|NO_START_LINE|"
        r"\[Errno 13\]",
        "a file of certificates or keys that the inventory names cannot be read, or is not in the PEM format",
        "check its rights and its content: the key without a passphrase, and the certificate that belongs to it",
    ),
    Obstacle(
        "wrong_connection_option",
        "controller",
        r"does not support transport|cert_pem and cert_key_pem must be specified|message encryption is set to 'always'|"
        r"No transport found",
        "the connection variables of the inventory contradict each other, or name what this connection cannot do",
        "correct ansible_winrm_transport (ntlm, or basic over https) and the variables that the message names",
    ),
    Obstacle(
        "sshpass_missing",
        "controller",
        r"install the sshpass program",
        "ssh with a password needs the program sshpass, which is not on the controller",
        "install sshpass, or connect with a key",
    ),
    Obstacle(
        "library_missing",
        "controller",
        r"(?:is|are) not installed",
        "a Python library that the connection needs is missing for the Python that runs Ansible",
        "install it for that Python: pywinrm for winrm, pypsrp for psrp (requirements.txt of the collection)",
    ),
)

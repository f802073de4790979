# needs: facts properties
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What endpoints and download share: TLS, the proxy, and what a failure of the network was.

# What .NET Framework (WebException.Status) and .NET (HttpRequestError, SocketErrorCode) say of a failure, what kind it
# is, and WinHTTP's code for it, which is what a join meets in its place. The first that fits.
$WebFailures = @(
    @('TrustFailure|AuthenticationException\S* .*certificate', 'certificate', -2147012721),
    @('ProxyTunnelError|proxy tunnel .*407', 'proxy', -2145844841),
    @('ProxyNameResolutionFailure|RequestProhibitedByProxy|proxy tunnel', 'proxy', $null),
    @('NameResolution(Failure|Error)|HostNotFound|TryAgain|NoData|NoRecovery', 'dns', -2147012889),
    @('ConnectionReset|ConnectionAborted', 'connect', -2147012866),
    @('SecureChannelFailure|SecureConnectionError|AuthenticationException', 'tls', -2147012739),
    @('Timeout|TimedOut|Cancel', 'timeout', -2147012894),
    @('SendFailure|ReceiveFailure|ConnectionClosed|ResponseEnded', 'connect', -2147012866),
    @('ConnectFailure|ConnectionError|SocketException|IOException', 'connect', -2147012867),
    @('', 'other', $null)
)

function Enable-Tls12 {
    # Older systems offer TLS 1.0 only unless told; 0 means that the system chooses, which is right.
    $protocols = [Net.ServicePointManager]::SecurityProtocol
    if ([int]$protocols -ne 0) {
        [Net.ServicePointManager]::SecurityProtocol = $protocols -bor [Net.SecurityProtocolType]::Tls12
    }
}

function New-MachineProxy([string]$Address) {
    $server = [Net.WebProxy]::new($Address)
    # The device may say who it is, as its own services do. Nobody else's account is shown to a proxy.
    $server.UseDefaultCredentials = (Get-DeviceFact)['system']
    return $server
}

function Get-WebFailure($Problem, [bool]$Proxied) {
    $signs = ''
    $message = ''
    for ($cause = $Problem; $null -ne $cause; $cause = $cause.InnerException) {
        # The innermost says most; those around it say that something went wrong.
        $message = $cause.Message
        $signs += ' | ' + $cause.GetType().Name
        foreach ($name in 'Status', 'SocketErrorCode', 'HttpRequestError') {
            $signs += ',' + [string](Get-PropertyValue $cause $name)
        }
        # Texts of .NET itself are English everywhere; for .NET Framework the status is enough.
        if (@('AuthenticationException', 'HttpRequestException') -ccontains $cause.GetType().Name) {
            $signs += ' ' + $message
        }
    }
    foreach ($rule in $WebFailures) {
        if ($signs -cmatch $rule[0]) {
            $kind = $rule[1]
            # With a proxy it is not the device that looks up and connects to the server.
            if ($Proxied -and @('dns', 'connect') -ccontains $kind) { $kind = 'proxy' }
            return @{ type = $kind; message = $message; hresult = $rule[2] }
        }
    }
}

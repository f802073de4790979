# needs: hive
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The proxy of the machine's services (WinHTTP).

# Names of hosts have no case; the culture of this Windows has no say in that.
$AnyCase = [Text.RegularExpressions.RegexOptions]'IgnoreCase, CultureInvariant'

function Get-WinHttpProxy {
    # What netsh winhttp set proxy wrote: at 8 flags (2: there is a proxy), then two texts, each after its length.
    $hive = Open-RegistryHive 'LocalMachine'
    $key = $hive.OpenSubKey('SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings\Connections')
    if ($null -eq $key) { return $null }
    $data = $key.GetValue('WinHttpSettings')
    $key.Close()
    if ($data -isnot [byte[]] -or $data.Length -lt 20 -or ($data[8] -band 2) -eq 0) { return $null }
    $length = [BitConverter]::ToInt32($data, 12)
    # The lengths of data that was cut lead beyond its end.
    if ($length -lt 0 -or $length -gt $data.Length - 20) { return $null }
    $named = [Text.Encoding]::ASCII.GetString($data, 16, $length)
    $more = [Math]::Min([BitConverter]::ToInt32($data, 16 + $length), $data.Length - 20 - $length)
    $bypass = [Text.Encoding]::ASCII.GetString($data, 20 + $length, [Math]::Max(0, $more))
    foreach ($part in ($named -csplit '[;\s]+')) {
        # One for all, or one a scheme: http=one:80;https=two:8080
        if ($part -cmatch '\A(?:[Hh][Tt][Tt][Pp][Ss]=)?(?:[Hh][Tt][Tt][Pp][Ss]?://)?([^=/]+)/?\z') {
            return @{ address = 'http://' + $Matches[1]; bypass = @($bypass -csplit '[;\s]+') }
        }
    }
}

function Test-ProxyBypass([Uri]$Uri, $Bypass) {
    foreach ($entry in $Bypass) {
        if ($entry -eq '<local>' -and $Uri.Host.IndexOf([char]'.') -lt 0) { return $true }
        $name = $entry -creplace '\A[Hh][Tt][Tt][Pp][Ss]?://', '' -creplace ':[0-9]+\z', ''
        $pattern = '\A' + [regex]::Escape($name).Replace('\*', '.*') + '\z'
        if ([regex]::IsMatch($Uri.Host, $pattern, $AnyCase)) { return $true }
    }
    return $false
}

# needs: facts folders own_paths
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Changing: our own directories.

$Changing += 'directory_create', 'path_remove'

$System = 'S-1-5-18'

function New-PrivateDirectory([string]$Path) {
    # Created with its access list, so that there is no moment in which others could open it.
    $security = [Security.AccessControl.DirectorySecurity]::new()
    $security.SetAccessRuleProtection($true, $false)
    $security.SetOwner([Security.Principal.SecurityIdentifier]$Administrators)
    foreach ($sid in $System, $Administrators) {
        $rule = [Security.AccessControl.FileSystemAccessRule]::new([Security.Principal.SecurityIdentifier]$sid,
            'FullControl', 'ContainerInherit, ObjectInherit', 'None', 'Allow')
        $security.AddAccessRule($rule)
    }
    if ($PSVersionTable['PSVersion'].Major -ge 6) {
        [void][System.IO.FileSystemAclExtensions]::CreateDirectory($security, $Path)
    }
    else {
        [void][IO.Directory]::CreateDirectory($Path, $security)
    }
}

function Assert-PrivateDirectory([string]$Path) {
    # Anybody may create a directory in ProgramData: one that was there before us is not ours because of its name.
    $security = Get-Acl -LiteralPath $Path
    $sids = @($security.GetOwner([Security.Principal.SecurityIdentifier]).Value)
    foreach ($rule in $security.GetAccessRules($true, $true, [Security.Principal.SecurityIdentifier])) {
        $sids += $rule.IdentityReference.Value
    }
    foreach ($sid in $sids) {
        if ($sid -cne $System -and $sid -cne $Administrators) {
            Stop-Operation UnauthorizedAccessException "$Path belongs or is open to $sid. Look into it, then remove it."
        }
    }
}

function Confirm-OwnDirectory([string]$Path) {
    # Takes a resolved path; true where the last directory was created now.
    foreach ($part in (Get-OwnPathChain $Path)) {
        $created = -not [IO.Directory]::Exists($part)
        if ($created) { New-PrivateDirectory $part }
        Assert-PrivateDirectory $part
    }
    return $created
}

function directory_create($Ask) {
    $path = Resolve-OwnPath ([string]$Ask['path'])
    return @{ path = $path; created = (Confirm-OwnDirectory $path) }
}

function Remove-EmptyDirectory([string]$Path) {
    # Ours above a path that is gone: Windows refuses one in which something lies, and that ends it.
    try {
        while (($Path = [IO.Path]::GetDirectoryName($Path)).Length -ge (Get-StateRoot).Length) {
            [IO.Directory]::Delete($Path)
        }
    }
    catch {
        return
    }
}

function path_remove($Ask) {
    $path = Resolve-AnyPath ([string]$Ask['path'])
    # The engine keeps a copy of every package that it applied.
    $cache = [IO.Path]::Combine((Get-ProgramData), 'Microsoft', 'Provisioning')
    $cached = [IO.Path]::GetDirectoryName($path) -eq $cache -and [IO.Path]::GetExtension($path) -eq '.ppkg' -and
        -not (Test-Link $path)
    if (-not $cached) { $path = Resolve-OwnPath ([string]$Ask['path']) }
    $attributes = Get-PathAttribute $path
    $removed = $null -ne $attributes
    if ($removed -and $attributes.HasFlag([IO.FileAttributes]::Directory)) {
        if ($cached) { Stop-Operation UnauthorizedAccessException "Refused, $path is a directory" }
        # Links inside are removed, not followed.
        [IO.Directory]::Delete($path, $true)
    }
    elseif ($removed) {
        [IO.File]::Delete($path)
    }
    if (-not $cached) { Remove-EmptyDirectory $path }
    return @{ path = $path; removed = $removed }
}

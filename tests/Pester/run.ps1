# Runs the Pester suite in a PowerShell of its own and leaves the counts in -ResultPath for build.ps1 (its task Pester or Test).
# At a prompt, with Pester 5 or newer installed, Invoke-Pester tests/Pester does the same.
param(
    [Parameter(Mandatory)] [string] $PesterModule,
    [Parameter(Mandatory)] [string] $ResultPath,
    [string] $Filter = ''
)

$ErrorActionPreference = 'Stop'
Import-Module $PesterModule

$files = @(Get-ChildItem $PSScriptRoot -Filter *.Tests.ps1 | Where-Object BaseName -Like "*$Filter*")
if ($files) {
    $configuration = New-PesterConfiguration
    $configuration.Run.Path = $files.FullName
    $configuration.Run.PassThru = $true
    $configuration.Output.Verbosity = 'Normal'
    $result = Invoke-Pester -Configuration $configuration
}
else {
    "Pester: no file of tests/Pester has '$Filter' in its name."
    $result = $null
}

# A file that cannot be read and a block whose set-up fails count as well, though they are no tests.
$failures = @(foreach ($failed in @($result.Failed) + @($result.FailedBlocks) + @($result.FailedContainers)) {
    if ($failed) { "$($failed.ExpandedPath ?? $failed.Item)`n    $($failed.ErrorRecord -join "`n    ")" }
})
$skips = @(foreach ($skipped in $result.Skipped) { "$($skipped.ExpandedPath): $($skipped.ErrorRecord)" })
$summary = [pscustomobject]@{ Suite = 'Pester'; Passed = [int] $result.PassedCount; Failures = $failures; Skips = $skips }
[System.IO.File]::WriteAllText($ResultPath, [System.Management.Automation.PSSerializer]::Serialize($summary))

#Requires -Version 7.4
<#
.SYNOPSIS
    Every task of this repository: build it, test it, show it, package it.
.DESCRIPTION
    Needs the .NET SDK, and root on Debian for what runs real containers. On a machine without pwsh, build.sh runs the same tasks.
    This script keeps to the language, .NET and native commands, so that it runs on the bare engine (tests/EngineHost) as well,
    where the Utility and Management modules do not exist.
.EXAMPLE
    ./build.ps1 -Task Test -Filter Exec
    Builds, and runs the test classes with Exec in their name against real containerd servers.
#>
[CmdletBinding()]
param(
    # Build: everything, laid out for Import-Module ./Containerd.psd1. Test: all tests against real containerd. Pester: the
    # Pester suite alone. Demo: a real container from a prompt's view. Bench: the benchmarks. Package: the module as the
    # PowerShell Gallery wants it, under out/. Clean: removes what the other tasks made.
    [Parameter(Position = 0)]
    [ValidateSet('Build', 'Test', 'Pester', 'Demo', 'Bench', 'Package', 'Clean')]
    [string] $Task = 'Build',

    [ValidateSet('Debug', 'Release')]
    [string] $Configuration = 'Release',

    # A part of the names of the test classes, Pester files or benchmarks to run; all by default.
    [string] $Filter = ''
)

$ErrorActionPreference = 'Stop'
$PSNativeCommandUseErrorActionPreference = $false
$root = $PSScriptRoot
$out = "$root/out"
$testProjects = 'Containerd.Client.Tests', 'Containerd.PowerShell.Tests'

function Invoke-Native([string] $what, [scriptblock] $command) {
    & $command
    if ($LASTEXITCODE -ne 0) { throw "$what failed with exit code $LASTEXITCODE." }
}

function Build {
    Invoke-Native 'dotnet build' { dotnet build "$root/Containerd.slnx" -c $Configuration -v q -nologo --tl:off }
    # The help that Get-Help shows: about topics as they are, the cmdlets' from their XML docs.
    [void] [IO.Directory]::CreateDirectory("$root/en-US")
    foreach ($topic in [IO.Directory]::GetFiles("$root/module/en-US")) {
        [IO.File]::Copy($topic, "$root/en-US/$([IO.Path]::GetFileName($topic))", $true)
    }
    Invoke-Native 'Making the help' {
        dotnet "$root/src/Containerd.Help/bin/$Configuration/net10.0/Containerd.Help.dll" "$root/Containerd.psd1" `
            "$root/src/Containerd.PowerShell/bin/$Configuration/net8.0/Containerd.PowerShell.xml" "$root/en-US/Containerd.PowerShell.dll-Help.xml"
    }
    foreach ($topic in [IO.Directory]::GetFiles("$root/module/en-US")) {
        [IO.File]::Copy($topic, "$root/en-US/$([IO.Path]::GetFileName($topic))", $true)
    }
}

# The command line of a pwsh: the one that runs this script, else the one on PATH, else nothing.
function Get-PwshCommand {
    if ($Host.Name -eq 'EngineHost') {
        return Get-Command pwsh -CommandType Application -TotalCount 1 -ErrorAction Ignore | ForEach-Object Source
    }
    $name = $IsWindows ? 'pwsh.exe' : 'pwsh'
    if ([IO.File]::Exists("$PSHOME/$name")) { return "$PSHOME/$name" }
    'dotnet', "$PSHOME/pwsh.dll"   # pwsh as a .NET tool
}

# What one suite counted: each failure with its message, each skipped test with its reason.
function New-Result([string] $suite, [int] $passed, [object[]] $failures = @(), [object[]] $skips = @()) {
    [pscustomobject]@{ Suite = $suite; Passed = $passed; Failures = @($failures); Skips = @($skips) }
}

function New-ResultFile([string] $suite) {
    [void] [IO.Directory]::CreateDirectory("$out/test")
    [IO.File]::Delete("$out/test/$suite.xml")
    "$out/test/$suite.xml"
}

function Install-Server {
    if ($IsLinux) {
        Invoke-Native 'tests/Servers/install.sh' { bash "$root/tests/Servers/install.sh" }
    }
    else {
        'Real containerd servers for the tests exist on Linux only: the tests that need one will fail and say so.'
    }
}

function Test-Project([string] $project) {
    $file = New-ResultFile $project
    $assembly = "$root/tests/$project/bin/$Configuration/net10.0/$project.dll"
    # -longRunning names a test that hangs. In quotes the filter is no pattern of file names.
    if ($Filter) {
        dotnet $assembly -noLogo -noColor -longRunning 60 -result-xml $file -class "*$Filter*" | Out-Host
    }
    else {
        dotnet $assembly -noLogo -noColor -longRunning 60 -result-xml $file | Out-Host
    }
    $code = $LASTEXITCODE
    if (-not [IO.File]::Exists($file)) {
        return New-Result $project 0 "$project ended with exit code $code and without results."
    }

    $results = [xml]::new()
    $results.Load($file)
    $failures = @(foreach ($test in $results.SelectNodes('//test[@result="Fail"]')) {
        "$($test.name)`n    $($test.SelectSingleNode('failure/message').InnerText)"
    })
    # Not a test's own: a server that could not be stopped, or left something behind.
    $failures += @(foreach ($fault in $results.SelectNodes('//errors/error')) {
        "$($fault.type) $($fault.GetAttribute('name'))`n    $($fault.SelectSingleNode('failure/message').InnerText)"
    })
    if ($code -ne 0 -and -not $failures) { $failures = @("$project ended with exit code $code although no test failed.") }
    $skips = @(foreach ($test in $results.SelectNodes('//test[@result="Skip"]')) { "$($test.name): $($test.SelectSingleNode('reason').InnerText)" })
    New-Result $project $results.SelectNodes('//test[@result="Pass"]').Count $failures $skips
}

function Test-Pester {
    $pwsh, $rest = @(Get-PwshCommand)
    if (-not $pwsh) {
        'Pester: not run: no pwsh found, neither on PATH nor as the .NET tool of .config/dotnet-tools.json.' | Out-Host
        return
    }
    $file = New-ResultFile 'Pester'
    # Pester is a NuGet package of the tests, restored with them.
    $module = dotnet msbuild "$root/tests/Containerd.PowerShell.Tests" -getProperty:PesterModule
    $arguments = @($rest) + '-NoProfile', '-NonInteractive', '-File', "$root/tests/Pester/run.ps1", '-PesterModule', $module, '-ResultPath', $file, '-Filter', $Filter
    & $pwsh @arguments | Out-Host
    if (-not [IO.File]::Exists($file)) {
        return New-Result 'Pester' 0 "Pester ended with exit code $LASTEXITCODE and without results."
    }
    [Management.Automation.PSSerializer]::Deserialize([IO.File]::ReadAllText($file))
}

# Says each failure again where it is not lost in the output, and ends with the line that counts.
function Complete-Test([object[]] $results) {
    $passed = $failed = $skipped = 0
    foreach ($result in $results) {
        $passed += $result.Passed
        $failed += $result.Failures.Count
        $skipped += $result.Skips.Count
        ''
        "$($result.Suite): $($result.Passed) passed, $($result.Failures.Count) failed, $($result.Skips.Count) skipped"
        foreach ($failure in $result.Failures) { "  FAILED $failure" }
        foreach ($skip in $result.Skips) { "  SKIPPED $skip" }
    }
    ''
    "$passed passed, $failed failed" + ($skipped ? ", $skipped skipped" : '')
    if ($failed -or -not $passed) { exit 1 }
}

function Install-DemoTool {
    $missing = @(foreach ($tool in 'containerd', 'runc', 'busybox') {
        if (-not (Get-Command $tool -CommandType Application -ErrorAction Ignore)) { $tool }
    })
    if (-not $missing) { return }
    if (-not (Get-Command apt-get -CommandType Application -ErrorAction Ignore)) {
        throw "The demo runs a real containerd and needs $($missing -join ', ') on PATH (busybox statically linked). Install them with this system's package manager."
    }
    $packages = @($missing.ForEach({ $_ -eq 'busybox' ? 'busybox-static' : $_ }))
    "The demo runs a real containerd: installing $($packages -join ', ') from Debian."
    Invoke-Native 'apt-get update' { apt-get update -qq }
    Invoke-Native 'apt-get install' { apt-get install -y -qq --no-install-recommends @packages | Out-Null }
}

# out/Containerd/<version>, what Publish-PSResource -Path takes. The manifest's paths are the same here and at the root.
function Package {
    $version = (Test-ModuleManifest "$root/Containerd.psd1").Version
    $target = "$out/Containerd/$version"
    if ([IO.Directory]::Exists("$out/Containerd")) { [IO.Directory]::Delete("$out/Containerd", $true) }
    [void] [IO.Directory]::CreateDirectory($target)
    $files = @('Containerd.psd1', 'LICENSE', 'README.md', 'CHANGELOG.md').ForEach({ [IO.FileInfo]::new("$root/$_") })
    foreach ($directory in 'module/bin', 'module/formats', 'en-US') {
        $files += [IO.DirectoryInfo]::new("$root/$directory").GetFiles('*', [IO.SearchOption]::AllDirectories)
    }
    foreach ($file in $files) {
        $to = [IO.Path]::Combine($target, [IO.Path]::GetRelativePath($root, $file.FullName))
        [void] [IO.Directory]::CreateDirectory([IO.Path]::GetDirectoryName($to))
        [void] $file.CopyTo($to)
    }
    [void] (Test-ModuleManifest "$target/Containerd.psd1")
    "Containerd $version is laid out in $target ($($files.Count) files)."
}

function Clean {
    $made = [Collections.Generic.List[string]] @("$root/module/bin", "$root/en-US", $out)
    foreach ($project in [IO.Directory]::GetFiles($root, '*.csproj', [IO.SearchOption]::AllDirectories)) {
        $directory = [IO.Path]::GetDirectoryName($project)
        if ($Host.Name -eq 'EngineHost' -and $directory.EndsWith('EngineHost')) { continue }   # it runs this
        $made.AddRange([string[]] @("$directory/bin", "$directory/obj"))
    }
    foreach ($directory in $made) {
        if ([IO.Directory]::Exists($directory)) { [IO.Directory]::Delete($directory, $true) }
    }
}

switch ($Task) {
    'Build' { Build }
    'Test' {
        Install-Server
        Build
        Complete-Test @($testProjects.ForEach({ Test-Project $_ }); Test-Pester)
    }
    'Pester' {
        Build
        Complete-Test @(Test-Pester)
    }
    'Demo' {
        Install-DemoTool
        Build
        & "$root/examples/quickstart.ps1"
    }
    'Bench' {
        Install-Server
        Build
        Invoke-Native 'The benchmarks' { dotnet run --project "$root/bench" -c $Configuration -- $Filter }
    }
    'Package' {
        Build
        Package
    }
    'Clean' { Clean }
}

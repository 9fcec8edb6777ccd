BeforeAll {
    . "$PSScriptRoot/Server.ps1"
    Start-SpecServer
    $null = New-CtrContainer web -Image $image -Command sleep, 1000 -User app
    $null = Start-CtrTask web
}
AfterAll { Stop-SpecServer }

Describe 'Invoke-CtrExec' {
    It 'gives lines' { Invoke-CtrExec web -Command sh, -c, 'echo a; echo b' | Should -Be a, b }

    It 'knows the user''s groups' { Invoke-CtrExec web -Command id | Should -Be 'uid=1000(app) gid=1000(app) groups=29(audio),1000(app)' }

    It 'takes another user' { Invoke-CtrExec web -User root -Command id | Should -BeLike 'uid=0(root)*' }

    It 'feeds the pipeline to stdin and ends it' { 'one', 'two' | Invoke-CtrExec web -Command wc, -l | Should -Match '^\s*2\s*$' }

    It 'sets $LASTEXITCODE, and a code other than 0 is one error' {
        Invoke-CtrExec web -Command sh, -c, 'exit 3' -ErrorAction SilentlyContinue -ErrorVariable problem
        $LASTEXITCODE | Should -Be 3
        @($problem).Count | Should -Be 1
        $problem.FullyQualifiedErrorId | Should -BeLike 'ProcessExitedNonZero,*'
        $problem.Exception.ExitCode | Should -Be 3
        Invoke-CtrExec web -Command true
        $LASTEXITCODE | Should -Be 0
    }

    It 'does not take stderr for an error' {
        { Invoke-CtrExec web -Command sh, -c, 'echo oops >&2' -ErrorAction Stop -InformationVariable said -InformationAction SilentlyContinue } | Should -Not -Throw
        Invoke-CtrExec web -Command sh, -c, 'echo oops >&2' -InformationVariable said -InformationAction SilentlyContinue
        "$said" | Should -Be oops
        $said.Tags | Should -Contain stderr
    }

    It 'gives one object with -PassThru' {
        $result = Invoke-CtrExec web -Command sh, -c, 'echo out; echo err >&2; exit 4' -PassThru
        $result | Should -BeOfType Containerd.ProcessResult
        $result.ExitCode | Should -Be 4
        $result.StandardOutput.TrimEnd() | Should -Be out
        $result.StandardError.TrimEnd() | Should -Be err
    }

    It 'writes bytes to a file' {
        $file = Join-Path $TestDrive out.bin
        Invoke-CtrExec web -Command head, -c, 1000000, /dev/zero -OutFile $file
        (Get-Item $file).Length | Should -Be 1000000
    }

    It 'says when the program is not there' {
        { Invoke-CtrExec web -Command /nope -ErrorAction Stop } | Should -Throw '*nope*'
    }
}

Describe 'Invoke-CtrContainer' {
    It 'runs a command and leaves nothing' {
        Invoke-CtrContainer -Image $image -Command echo, hello | Should -Be hello
        Get-CtrContainer | Should -HaveCount 1
    }
}

Describe 'Looking in' {
    It 'counts' {
        $stats = Get-CtrStats web
        $stats | Should -BeOfType Containerd.ContainerStats
        $stats.Pids | Should -BeGreaterThan 0
        (Get-CtrProcess web -Detailed).CommandLine | Should -Be sleep, 1000
    }

    It 'tells events to an action' {
        $job = Register-CtrEvent -SourceIdentifier spec -Id web -Kind TaskPaused -Action { $Event.SourceEventArgs.Event.ContainerId }
        Suspend-CtrTask web
        Resume-CtrTask web
        for ($i = 0; -not $job.HasMoreData -and $i -lt 100; $i++) { Start-Sleep -Milliseconds 50 }
        Receive-Job $job | Should -Be web
        Unregister-Event spec
    }
}

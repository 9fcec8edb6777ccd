BeforeAll {
    . "$PSScriptRoot/Server.ps1"
    Start-SpecServer
}
AfterAll { Stop-SpecServer }

Describe 'Images' {
    It 'are found by their short name' {
        (Get-CtrImage spec/busybox:1).Name | Should -Be $image
        Get-CtrImage *busybox* | Should -HaveCount 1
        (Get-CtrImage).Size | Should -BeOfType long
    }

    It 'that are not there are an error about the name' {
        Get-CtrImage nope -ErrorAction SilentlyContinue -ErrorVariable problem
        $problem.FullyQualifiedErrorId | Should -BeLike 'NoSuchImage,*'
        $problem.TargetObject | Should -Be nope
    }
}

Describe 'Containers' {
    AfterEach { Get-CtrContainer | Remove-CtrContainer -Force }

    It 'are made, listed, labelled and removed' {
        $made = New-CtrContainer web -Image $image -Command sleep, 100 -Label @{ tier = 'front' }
        $made | Should -BeOfType Containerd.Container
        (Get-CtrContainer w*).State | Should -Be None
        Set-CtrContainer web -Label @{ owner = 'me' }
        (Get-CtrContainer web).Labels.owner | Should -Be me
        (Get-CtrContainer web).Labels.tier | Should -Be front
        Get-CtrContainer web | Remove-CtrContainer
        Get-CtrContainer | Should -BeNullOrEmpty
    }

    It 'run, are stopped and can be started again' {
        $null = New-CtrContainer web -Image $image -Command sleep, 100
        (Start-CtrTask web).State | Should -Be Running
        { Remove-CtrContainer web -ErrorAction Stop } | Should -Throw -ErrorId 'FailedPrecondition,*'
        (Stop-CtrTask web -Timeout 1 -PassThru).ExitCode | Should -Be 137
        (Start-CtrTask web).Pid | Should -BeGreaterThan 0
        Get-CtrContainer web | Stop-CtrTask -Timeout 0
        (Get-CtrContainer web).State | Should -Be Stopped
    }

    It 'wait for the exit code' {
        $null = New-CtrContainer job -Image $image -Command sh, -c, 'exit 7'
        $null = Start-CtrTask job
        (Wait-CtrTask job -Timeout 20).ExitCode | Should -Be 7
    }

    It 'keep a log that can be read' {
        $null = New-CtrContainer job -Image $image -Command sh, -c, 'echo one; echo two; echo three'
        $null = Start-CtrTask job
        $null = Wait-CtrTask job -Timeout 20
        Get-CtrLog job | Should -Be one, two, three
        Get-CtrLog job -Tail 1 | Should -Be three
    }

    It 'are many at once' {
        1..10 | ForEach-Object { "many$_" } | New-CtrContainer -Image $image -Command sleep, 100 | Start-CtrTask | Should -HaveCount 10
        Get-CtrContainer many* | Stop-CtrTask -Timeout 0
        (Get-CtrContainer many*).State | Sort-Object -Unique | Should -Be Stopped
    }

    It 'do nothing with -WhatIf' {
        New-CtrContainer ghost -Image $image -WhatIf
        Get-CtrContainer | Should -BeNullOrEmpty
    }
}

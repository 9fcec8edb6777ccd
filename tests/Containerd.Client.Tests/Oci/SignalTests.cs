using Containerd.Client.Oci;
using CsCheck;
using Xunit;

namespace Containerd.Client.Tests.Oci;

/// <summary>Signals by name and number.</summary>
public sealed class SignalTests
{
    [Theory]
    [InlineData("SIGTERM", 15)]
    [InlineData("term", 15)]
    [InlineData("SigKill", 9)]
    [InlineData("15", 15)]
    [InlineData(" HUP ", 1)]
    [InlineData("SIGSYS", 31)]
    [InlineData("winch", 28)]
    [InlineData("SIGUSR1", 10)]
    [InlineData("USR2", 12)]
    [InlineData("CLD", 17)]
    [InlineData("IOT", 6)]
    [InlineData("POLL", 29)]
    [InlineData("RTMIN", 34)]
    [InlineData("RTMIN+3", 37)]
    [InlineData("sigrtmin+30", 64)]
    [InlineData("SIGRTMAX", 64)]
    [InlineData("RTMAX-2", 62)]
    [InlineData("64", 64)]
    public void A_signal_is_known_by_name_and_number(string text, int number) => Assert.Equal(number, Signal.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("65")]
    [InlineData("-9")]
    [InlineData("+9")]
    [InlineData("SIG")]
    [InlineData("SIG9")]
    [InlineData("SIGSIGTERM")]
    [InlineData("SIGNOPE")]
    [InlineData("RTMIN-1")]
    [InlineData("RTMIN+31")]
    [InlineData("RTMIN+")]
    [InlineData("RTMIN+-1")]
    [InlineData("RTMAX+1")]
    [InlineData("RTMINX")]
    public void What_is_none_is_an_invalid_argument(string text) =>
        Assert.Equal("Signal", Assert.Throws<InvalidArgumentException>(() => Signal.Parse(text)).Parameter);

    [Fact]
    public void The_numbers_are_the_kernels()
    {
        // kill -l of the system's shell is the measure.
        foreach (int number in Enumerable.Range(1, 31).Append(34).Append(64))
        {
            var start = new System.Diagnostics.ProcessStartInfo("bash", ["-c", $"kill -l {number}"]) { RedirectStandardOutput = true };
            using var shell = System.Diagnostics.Process.Start(start)!;
            string name = shell.StandardOutput.ReadToEnd().Trim();
            Assert.Equal(number, Signal.Parse(name));
        }
    }

    [Fact]
    public void Every_number_has_a_name_that_leads_back() => Assert.All(Enumerable.Range(1, 64), number => Assert.Equal(number, Signal.Parse(Signal.Name(number))));

    [Theory]
    [InlineData(15, "SIGTERM")]
    [InlineData(34, "SIGRTMIN")]
    [InlineData(37, "SIGRTMIN+3")]
    [InlineData(32, "32")]
    [InlineData(0, "0")]
    [InlineData(200, "200")]
    public void Names_are_as_signal_7_writes_them(int number, string name) => Assert.Equal(name, Signal.Name(number));

    [Fact]
    public void Any_text_is_a_signal_or_none() =>
        Gen.OneOf(Gen.String, Gen.OneOf("SIG", "RT", "MIN", "MAX", "+", "-", "TERM", "9", "99999999999", " ").Array[0, 5].Select(string.Concat))
            .Sample(text => !Signal.TryParse(text, out int number) || number is >= 1 and <= 64);
}

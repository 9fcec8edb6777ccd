using Google.Protobuf.WellKnownTypes;

namespace Containerd.Client.Wire;

/// <summary>Times as containerd sends them.</summary>
internal static class WireTime
{
    /// <summary>
    /// A time in UTC; null where there is none, which Go writes as the year 1. Nanoseconds beyond .NET's ticks of 100 are cut.
    /// </summary>
    /// <param name="time">The time on the wire.</param>
    /// <returns>The time.</returns>
    public static DateTimeOffset? ToTime(this Timestamp? time) =>
        time is null || time.Seconds <= -62135596800 ? null : DateTimeOffset.FromUnixTimeSeconds(time.Seconds).AddTicks(time.Nanos / 100);
}

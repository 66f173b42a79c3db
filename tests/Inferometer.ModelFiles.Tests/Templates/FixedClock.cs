using System.Globalization;

namespace Inferometer.ModelFiles.Tests.Templates;

/// <summary>A clock that stands.</summary>
internal sealed class FixedClock(string now) : TimeProvider
{
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.Parse(now, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
}

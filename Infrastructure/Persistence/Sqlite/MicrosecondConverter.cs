using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Deepfake.Infrastructure.Persistence.Sqlite;

/// <summary>Times as whole microseconds since 1970 (UTC): SQLite has no type for them, and orders numbers as times.</summary>
internal sealed class MicrosecondConverter() : ValueConverter<DateTimeOffset, long>(time => ToMicroseconds(time), value => FromMicroseconds(value))
{
    public static long ToMicroseconds(DateTimeOffset time) => (time.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / TimeSpan.TicksPerMicrosecond;

    private static DateTimeOffset FromMicroseconds(long value) => DateTimeOffset.UnixEpoch.AddTicks(value * TimeSpan.TicksPerMicrosecond);
}

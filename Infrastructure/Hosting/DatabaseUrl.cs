using Npgsql;

namespace Deepfake.Infrastructure.Hosting;

/// <summary>Reads <c>DATABASE_URL</c>, as the earlier systems and many platforms name a database: <c>postgresql://user:password@host:5432/name?sslmode=require</c>.</summary>
internal static class DatabaseUrl
{
    /// <summary>The name of the variable.</summary>
    public const string Variable = "DATABASE_URL";

    /// <summary>The same as a connection string of Npgsql.</summary>
    /// <param name="text">The address; a driver behind the scheme (<c>postgresql+asyncpg</c>) says nothing here.</param>
    /// <exception cref="InvalidOperationException">It is no address of PostgreSQL; the message does not repeat it, as it may hold a password.</exception>
    public static string ToConnectionString(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme.Split('+')[0] is not ("postgres" or "postgresql") || url.Host.Length == 0)
            throw new InvalidOperationException($"{Variable} is no address of PostgreSQL; its form is postgresql://user:password@host:5432/name");
        var user = url.UserInfo.Split(':', 2);
        var connection = new NpgsqlConnectionStringBuilder { Host = url.IdnHost, Port = url.Port > 0 ? url.Port : NpgsqlConnection.DefaultPort };
        if (user[0].Length > 0) connection.Username = Uri.UnescapeDataString(user[0]);
        if (user.Length > 1) connection.Password = Uri.UnescapeDataString(user[1]);
        if (Uri.UnescapeDataString(url.AbsolutePath.Trim('/')) is { Length: > 0 } name) connection.Database = name;
        foreach (var option in url.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var pair = option.Split('=', 2);
            if (string.Equals(pair[0], "sslmode", StringComparison.OrdinalIgnoreCase) && pair.Length == 2 && Enum.TryParse<SslMode>(pair[1].Replace("-", "", StringComparison.Ordinal), ignoreCase: true, out var mode)) connection.SslMode = mode;
            else throw new InvalidOperationException($"{Variable}: '{pair[0]}' is not understood; ConnectionStrings:history takes every option of Npgsql.");
        }

        return connection.ConnectionString;
    }
}

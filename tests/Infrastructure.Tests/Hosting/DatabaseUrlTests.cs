using Deepfake.Infrastructure.Hosting;
using Deepfake.Infrastructure.Limits;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Deepfake.Infrastructure.Tests.Hosting;

public sealed class DatabaseUrlTests
{
    [Theory]
    [InlineData("postgresql://ana:p%40ss%2Fword@db.example.org:6432/deepfake?sslmode=require", "db.example.org", 6432, "ana", "p@ss/word", "deepfake", SslMode.Require)]
    [InlineData("postgres://ana:a:b@db/deep%20fake?sslmode=verify-full", "db", 5432, "ana", "a:b", "deep fake", SslMode.VerifyFull)]
    [InlineData("postgresql+asyncpg://ana@[::1]:5432/x", "::1", 5432, "ana", null, "x", SslMode.Prefer)]
    [InlineData("postgresql://db", "db", 5432, null, null, null, SslMode.Prefer)]
    public void An_address_becomes_a_connection_string(string url, string host, int port, string? user, string? password, string? database, SslMode mode)
    {
        var read = new NpgsqlConnectionStringBuilder(DatabaseUrl.ToConnectionString(url));

        Assert.Equal((host, port, user, password, database, mode), (read.Host, read.Port, read.Username, read.Password, read.Database, read.SslMode));
    }

    [Theory]
    [InlineData("sqlite:///./deepfake.db")]
    [InlineData("mysql://ana:secret@db/x")]
    [InlineData("postgresql://")]
    [InlineData("secret")]
    [InlineData("postgresql://ana:secret@db/x?application_name=y")]
    public void What_is_none_is_refused_without_being_repeated(string url)
    {
        var error = Assert.Throws<InvalidOperationException>(() => DatabaseUrl.ToConnectionString(url));

        Assert.Contains("DATABASE_URL", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void It_stands_in_where_no_connection_string_is_set()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration["ConnectionStrings:cache"] = "127.0.0.1:1";
        Assert.Contains("ConnectionStrings:history", Assert.Throws<InvalidOperationException>(() => builder.AddGatewayInfrastructure()).Message, StringComparison.Ordinal);

        builder.Configuration["DATABASE_URL"] = "postgresql://ana@127.0.0.1:1/x";
        builder.AddGatewayInfrastructure();

        Assert.Contains(builder.Services, service => service.ServiceType == typeof(ILimiter));
    }
}

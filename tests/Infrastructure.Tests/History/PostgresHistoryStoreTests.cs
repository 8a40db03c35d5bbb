using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.Infrastructure.History;
using Deepfake.Infrastructure.Persistence.Postgres;
using Deepfake.TestServers;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Deepfake.Infrastructure.Tests.History;

[Collection(Servers.Collection)]
public sealed class PostgresHistoryStoreTests(Servers servers) : HistoryStoreContract
{
    private readonly List<PostgresDatabase> _opened = [];
    private string _connection = "";

    public override Task DisposeAsync()
    {
        foreach (var database in _opened) database.Dispose();
        NpgsqlConnection.ClearAllPools();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task The_migrations_give_the_schema_of_the_model()
    {
        await using var context = new PostgresContext(PostgresContext.Options(_connection));
        await SaveAsync("an_1");

        Assert.False(context.Database.HasPendingModelChanges());
        Assert.Empty(await context.Database.GetPendingMigrationsAsync());
    }

    [Fact]
    public async Task What_the_first_release_saved_is_found_by_all_that_came_later()
    {
        var connection = await servers.Set.NewPostgresDatabaseAsync();
        await using (var first = new PostgresContext(PostgresContext.Options(connection)))
        {
            await first.GetService<IMigrator>().MigrateAsync("20261121063859_Analyses");
            var old = Analyses.Samples.Result("an_1", Start) with { FileName = "Clip.mp4", Reasons = [ReasonCodes.NoFace], Verdict = Verdict.Inconclusive };
            await first.Database.ExecuteSqlAsync(
                $"""
                INSERT INTO analyses (id, tenant, created_at, completed_at, status, verdict, deepfake_score, sha256, summary, result)
                VALUES ('an_1', 'acme', {old.CreatedAt}, {old.CompletedAt}, 'completed', 'inconclusive', 91.23, {old.Media.Sha256},
                  {JsonSerializer.Serialize(old.Summarise(), DeepfakeJson.Options)}::jsonb, {JsonSerializer.Serialize(old, DeepfakeJson.Options)}::jsonb)
                """);
        }

        var store = New(connection);
        var query = new HistoryQuery { Kind = MediaKind.Video, Text = "clip", Verdict = Verdict.Inconclusive };
        Assert.Equal(Verdict.Inconclusive, Assert.Single((await store.ListAsync("acme", query, None)).Items).MachineVerdict);
        var statistics = await store.GetStatisticsAsync("acme", HistoryWindow.Ever, None);
        Assert.Equal((5_000_000_000, 1L, "net"), (statistics.Bytes, statistics.Abstentions.Reasons[ReasonCodes.NoFace], Assert.Single(statistics.Models).Name));
    }

    [Fact]
    public async Task Many_instances_start_on_an_empty_database_at_once()
    {
        var connection = await servers.Set.NewPostgresDatabaseAsync();

        await Task.WhenAll(Enumerable.Range(0, 6).Select(async i =>
        {
            var store = New(connection);
            await store.SaveAsync("acme", Analyses.Samples.Result($"an_{i}", Start), None);
        }));

        var reader = New(connection);
        Assert.Equal(6, (await reader.ListAsync("acme", new HistoryQuery(), None)).Items.Count);
    }

    [Fact]
    public async Task A_server_that_comes_up_later_or_was_killed_is_found_again()
    {
        await using var server = await PostgresServer.StartAsync();
        await server.KillAsync();
        var store = New(server.ConnectionString);
        var saving = store.SaveAsync("acme", Analyses.Samples.Result("an_1", Start), None);

        await server.RestartAsync();
        await saving;
        await server.KillAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => store.FindAsync("acme", "an_1", new CancellationTokenSource(TimeSpan.FromSeconds(1)).Token));
        await server.RestartAsync();

        await Eventually.TrueAsync(
            async () =>
            {
                try
                {
                    return await store.FindAsync("acme", "an_1", None) is not null;
                }
                catch (Exception e) when (e is NpgsqlException or InvalidOperationException)
                {
                    return false;
                }
            },
            "the store reads again");
    }

    [Fact]
    public async Task A_list_reads_by_index()
    {
        for (var i = 0; i < 20; i++) await SaveAsync($"an_{i:D2}", Start.AddSeconds(i));
        await using var connection = new NpgsqlConnection(_connection);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(
            "SET enable_seqscan = off; EXPLAIN SELECT summary FROM analyses WHERE tenant = 'acme' AND (created_at < now() OR (created_at = now() AND id < 'x')) ORDER BY created_at DESC, id DESC LIMIT 5",
            connection);

        var plan = new List<string>();
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync()) plan.Add(reader.GetString(0));

        Assert.Contains(plan, line => line.Contains("ix_analyses_newest"));
        Assert.DoesNotContain(plan, line => line.Contains("Sort"));
    }

    protected override async Task<IHistoryStore> OpenAsync()
    {
        _connection = await servers.Set.NewPostgresDatabaseAsync();
        return await ReopenAsync();
    }

    protected override Task<IHistoryStore> ReopenAsync() => Task.FromResult<IHistoryStore>(New(_connection));

    private HistoryStore New(string connection)
    {
        var database = new PostgresDatabase(connection, TimeProvider.System, NullLogger<PostgresDatabase>.Instance);
        lock (_opened) _opened.Add(database);
        return new HistoryStore(database);
    }
}

using Deepfake.Infrastructure.Documents;
using Deepfake.Infrastructure.History;
using Deepfake.Infrastructure.Persistence.Postgres;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Deepfake.Infrastructure.Tests.Documents;

[Collection(Servers.Collection)]
public sealed class PostgresDocumentStoreTests(Servers servers) : DocumentStoreContract
{
    private readonly List<PostgresDatabase> _opened = [];
    private string _connection = "";

    public override async Task InitializeAsync()
    {
        _connection = await servers.Set.NewPostgresDatabaseAsync();
        await RestartAsync();
    }

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
        await Store.TryAddAsync(New("a", ""), None);

        Assert.False(context.Database.HasPendingModelChanges());
        Assert.Empty(await context.Database.GetPendingMigrationsAsync());
    }

    [Fact]
    public async Task Many_instances_start_on_an_empty_database_at_once_beside_the_history()
    {
        var connection = await servers.Set.NewPostgresDatabaseAsync();

        await Task.WhenAll(Enumerable.Range(0, 6).Select(async i =>
        {
            await new HistoryStore(Open(connection)).SaveAsync("acme", Analyses.Samples.Result($"an_{i}", Start), None);
        }).Concat(Enumerable.Range(0, 6).Select(async i => Assert.True(await Notes(Open(connection)).TryAddAsync(New($"{i}", ""), None)))));

        Assert.Equal(6, (await Notes(Open(connection)).ListAsync("acme", null, 10, None)).Count);
    }

    [Fact]
    public async Task Documents_of_a_build_that_migrated_them_apart_are_found()
    {
        var connection = await servers.Set.NewPostgresDatabaseAsync();
        Assert.True(await Notes(Open(connection)).TryAddAsync(New("a", "kept"), None));
        await using (var context = new PostgresContext(PostgresContext.Options(connection)))
            await context.Database.ExecuteSqlAsync($"""DELETE FROM "__EFMigrationsHistory" WHERE "MigrationId" LIKE '%_Documents'""");

        Assert.Equal("kept", (await Notes(Open(connection)).FindAsync("acme", "a", None))!.Value.Text);
    }

    [Fact]
    public async Task Two_instances_give_one_name_once()
    {
        var other = Notes(Open(_connection));

        var added = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => Task.Run(() => (i % 2 == 0 ? Store : other).TryAddAsync(New("claim", $"{i}"), None))));

        Assert.Single(added, won => won);
    }

    [Fact]
    public async Task A_write_whose_answer_was_lost_counts_as_done_when_it_is_sent_again()
    {
        await using var proxy = new AnswerLosingProxy(_connection);
        await Store.TryAddAsync(New("schema is there", ""), None);
        var store = Notes(Open(proxy.ConnectionString));
        await store.ListAsync("acme", null, 1, None);

        proxy.LoseNext("INSERT INTO documents");
        Assert.True(await store.TryAddAsync(New("a", "1"), None));
        proxy.LoseNext("UPDATE documents");
        Assert.True(await store.TryUpdateAsync(New("a", "2") with { Version = 1 }, None));

        Assert.Equal(2, proxy.Lost);
        Assert.Equal(new Document<Note>("acme", "a", new Note("2"), null, 2), await Store.FindAsync("acme", "a", None));
    }

    [Fact]
    public async Task What_is_due_is_found_by_index()
    {
        await Store.TryAddAsync(New("a", ""), None);
        await using var connection = new NpgsqlConnection(_connection);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(
            "SET enable_seqscan = off; EXPLAIN SELECT value FROM documents WHERE kind = 'note' AND due IS NOT NULL AND due <= now() ORDER BY due, tenant, id LIMIT 5", connection);

        var plan = new List<string>();
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync()) plan.Add(reader.GetString(0));

        Assert.Contains(plan, line => line.Contains("ix_documents_due"));
    }

    protected override Task RestartAsync()
    {
        var database = Open(_connection);
        Store = Notes(database);
        Chores = new DocumentStore<Chore>(database, new DocumentKind<Chore>(OtherKind));
        return Task.CompletedTask;
    }

    private static DocumentStore<Note> Notes(PostgresDatabase database) => new(database, new DocumentKind<Note>(Kind));

    private PostgresDatabase Open(string connection)
    {
        var database = new PostgresDatabase(connection, TimeProvider.System, NullLogger<PostgresDatabase>.Instance);
        lock (_opened) _opened.Add(database);
        return database;
    }
}

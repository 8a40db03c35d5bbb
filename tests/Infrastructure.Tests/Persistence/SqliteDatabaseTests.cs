using System.Text.RegularExpressions;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Analyses;
using Deepfake.Infrastructure.Documents;
using Deepfake.Infrastructure.History;
using Deepfake.Infrastructure.Persistence.Sqlite;
using Deepfake.Infrastructure.Tests.Analyses;
using Deepfake.Infrastructure.Tests.Documents;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Deepfake.Infrastructure.Tests.Persistence;

public sealed class SqliteDatabaseTests : IDisposable
{
    private const string Secret = "secret-clip.mp4";
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly DatabaseFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_migrations_give_the_schema_of_the_model()
    {
        _folder.Open();
        await using var context = new SqliteContext(SqliteDatabase.Options(builder => builder.UseSqlite($"Data Source={_folder.File};Pooling=False")));

        Assert.False(context.Database.HasPendingModelChanges());
        Assert.Empty(await context.Database.GetPendingMigrationsAsync());
    }

    [Fact]
    public async Task A_commit_is_flushed_and_deleted_content_is_overwritten()
    {
        var database = _folder.Open();

        Assert.Equal(("wal", 2L, 1L, 1L), await database.WriteAsync(
            async (db, _) => (
                await PragmaAsync<string>(db, "journal_mode"), await PragmaAsync<long>(db, "synchronous"),
                await PragmaAsync<long>(db, "secure_delete"), await PragmaAsync<long>(db, "foreign_keys")),
            None));
    }

    [Fact]
    public async Task A_reader_cannot_write()
    {
        var database = _folder.Open();

        await Assert.ThrowsAsync<SqliteException>(() => database.ReadAsync((db, stop) => db.Documents.ExecuteDeleteAsync(stop), None));
    }

    [Fact]
    public async Task What_was_deleted_or_replaced_leaves_the_files_of_a_running_host()
    {
        var database = _folder.Open();
        var analyses = Analyses(database);
        var history = new HistoryStore(database);
        var notes = new DocumentStore<Note>(database, new DocumentKind<Note>("note"));
        var record = Samples.Record(DateTimeOffset.UtcNow) with { FileName = Secret };
        await analyses.CreateAsync(record, None);
        await analyses.AddPartAsync(record.Id, new PartKey("faces", 0), System.Text.Encoding.UTF8.GetBytes($"\"{Secret}\""), None);
        var result = Samples.Result(record.Id, record.AcceptedAt) with { FileName = Secret };
        await analyses.TryFinishAsync(record.Id, result, None);
        await history.SaveAsync("acme", result, None);
        await history.SetReviewAsync("acme", record.Id, new Review { Verdict = Verdict.Authentic, Note = Secret, ReviewedBy = "key", ReviewedAt = record.AcceptedAt }, None);
        await notes.TryAddAsync(new Document<Note>("acme", "a", new Note(Secret)), None);
        await notes.TryAddAsync(new Document<Note>("acme", "b", new Note(Secret)), None);
        Assert.Contains(Secret, _folder.RawText(), StringComparison.Ordinal);

        database.Writer.CheckpointDelay = TimeSpan.FromMilliseconds(50);
        await analyses.DeleteAsync("acme", record.Id, None);
        await history.DeleteAsync("acme", record.Id, None);
        await notes.TryUpdateAsync(new Document<Note>("acme", "a", new Note("kept"), null, 1), None);
        await notes.TryDeleteAsync("acme", "b", null, None);

        await Eventually.TrueAsync(() => !_folder.RawText().Contains(Secret, StringComparison.Ordinal), "the data leave the files", 60);
        Assert.Equal("kept", (await notes.FindAsync("acme", "a", None))!.Value.Text);
    }

    [Fact]
    public async Task What_was_deleted_does_not_stay_in_unused_parts_of_pages()
    {
        // secure_delete alone leaves copies of these rows: SQLite moves rows between pages while it balances its trees.
        var database = _folder.Open();
        var notes = new DocumentStore<Note>(database, new DocumentKind<Note>("note"));
        var (random, texts) = (new Random(9), new Dictionary<string, string>());
        var deleted = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < 20; i++) await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => ChangeAsync()));
        Assert.True(deleted.Count > 300, $"{deleted.Count}");

        database.Writer.CheckpointDelay = TimeSpan.FromMilliseconds(50);
        await notes.TryAddAsync(new Document<Note>("acme", "last", new Note("kept")), None);

        await Eventually.TrueAsync(() => !Regex.Matches(_folder.RawText(), "[0-9a-f]{32}", RegexOptions.NonBacktracking).Any(text => deleted.Contains(text.Value)), "the data leave the files", 60);
        Assert.Equal(texts.Values.Order(), (await notes.ListAsync("acme", null, 10_000, None)).Select(note => note.Value.Text).Where(text => text != "kept").Order());

        Task ChangeAsync()
        {
            if (texts.Count > 0 && random.Next(3) == 0)
            {
                var (id, text) = texts.ElementAt(random.Next(texts.Count));
                texts.Remove(id);
                deleted.Add(text[..32]);
                return notes.TryDeleteAsync("acme", id, null, None);
            }

            var key = $"{random.NextInt64():x16}";
            texts[key] = $"{random.NextInt64():x16}{random.NextInt64():x16}{new string('x', random.Next(2000))}";
            return notes.TryAddAsync(new Document<Note>("acme", key, new Note(texts[key])), None);
        }
    }

    [Fact]
    public async Task A_large_file_is_not_rewritten()
    {
        var database = _folder.Open();
        var notes = new DocumentStore<Note>(database, new DocumentKind<Note>("note"));
        database.Writer.VacuumBytes = 10_000;
        database.Writer.CheckpointDelay = TimeSpan.FromMilliseconds(50);
        await notes.TryAddAsync(new Document<Note>("acme", "big", new Note(new string('x', 1_000_000))), None);
        await notes.TryDeleteAsync("acme", "big", null, None);
        _folder.Close();

        Assert.InRange(new FileInfo(_folder.File).Length, 1_000_000, 2_000_000);
        _folder.Open();
        _folder.Close();
        Assert.InRange(new FileInfo(_folder.File).Length, 0, 200_000);
    }

    [Fact]
    public async Task A_full_disk_refuses_writes_serves_reads_and_is_over_when_there_is_room()
    {
        var database = _folder.Open();
        var notes = new DocumentStore<Note>(database, new DocumentKind<Note>("note"));
        await notes.TryAddAsync(new Document<Note>("acme", "a", new Note("kept")), None);
        await ExecuteAsync(database, "PRAGMA max_page_count = 1"); // means no more than there are

        await Assert.ThrowsAsync<IOException>(() => notes.TryAddAsync(new Document<Note>("acme", "big", new Note(new string('x', 1_000_000))), None));

        Assert.Equal("kept", (await notes.FindAsync("acme", "a", None))!.Value.Text);
        Assert.Null(await notes.FindAsync("acme", "big", None));
        Assert.NotNull(database.Writer.Fault);
        await database.PingAsync(None); // writes a page that is there
        Assert.Null(database.Writer.Fault);
        await ExecuteAsync(database, "PRAGMA max_page_count = 1000000");
        Assert.True(await notes.TryAddAsync(new Document<Note>("acme", "big", new Note(new string('x', 1_000_000))), None));
    }

    [Fact]
    public async Task One_failed_change_does_not_take_others_with_it()
    {
        var database = _folder.Open();
        var notes = new DocumentStore<Note>(database, new DocumentKind<Note>("note"));
        using var gate = new ManualResetEventSlim();
        var held = database.WriteAsync(
            (_, stop) =>
            {
                gate.Wait(stop);
                return Task.FromResult(0);
            },
            None);
        var before = notes.TryAddAsync(new Document<Note>("acme", "a", new Note("1")), None);
        var bad = database.WriteAsync<int>(
            async (db, stop) =>
            {
                await db.Documents.ExecuteDeleteAsync(stop);
                throw new InvalidOperationException("no");
            },
            None);
        var after = notes.TryAddAsync(new Document<Note>("acme", "b", new Note("2")), None);
        gate.Set();

        await held;
        Assert.True(await before);
        await Assert.ThrowsAsync<InvalidOperationException>(() => bad);
        Assert.True(await after);
        Assert.Equal(["a", "b"], (await notes.ListAsync("acme", null, 10, None)).Select(note => note.Id));
    }

    [Theory]
    [InlineData(0)] // the header
    [InlineData(8192)] // pages
    public async Task A_damaged_file_is_refused_and_left_as_it_is(int offset)
    {
        var notes = new DocumentStore<Note>(_folder.Open(), new DocumentKind<Note>("note"));
        for (var i = 0; i < 50; i++) await notes.TryAddAsync(new Document<Note>("acme", $"{i}", new Note(new string('x', 1000))), None);
        _folder.Close();
        var bytes = await File.ReadAllBytesAsync(_folder.File);
        bytes.AsSpan(offset, 30_000).Fill(0xA5);
        await File.WriteAllBytesAsync(_folder.File, bytes);

        var refusal = Assert.Throws<InvalidOperationException>(() => _folder.Open());

        Assert.Contains(_folder.File, refusal.Message, StringComparison.Ordinal);
        Assert.Contains("left as it is", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(_folder.File));
    }

    [Fact]
    public async Task A_file_of_a_later_release_is_refused()
    {
        await ExecuteAsync(_folder.Open(), "INSERT INTO \"__EFMigrationsHistory\" VALUES ('99990101000000_Later', '99.0')");

        Assert.Contains("later release", Assert.Throws<InvalidOperationException>(() => _folder.Open()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_start_that_was_killed_while_it_migrated_does_not_hold_up_the_next()
    {
        await ExecuteAsync(
            _folder.Open(),
            "CREATE TABLE IF NOT EXISTS \"__EFMigrationsLock\" (\"Id\" INTEGER PRIMARY KEY, \"Timestamp\" TEXT NOT NULL); INSERT OR REPLACE INTO \"__EFMigrationsLock\" VALUES (1, 'x')");

        await Task.Run(() => _folder.Open()).WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task After_closing_nothing_is_written()
    {
        var database = _folder.Open();
        database.Dispose();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => database.WriteAsync((_, _) => Task.FromResult(1), None));
        Assert.False(File.Exists(_folder.File + "-wal"));
    }

    private static async Task<T> PragmaAsync<T>(DbContext db, string name)
    {
        var command = db.Database.GetDbConnection().CreateCommand();
        await using (command)
        {
            command.CommandText = "PRAGMA " + name;
            return (T)(await command.ExecuteScalarAsync())!;
        }
    }

    private static Task<int> ExecuteAsync(SqliteDatabase database, string sql) => database.WriteAsync((db, stop) => db.Database.ExecuteSqlRawAsync(sql, stop), None);

    private static SqliteAnalysisStore Analyses(SqliteDatabase database) => new(database, Options.Create(new AnalysisStoreOptions()), TimeProvider.System);
}

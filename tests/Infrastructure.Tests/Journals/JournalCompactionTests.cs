using System.Collections.Concurrent;
using System.Globalization;
using Deepfake.Infrastructure.Documents;
using Deepfake.Infrastructure.Journals;
using Deepfake.Infrastructure.Tests.Documents;
using Microsoft.Extensions.Logging.Abstractions;

namespace Deepfake.Infrastructure.Tests.Journals;

/// <summary>A journal that is written anew under its readers and writers loses nothing, whatever happens meanwhile.</summary>
public sealed class JournalCompactionTests : IDisposable
{
    private const int Writers = 6;
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly DataImages _images = new();
    private readonly SteppedClock _clock = new();
    private readonly ConcurrentQueue<CompactionStep> _steps = new();

    // By writer: the last operation that was acknowledged.
    private readonly int[] _done = [.. Enumerable.Repeat(-1, Writers)];

    public void Dispose() => _images.Dispose();

    [Fact]
    public async Task Updates_do_not_let_the_file_grow_and_all_documents_stay_readable()
    {
        using var journal = Open(_images.Live);
        var store = Notes(journal);
        var file = new FileInfo(_images.In("documents.journal"));
        long longest = 0;
        for (var round = 0; round < 150; round++)
        {
            var text = $"{round} " + new string('x', 10_000);
            Assert.All(await Task.WhenAll(Enumerable.Range(0, 20).Select(i => round == 0
                ? store.TryAddAsync(Note(i, text), None)
                : store.TryUpdateAsync(Note(i, text) with { Version = round }, None))), Assert.True);
            file.Refresh();
            longest = Math.Max(longest, file.Length);
            if (file.Length < JournalFile.MinCompactionBytes) continue;
            await Eventually.TrueAsync(
                () =>
                {
                    file.Refresh();
                    return file.Length < JournalFile.MinCompactionBytes / 4;
                },
                "the journal is compacted");
        }

        // 30 MB were written.
        Assert.InRange(longest, JournalFile.MinCompactionBytes, JournalFile.MinCompactionBytes + 300_000);
        var documents = await store.ListAsync("acme", null, 100, None);
        Assert.Equal(20, documents.Count);
        Assert.All(documents, document => Assert.StartsWith("149 ", document.Value.Text, StringComparison.Ordinal));
        Assert.True(_steps.Count(step => step == CompactionStep.Adopted) < 15);
    }

    [Fact]
    public async Task Readers_and_writers_go_on_and_a_crash_at_any_moment_keeps_what_was_acknowledged()
    {
        var images = new ConcurrentQueue<(string Folder, int[] Before, int[] After)>();
        var opened = Open(_images.Live);
        var stopped = false;
        opened.Journal.Stepping = step =>
        {
            _steps.Enqueue(step);
            if (images.Count < 40) TakeImage();
        };
        var writers = Enumerable.Range(0, Writers).Select(w => Task.Run(() => WriteAsync(opened, w, () => Volatile.Read(ref stopped)))).ToList();
        var readers = Enumerable.Range(0, 2).Select(_ => Task.Run(() => ReadAsync(opened, () => Volatile.Read(ref stopped)))).ToList();
        var photographer = Task.Run(() =>
        {
            for (var i = 0; i < 10; i++) TakeImage();
        });
        await Eventually.TrueAsync(
            () =>
            {
                Assert.DoesNotContain(writers.Concat(readers), task => task.IsFaulted);
                opened.Journal.Erase();
                _clock.AdvanceToAlarm(); // none is set while a compaction runs: on this clock it takes no time, and no rest follows
                return _steps.Count(step => step == CompactionStep.Adopted) >= 8 && photographer.IsCompleted;
            },
            "eight compactions ran",
            120);
        Volatile.Write(ref stopped, true);
        await Task.WhenAll([.. writers, .. readers, photographer]);
        opened.Dispose();

        var last = (int[])_done.Clone();
        await CheckAsync(_images.Live, last, last, inFlight: 0);
        Assert.NotEmpty(images);
        foreach (var (folder, before, after) in images) await CheckAsync(folder, before, after, inFlight: 1);

        void TakeImage()
        {
            var before = Snapshot();
            images.Enqueue((_images.Take(), before, Snapshot()));
        }
    }

    [Theory]
    [InlineData(nameof(CompactionStep.Decided))]
    [InlineData(nameof(CompactionStep.Copied))]
    [InlineData(nameof(CompactionStep.Complete))]
    public async Task A_compaction_that_fails_leaves_the_store_at_work_and_is_tried_again_minutes_later(string at)
    {
        using var journal = Open(_images.Live);
        var store = Notes(journal);
        var isFull = true;
        var failures = 0;
        journal.Journal.Stepping = step =>
        {
            _steps.Enqueue(step);
            if (!Volatile.Read(ref isFull) || step.ToString() != at) return;
            Interlocked.Increment(ref failures);
            throw new IOException("No space left on device");
        };
        for (var i = 0; i < 10; i++) await store.TryAddAsync(Note(i, "secret"), None);
        for (var i = 0; i < 9; i++) await store.TryDeleteAsync("acme", Id(i), null, None);

        _clock.Advance(JournalFile.ErasureDelay);
        await Eventually.TrueAsync(() => Volatile.Read(ref failures) == 1 && !File.Exists(_images.In("documents.journal.new")), "the compaction failed");
        Assert.True(await store.TryAddAsync(Note(20, "later"), None));
        Assert.Equal("secret", (await store.FindAsync("acme", Id(9), None))!.Value.Text);
        Assert.Null(journal.Fault);
        Volatile.Write(ref isFull, false);
        _clock.Advance(JournalFile.RetryDelay - TimeSpan.FromSeconds(1));
        Assert.True(await store.TryAddAsync(Note(21, "later"), None));
        Assert.Equal(1, failures);
        Assert.DoesNotContain(CompactionStep.Adopted, _steps);

        // The end of the failed one may set its timer only now, from the later time.
        await Eventually.TrueAsync(
            () =>
            {
                _clock.Advance(TimeSpan.FromMinutes(1));
                return _steps.Contains(CompactionStep.Adopted);
            },
            "it is tried again");

        Assert.Equal(3, _images.Text("documents.journal").TrimEnd('\n').Split('\n').Length);
        journal.Dispose();
        using var again = Open(_images.Live);
        Assert.Equal([Id(9), Id(20), Id(21)], (await Notes(again).ListAsync("acme", null, 100, None)).Select(note => note.Id));
    }

    [Fact]
    public async Task A_new_name_that_cannot_be_made_safe_closes_the_journal_and_a_restart_finds_everything()
    {
        using var journal = Open(_images.Live);
        journal.Journal.Stepping = step =>
        {
            if (step == CompactionStep.Renamed) throw new IOException("Input/output error");
        };
        for (var i = 0; i < 3; i++) await Notes(journal).TryAddAsync(Note(i, "text"), None);
        await Notes(journal).TryDeleteAsync("acme", Id(0), null, None);

        _clock.Advance(JournalFile.ErasureDelay);
        await Eventually.TrueAsync(() => journal.Fault is not null, "the journal is closed");

        await Assert.ThrowsAsync<IOException>(() => Notes(journal).TryAddAsync(Note(4, "text"), None));
        Assert.Equal("text", (await Notes(journal).FindAsync("acme", Id(1), None))!.Value.Text);
        journal.Dispose();
        using var again = Open(_images.Live);
        Assert.Equal([Id(1), Id(2)], (await Notes(again).ListAsync("acme", null, 100, None)).Select(note => note.Id));
    }

    [Fact]
    public async Task A_copy_that_a_crash_left_half_way_is_deleted_at_the_start()
    {
        using (var journal = Open(_images.Live)) await Notes(journal).TryAddAsync(Note(1, "text"), None);
        await File.WriteAllTextAsync(_images.In("documents.journal.new"), "half a li");

        using var again = Open(_images.Live);

        Assert.NotNull(await Notes(again).FindAsync("acme", Id(1), None));
        Assert.False(File.Exists(_images.In("documents.journal.new")));
    }

    private static string Id(int number) => number.ToString("d4", CultureInfo.InvariantCulture);

    private static Document<Note> Note(int number, string text) => new("acme", Id(number), new Note(text), null);

    private static JournalDocumentStore<Note> Notes(DocumentJournal journal) => new(journal, new DocumentKind<Note>("note"));

    private static bool IsDeletion(int operation) => operation % 7 == 6;

    /// <summary>What stands must be what an operation between the last acknowledged one and the one under way left.</summary>
    private static async Task CheckAsync(string folder, int[] before, int[] after, int inFlight)
    {
        using (var journal = new DocumentJournal(Path.Combine(folder, "documents.journal"), TimeProvider.System, NullLogger<DocumentJournal>.Instance))
        {
            for (var w = 0; w < Writers; w++)
            {
                var possible = Enumerable.Range(before[w], after[w] + inFlight - before[w] + 1).ToList();
                if (await Notes(journal).FindAsync("acme", Id(w), None) is { } found) Assert.Contains(Operation(found), possible);
                else Assert.Contains(possible, operation => operation < 0 || IsDeletion(operation));
            }
        }

        Assert.Empty(Directory.GetFiles(folder, "*.damaged-*"));
    }

    private static int Operation(Document<Note> note) => int.Parse(note.Value.Text.Split(' ')[0], CultureInfo.InvariantCulture);

    private int[] Snapshot() => [.. Enumerable.Range(0, Writers).Select(w => Volatile.Read(ref _done[w]))];

    private async Task WriteAsync(DocumentJournal journal, int writer, Func<bool> isStopped)
    {
        var store = Notes(journal);
        long version = 0;
        for (var operation = 0; !isStopped(); operation++)
        {
            var note = Note(writer, $"{operation} " + new string('x', operation * 37 % 3000)) with { Version = version };
            Assert.True(
                IsDeletion(operation) ? await store.TryDeleteAsync("acme", note.Id, null, None)
                : version == 0 ? await store.TryAddAsync(note, None)
                : await store.TryUpdateAsync(note, None));
            version = IsDeletion(operation) ? 0 : version + 1;
            Volatile.Write(ref _done[writer], operation);
        }
    }

    private async Task ReadAsync(DocumentJournal journal, Func<bool> isStopped)
    {
        var store = Notes(journal);
        for (var i = 0; !isStopped(); i++)
        {
            var writer = i % Writers;
            var least = Volatile.Read(ref _done[writer]);
            if (await store.FindAsync("acme", Id(writer), None) is { } found) Assert.InRange(Operation(found), least, Volatile.Read(ref _done[writer]) + 1);
            foreach (var note in await store.ListAsync("acme", null, 100, None)) Assert.True(Operation(note) >= 0);
        }
    }

    private DocumentJournal Open(string folder)
    {
        var journal = new DocumentJournal(Path.Combine(folder, "documents.journal"), _clock, NullLogger<DocumentJournal>.Instance);
        journal.Journal.Stepping = _steps.Enqueue;
        return journal;
    }
}

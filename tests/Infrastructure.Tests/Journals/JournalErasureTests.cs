using Deepfake.Contracts;
using Deepfake.Infrastructure.Analyses;
using Deepfake.Infrastructure.Documents;
using Deepfake.Infrastructure.History;
using Deepfake.Infrastructure.Journals;
using Deepfake.Infrastructure.Tests.Analyses;
using Deepfake.Infrastructure.Tests.Documents;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Deepfake.Infrastructure.Tests.Journals;

/// <summary>What is deleted leaves the disk of a running host.</summary>
public sealed class JournalErasureTests : IDisposable
{
    private const string Secret = "secret-clip.mp4";
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly DataImages _images = new();
    private readonly SteppedClock _clock = new();
    private int _adopted;

    public void Dispose() => _images.Dispose();

    [Fact]
    public async Task A_deleted_analysis_leaves_the_journal_and_what_stays_is_read()
    {
        using var store = OpenAnalyses();
        var (deleted, kept) = (await FinishAsync(store, Secret), await FinishAsync(store, "kept.mp4"));
        await store.DeleteAsync("acme", deleted, None);
        Assert.Contains(Secret, _images.Text("analyses.journal"), StringComparison.Ordinal);

        await EraseAsync();

        Assert.DoesNotContain(Secret, _images.Text("analyses.journal"), StringComparison.Ordinal);
        Assert.Null(await store.FindResultAsync("acme", deleted, None));
        Assert.Equal("kept.mp4", (await store.FindResultAsync("acme", kept, None))!.FileName);
        var late = await FinishAsync(store, "late.mp4");
        Assert.Equal("late.mp4", (await store.FindResultAsync("acme", late, None))!.FileName);
        store.Dispose();
        using var again = OpenAnalyses();
        Assert.Equal("kept.mp4", (await again.FindResultAsync("acme", kept, None))!.FileName);
        Assert.Equal("late.mp4", (await again.FindResultAsync("acme", late, None))!.FileName);
        Assert.Null(await again.FindAsync(deleted, None));
        Assert.Equal(deleted, Assert.Single(await again.FindDeletedAsync(DateTimeOffset.MinValue, None)).Id);
    }

    [Fact]
    public async Task An_analysis_that_was_forgotten_before_it_was_deleted_leaves_the_journal()
    {
        using var store = OpenAnalyses();
        var id = await FinishAsync(store, Secret);
        await store.MarkAnnouncedAsync(id, None);
        _clock.Advance(TimeSpan.FromHours(25));
        await store.CreateAsync(Samples.Record(_clock.GetUtcNow()), None);
        Assert.Null(await store.FindAsync(id, None));

        Assert.False(await store.DeleteAsync("acme", id, None));
        await EraseAsync();

        Assert.DoesNotContain(Secret, _images.Text("analyses.journal"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_watcher_goes_on_over_a_compaction()
    {
        using var store = OpenAnalyses();
        var record = Samples.Record(_clock.GetUtcNow());
        await store.CreateAsync(record, None);
        var deleted = await FinishAsync(store, Secret);
        await using var events = store.WatchAsync(record.Id, 0, None).GetAsyncEnumerator();
        Assert.True(await events.MoveNextAsync());
        var next = events.MoveNextAsync();

        await store.DeleteAsync("acme", deleted, None);
        await EraseAsync();
        await store.AdvanceAsync(record.Id, Stage.Frames, 10, None);
        await store.TryFinishAsync(record.Id, Samples.Result(record.Id, record.AcceptedAt), None);

        Assert.True(await next);
        Assert.Equal(2, events.Current.Sequence);
        Assert.True(await events.MoveNextAsync());
        Assert.Equal(3, events.Current.Sequence);
        Assert.False(await events.MoveNextAsync());
    }

    [Fact]
    public async Task A_deleted_result_its_earlier_form_and_its_review_leave_the_history()
    {
        using var store = OpenHistory();
        await store.SaveAsync("acme", Samples.Result("an_1", _clock.GetUtcNow()) with { FileName = Secret }, None);
        await store.SaveAsync("acme", Samples.Result("an_1", _clock.GetUtcNow()) with { FileName = "again-" + Secret }, None);
        await store.SetReviewAsync("acme", "an_1", NewReview("of an_1"), None);
        await store.SaveAsync("acme", Samples.Result("an_2", _clock.GetUtcNow()) with { FileName = "kept.mp4" }, None);
        await store.SetReviewAsync("acme", "an_2", NewReview("first"), None);
        await store.SetReviewAsync("acme", "an_2", NewReview("last"), None);

        await store.DeleteAsync("acme", "an_1", None);
        await EraseAsync();

        var text = _images.Text("history.journal");
        Assert.DoesNotContain("an_1", text, StringComparison.Ordinal);
        Assert.DoesNotContain("\"first\"", text, StringComparison.Ordinal);
        Assert.Equal(("kept.mp4", "last"), Shown(await store.FindAsync("acme", "an_2", None)));
        store.Dispose();
        using var again = OpenHistory();
        Assert.Equal(("kept.mp4", "last"), Shown(await again.FindAsync("acme", "an_2", None)));
        Assert.Null(await again.FindAsync("acme", "an_1", None));

        static (string?, string?) Shown(Analysis? result) => (result!.FileName, result.Review!.Note);
    }

    [Fact]
    public async Task A_deleted_document_leaves_the_journal_with_all_its_versions()
    {
        using var journal = OpenDocuments();
        var store = new JournalDocumentStore<Note>(journal, new DocumentKind<Note>("note"));
        await store.TryAddAsync(new Document<Note>("acme", "a", new Note(Secret), null), None);
        await store.TryUpdateAsync(new Document<Note>("acme", "a", new Note("other"), null, 1), None);
        await store.TryAddAsync(new Document<Note>("acme", "b", new Note("kept"), null), None);

        await store.TryDeleteAsync("acme", "a", null, None);
        await EraseAsync();

        Assert.Single(_images.Text("documents.journal").TrimEnd('\n').Split('\n'));
        Assert.Equal("kept", (await store.FindAsync("acme", "b", None))!.Value.Text);
        Assert.Null(await store.FindAsync("acme", "a", None));
    }

    [Fact]
    public async Task Many_deletions_share_a_compaction()
    {
        using var store = OpenHistory();
        for (var i = 0; i < 10; i++) await store.SaveAsync("acme", Samples.Result($"an_{i}", _clock.GetUtcNow()), None);
        for (var i = 0; i < 9; i++)
        {
            await store.DeleteAsync("acme", $"an_{i}", None);
            _clock.Advance(TimeSpan.FromSeconds(3));
        }

        Assert.Equal(0, _adopted);
        await EraseAsync();
        _clock.Advance(TimeSpan.FromHours(1));

        Assert.Equal(1, _adopted);
        Assert.NotNull(await store.FindAsync("acme", "an_9", None));
    }

    private static Review NewReview(string note) => new() { Verdict = Verdict.Authentic, Note = note, ReviewedBy = "key", ReviewedAt = DateTimeOffset.UnixEpoch };

    private async Task EraseAsync()
    {
        var before = Volatile.Read(ref _adopted);
        _clock.Advance(JournalFile.ErasureDelay);
        await Eventually.TrueAsync(() => Volatile.Read(ref _adopted) > before, "the journal is compacted");
    }

    private async Task<string> FinishAsync(JournalAnalysisStore store, string name)
    {
        var record = Samples.Record(_clock.GetUtcNow()) with { FileName = name };
        await store.CreateAsync(record, None);
        await store.AddPartAsync(record.Id, new PartKey("faces", 0), new byte[1000], None);
        await store.TryFinishAsync(record.Id, Samples.Result(record.Id, record.AcceptedAt) with { FileName = name }, None);
        return record.Id;
    }

    private JournalAnalysisStore OpenAnalyses() =>
        Watched(new JournalAnalysisStore(_images.In("analyses.journal"), Options.Create(new AnalysisStoreOptions()), _clock, NullLogger<JournalAnalysisStore>.Instance), store => store.Journal);

    private JournalHistoryStore OpenHistory() =>
        Watched(new JournalHistoryStore(_images.In("history.journal"), _clock, NullLogger<JournalHistoryStore>.Instance), store => store.Journal);

    private DocumentJournal OpenDocuments() =>
        Watched(new DocumentJournal(_images.In("documents.journal"), _clock, NullLogger<DocumentJournal>.Instance), store => store.Journal);

    private T Watched<T>(T store, Func<T, JournalFile> journal)
    {
        journal(store).Stepping = step =>
        {
            if (step == CompactionStep.Adopted) Interlocked.Increment(ref _adopted);
        };
        return store;
    }
}

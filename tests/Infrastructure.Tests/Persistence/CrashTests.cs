using Deepfake.Infrastructure.Analyses;
using Deepfake.Infrastructure.History;
using Microsoft.Extensions.Options;
using Step = Deepfake.Infrastructure.Tests.Persistence.KilledWriter.Step;

namespace Deepfake.Infrastructure.Tests.Persistence;

/// <summary>SIGKILL to a process in the middle of its work, again and again on the same file.</summary>
public sealed class CrashTests : IDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly DatabaseFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_was_told_is_there_after_a_kill_and_nothing_is_half()
    {
        var random = new Random(11);
        var told = new Dictionary<string, Step>();
        for (var kill = 0; kill < 10; kill++)
        {
            using (var writer = KilledWriter.Start(_folder.File))
            {
                foreach (var (id, step) in await writer.KillAfterAsync(random.Next(1, 200))) told[id] = step;
            }

            var database = _folder.Open();
            var analyses = new SqliteAnalysisStore(database, Options.Create(new AnalysisStoreOptions()), TimeProvider.System);
            var history = new HistoryStore(database);
            foreach (var (id, step) in told) await AssertThereAsync(analyses, history, id, step);
            // Also what was begun and not told.
            foreach (var state in await analyses.FindUnfinishedAsync(int.MaxValue, None)) await AssertWholeAsync(analyses, state);
            foreach (var state in await analyses.FindUnannouncedAsync(DateTimeOffset.MaxValue, int.MaxValue, None)) await AssertWholeAsync(analyses, state);
            _folder.Close();
        }

        Assert.NotEmpty(told);
    }

    private static async Task AssertThereAsync(SqliteAnalysisStore analyses, HistoryStore history, string id, Step step)
    {
        var state = await analyses.FindAsync(id, None);
        Assert.NotNull(state);
        if (step == Step.Part) Assert.True(state.IsOver || (await analyses.GetPartsAsync(id, None)).Count == 1);
        if (step >= Step.Finished) Assert.True(state.IsOver);
        if (step == Step.Saved) Assert.NotNull(await history.FindAsync(state.Record.Tenant, id, None));
    }

    private static async Task AssertWholeAsync(SqliteAnalysisStore analyses, AnalysisState state)
    {
        var id = state.Record.Id;
        var events = new List<AnalysisEvent>();
        await using (var watch = analyses.WatchAsync(id, 0, None).GetAsyncEnumerator())
        {
            while (events.Count < state.Sequence && await watch.MoveNextAsync()) events.Add(watch.Current);
        }

        Assert.Equal(state.Sequence, events.Count);
        Assert.Equal((state.Status, state.Stage, state.Percent), (events[^1].Status, events[^1].Stage, events[^1].Percent));
        Assert.Equal(state.IsOver, await analyses.FindResultAsync(state.Record.Tenant, id, None) is not null);
        if (state.IsOver) Assert.Empty(await analyses.GetPartsAsync(id, None));
    }
}

using System.Diagnostics;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Analyses;
using Deepfake.Infrastructure.History;
using Deepfake.Infrastructure.Persistence.Sqlite;
using Deepfake.Infrastructure.Tests.Analyses;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Deepfake.Infrastructure.Tests.Persistence;

/// <summary>A process that takes analyses from acceptance to history as fast as it can and says after each step how far it is, until it is killed.</summary>
internal sealed class KilledWriter : IDisposable
{
    /// <summary>First argument of the process.</summary>
    public const string Argument = "killed-writer";

    private const int Writers = 8;
    private readonly Process _process;

    private KilledWriter(Process process) => _process = process;

    public static KilledWriter Start(string database)
    {
        var start = new ProcessStartInfo("dotnet") { UseShellExecute = false, RedirectStandardOutput = true };
        foreach (var argument in new[] { typeof(KilledWriter).Assembly.Location, Argument, database }) start.ArgumentList.Add(argument);
        return new KilledWriter(Process.Start(start)!);
    }

    /// <summary>Reads what the process says, kills it (SIGKILL) after some lines, and reads to the end.</summary>
    /// <returns>The last step of each analysis that was told.</returns>
    public async Task<Dictionary<string, Step>> KillAfterAsync(int lines)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        var told = new Dictionary<string, Step>();
        for (var line = 1; await _process.StandardOutput.ReadLineAsync(patience.Token) is { } text; line++)
        {
            // The last line may be torn: it was not told.
            if (text.Split(' ') is [var step, var id, "."]) told[id] = Enum.Parse<Step>(step);
            if (line == lines) _process.Kill();
        }

        await _process.WaitForExitAsync(patience.Token);
        return told;
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill();
        _process.Dispose();
    }

    /// <summary>What the process runs.</summary>
    public static async Task RunAsync(string path)
    {
        using var database = new SqliteDatabase(path, NullLogger<SqliteDatabase>.Instance);
        var analyses = new SqliteAnalysisStore(database, Options.Create(new AnalysisStoreOptions()), TimeProvider.System);
        var history = new HistoryStore(database);
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(_ => Task.Run(() => WriteAsync(analyses, history))));
    }

    private static async Task WriteAsync(SqliteAnalysisStore analyses, HistoryStore history)
    {
        for (; ; )
        {
            var record = Samples.Record(DateTimeOffset.UtcNow);
            await analyses.CreateAsync(record, CancellationToken.None);
            Tell(Step.Accepted, record.Id);
            await analyses.AdvanceAsync(record.Id, Stage.Frames, 10, CancellationToken.None);
            await analyses.AddPartAsync(record.Id, new PartKey("faces", 0), new byte[5000], CancellationToken.None);
            Tell(Step.Part, record.Id);
            var result = Samples.Result(record.Id, record.AcceptedAt);
            await analyses.TryFinishAsync(record.Id, result, CancellationToken.None);
            Tell(Step.Finished, record.Id);
            await history.SaveAsync(record.Tenant, result, CancellationToken.None);
            Tell(Step.Saved, record.Id);
        }
    }

    private static void Tell(Step step, string id) => Console.WriteLine($"{step} {id} .");

    internal enum Step
    {
        Accepted,
        Part,
        Finished,
        Saved,
    }
}

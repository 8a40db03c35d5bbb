using System.Net;
using Deepfake.Contracts;

namespace Deepfake.IngestService.Tests.Submission;

public sealed class ConcurrencyTests
{
    [Fact]
    public async Task A_key_that_has_as_many_unfinished_analyses_as_it_may_is_told_to_wait_and_leaves_nothing_behind()
    {
        await using var host = await IngestHost.StartAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => host.PostRawAsync(
            SampleMedia.Make("png:-frames:v 1"), headers: [(IngestHost.TenantHeader, "acme"), (IngestHost.ConcurrencyHeader, "3")])));

        Assert.Equal(3, answers.Count(answer => answer.StatusCode == HttpStatusCode.Accepted));
        var refused = answers.First(answer => answer.StatusCode != HttpStatusCode.Accepted);
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.NotNull(refused.Headers.RetryAfter);
        Assert.Contains(ErrorCodes.RateLimited, await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(3, host.Uploads().Count);
        Assert.Equal(3, await host.Analyses.CountUnfinishedAsync(CancellationToken.None));
        Assert.Equal(HttpStatusCode.Accepted, (await host.PostRawAsync(SampleMedia.Make("png:-frames:v 1"), headers: [(IngestHost.TenantHeader, "other"), (IngestHost.ConcurrencyHeader, "4")])).StatusCode);
    }
}

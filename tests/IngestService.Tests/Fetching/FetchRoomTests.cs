using System.IO.Pipelines;
using Deepfake.Contracts;
using Deepfake.IngestService.Fetching;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Deepfake.IngestService.Tests.Fetching;

public sealed class FetchRoomTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task One_tenants_slow_addresses_do_not_hold_up_another()
    {
        var jpeg = SampleMedia.Make("jpg:-frames:v 1");
        var slow = new TaskCompletionSource();
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        await using var origin = builder.Build();
        origin.MapGet("/quick", async http => await http.Response.Body.WriteAsync(jpeg));
        origin.MapGet("/slow", async http =>
        {
            await http.Response.Body.WriteAsync(jpeg.AsMemory(0, 100));
            await http.Response.Body.FlushAsync();
            await slow.Task;
        });
        await origin.StartAsync();
        await using var host = await IngestHost.StartAsync(null, ("Outbound:AllowedNetworks", "127.0.0.1/32"), ("Ingest:UrlPorts", "any"), ("Ingest:UrlConcurrency", "4"));
        Task<HttpResponseMessage> SubmitAsync(string path, string tenant) => host.PostJsonAsync("/v1/analyses", new { url = origin.Urls.First() + path }, (IngestHost.TenantHeader, tenant));
        var ofB = Enumerable.Range(0, 20).Select(_ => SubmitAsync("/slow", "b")).ToList();

        // The most patient of b is told to come back, the others hold what they have.
        var refused = await Task.WhenAny(ofB);
        await Answers.IsProblemAsync(await refused, 429, ErrorCodes.RateLimited);
        Assert.NotNull((await refused).Headers.RetryAfter);
        await Answers.IsAcceptedAsync(await SubmitAsync("/quick", "a"));

        Assert.Contains(ofB, one => !one.IsCompleted);
        slow.SetResult();
        await Task.WhenAll(ofB);
    }

    [Fact]
    public async Task A_tenant_gets_half_of_what_is_free_and_the_next_one_half_of_the_rest()
    {
        var room = new FetchRoom(16, TimeProvider.System);

        foreach (var (tenant, places) in new[] { ("a", 8), ("b", 4), ("c", 2), ("d", 1), ("e", 1), ("f", 0), ("a", 0) }) Assert.Equal((tenant, places), (tenant, await CountAsync(room, tenant)));
    }

    [Fact]
    public async Task A_single_place_is_for_everybody()
    {
        var room = new FetchRoom(1, TimeProvider.System);
        var first = await room.EnterAsync("a", None);
        var others = new[] { room.EnterAsync("a", None), room.EnterAsync("b", None) };
        Assert.All(others, other => Assert.False(other.IsCompleted));

        first.Dispose();
        first.Dispose(); // twice gives back one
        Assert.False(others[1].IsCompleted);
        (await others[0]).Dispose();
        (await others[1]).Dispose();
    }

    [Fact]
    public async Task Who_gives_up_keeps_no_place()
    {
        var room = new FetchRoom(1, TimeProvider.System);
        var first = await room.EnterAsync("a", None);
        using var stop = new CancellationTokenSource();
        var waiting = room.EnterAsync("b", stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);

        first.Dispose();
        Assert.Equal(1, await CountAsync(room, "c"));
    }

    [Theory]
    [InlineData(100_000, true)]
    [InlineData(130_000, false)]
    public async Task A_server_that_dribbles_is_given_up(int bytes, bool isSlow)
    {
        var (pipe, clock) = (new Pipe(new PipeOptions(pauseWriterThreshold: 0)), new FakeTimeProvider());
        await using var stream = new FetchedStream(pipe.Reader.AsStream(), clock, None);
        await pipe.Writer.WriteAsync(new byte[bytes]);
        await stream.ReadExactlyAsync(new byte[bytes]);
        var next = stream.ReadExactlyAsync(new byte[1]).AsTask();

        clock.Advance(FetchedStream.Window);

        if (isSlow)
        {
            await Assert.ThrowsAsync<IOException>(() => next);
            Assert.IsType<TooSlowException>(stream.Failure);
            return;
        }

        Assert.Null(stream.Failure);
        await pipe.Writer.WriteAsync(new byte[1]);
        await next;
    }

    [Fact]
    public async Task A_reader_that_takes_its_time_is_not_the_servers_fault()
    {
        var clock = new FakeTimeProvider();
        await using var stream = new FetchedStream(new MemoryStream(new byte[10]), clock, None);
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(1, await stream.ReadAsync(new byte[1]));
            clock.Advance(FetchedStream.Window);
        }

        Assert.Null(stream.Failure);
    }

    private static async Task<int> CountAsync(FetchRoom room, string tenant)
    {
        using var stop = new CancellationTokenSource();
        for (var count = 0; ; count++)
        {
            var entering = room.EnterAsync(tenant, stop.Token);
            if (entering.IsCompleted) continue;
            await stop.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => entering);
            return count;
        }
    }
}

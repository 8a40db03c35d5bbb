using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using Deepfake.Contracts;
using Microsoft.AspNetCore.Http;
using Xunit.Abstractions;

namespace Deepfake.Gateway.Tests;

public sealed class UploadTests(ITestOutputHelper output)
{
    private const int Megabyte = 1024 * 1024;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_100_MB_upload_passes_unchanged_and_adds_at_most_20_MB(bool lengthIsKnown)
    {
        await using var ingest = await Backend.StartAsync(AnswerHashAsync);
        await using var results = await Backend.StartAsync(_ => Task.CompletedTask);
        await using var gateway = await GatewayHost.StartAsync(ingest, results);
        await SendAsync(gateway, new PatternStream(Megabyte), lengthIsKnown); // JIT, connections

        using var memory = new MemoryWatch();
        var watch = Stopwatch.StartNew();
        using var content = new PatternStream(100L * Megabyte);
        var answer = await SendAsync(gateway, content, lengthIsKnown);
        var seconds = watch.Elapsed.TotalSeconds;
        var added = memory.Added();

        output.WriteLine($"length known: {lengthIsKnown}; added {added.Managed / 1048576.0:0.0} MB managed, {added.WorkingSet / 1048576.0:0.0} MB working set (client, gateway and backend together), {seconds:0.00} s");
        Assert.Equal(content.Sha256(), answer);
        Assert.InRange(added.WorkingSet, 0, 20 * Megabyte);
    }

    [Theory]
    [InlineData("/v1/analyses")]
    [InlineData("/v1/batches")]
    public async Task The_first_byte_reaches_the_service_before_the_last_is_sent(string path)
    {
        var arrived = new TaskCompletionSource();
        await using var ingest = await Backend.StartAsync(async context =>
        {
            await context.Request.Body.ReadExactlyAsync(new byte[1000]);
            arrived.SetResult();
            await context.Request.Body.CopyToAsync(Stream.Null);
        });
        await using var results = await Backend.StartAsync(_ => Task.CompletedTask);
        await using var gateway = await GatewayHost.StartAsync(ingest, results);

        using var content = new GatedContent(arrived.Task);
        using var response = await gateway.Client.PostAsync(path, content);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task A_batch_may_be_larger_than_a_file_and_has_a_limit_of_its_own()
    {
        await using var ingest = await Backend.StartAsync(context => context.Request.Body.CopyToAsync(Stream.Null));
        await using var results = await Backend.StartAsync(_ => Task.CompletedTask);
        await using var gateway = await GatewayHost.StartAsync(ingest, results, ("MAX_FILE_SIZE_MB", "1"), ("Gateway:MaxBatchBytes", "20000000"));

        using var content = new StreamContent(new PatternStream(50L * Megabyte));
        using var response = await gateway.Client.PostAsync("/v1/batches", content);
        using var larger = new StreamContent(new PatternStream(60L * Megabyte));
        using var refused = await gateway.Client.PostAsync("/v1/batches", larger);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        await ProblemAssert.IsAsync(refused, 413, ErrorCodes.TooLarge);
    }

    [Fact]
    public async Task A_body_that_says_it_is_too_large_is_refused_without_being_forwarded()
    {
        var forwarded = 0;
        await using var ingest = await Backend.StartAsync(_ =>
        {
            forwarded++;
            return Task.CompletedTask;
        });
        await using var results = await Backend.StartAsync(_ => Task.CompletedTask);
        await using var gateway = await GatewayHost.StartAsync(ingest, results, ("MAX_FILE_SIZE_MB", "1"));

        using var content = new StreamContent(new PatternStream(40L * Megabyte));
        using var response = await gateway.Client.PostAsync("/v1/analyses", content);

        await ProblemAssert.IsAsync(response, 413, ErrorCodes.TooLarge);
        Assert.Equal(0, forwarded);
    }

    [Fact]
    public async Task A_refusal_in_the_middle_of_an_upload_reaches_the_client()
    {
        await using var ingest = await Backend.StartAsync(async context =>
        {
            await context.Request.Body.ReadExactlyAsync(new byte[100_000]);
            await ServiceDefaults.Problems.Problem.Answer(ErrorCodes.UnsupportedMedia, "No.").ExecuteAsync(context);
        });
        await using var results = await Backend.StartAsync(_ => Task.CompletedTask);
        await using var gateway = await GatewayHost.StartAsync(ingest, results);

        for (var i = 0; i < 5; i++)
        {
            using var content = new StreamContent(new PatternStream(30L * Megabyte));
            using var response = await gateway.Client.PostAsync("/v1/analyses", content);
            await ProblemAssert.IsAsync(response, 415, ErrorCodes.UnsupportedMedia);
        }
    }

    [Fact]
    public async Task A_client_that_leaves_is_noticed_by_the_service()
    {
        var ended = new TaskCompletionSource<bool>();
        var began = new TaskCompletionSource();
        await using var ingest = await Backend.StartAsync(async context =>
        {
            try
            {
                await context.Request.Body.ReadExactlyAsync(new byte[1000]);
                began.SetResult();
                await context.Request.Body.CopyToAsync(Stream.Null);
                ended.SetResult(false);
            }
            catch (Exception)
            {
                ended.SetResult(true);
            }
        });
        await using var results = await Backend.StartAsync(_ => Task.CompletedTask);
        await using var gateway = await GatewayHost.StartAsync(ingest, results);

        using var leave = new CancellationTokenSource();
        using var content = new GatedContent(new TaskCompletionSource().Task);
        var upload = gateway.Client.PostAsync("/v1/analyses", content, leave.Token);
        await began.Task.WaitAsync(TimeSpan.FromSeconds(20));
        await leave.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => upload);
        Assert.True(await ended.Task.WaitAsync(TimeSpan.FromSeconds(20)));
    }

    private static async Task AnswerHashAsync(HttpContext context)
    {
        var hash = await SHA256.HashDataAsync(context.Request.Body);
        await context.Response.WriteAsync(Convert.ToHexStringLower(hash));
    }

    private static async Task<string> SendAsync(GatewayHost gateway, Stream body, bool lengthIsKnown)
    {
        using var content = new StreamContent(body, 64 * 1024);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/analyses") { Content = content };
        request.Headers.TransferEncodingChunked = !lengthIsKnown;
        using var response = await gateway.Client.SendAsync(request);
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadAsStringAsync();
    }

    /// <summary>Sends 100,000 bytes, more than clients hold back, waits for the gate, sends as many more.</summary>
    private sealed class GatedContent(Task gate) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            await stream.WriteAsync(new byte[100_000], cancellationToken);
            await stream.FlushAsync(cancellationToken);
            await gate.WaitAsync(TimeSpan.FromSeconds(30), cancellationToken);
            await stream.WriteAsync(new byte[100_000], cancellationToken);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}

/// <summary>Bytes that are made as they are read, and hashed.</summary>
internal sealed class PatternStream(long length) : Stream
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long _position;

    public override bool CanRead => true;

    public override bool CanSeek => true; // so that the length is known

    public override bool CanWrite => false;

    public override long Length => length;

    public override long Position
    {
        get => _position;
        set => _position = value;
    }

    public string Sha256() => Convert.ToHexStringLower(_hash.GetCurrentHash());

    public override int Read(byte[] buffer, int offset, int count)
    {
        var read = (int)Math.Min(count, length - _position);
        for (var i = 0; i < read; i++) buffer[offset + i] = (byte)((_position + i) * 31 >> 3);
        _hash.AppendData(buffer, offset, read);
        _position += read;
        return read;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        // The hash is read after the content disposed the stream.
        base.Dispose(disposing);
    }
}

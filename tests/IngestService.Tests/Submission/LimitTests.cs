using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Deepfake.Contracts;
using Xunit.Abstractions;

namespace Deepfake.IngestService.Tests.Submission;

public sealed class LimitTests(ITestOutputHelper output)
{
    private const int Megabyte = 1024 * 1024;

    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public async Task The_limit_is_the_last_size_accepted(bool isForm, bool isChunked)
    {
        await using var host = await IngestHost.StartAsync(settings: ("MAX_FILE_SIZE_MB", "2"));

        using var fits = await SendAsync(host, new JpegStream(2 * Megabyte), isForm, isChunked);
        using var exceeds = await SendAsync(host, new JpegStream((2 * Megabyte) + 1), isForm, isChunked);

        var accepted = await Answers.IsAcceptedAsync(fits);
        Assert.Equal(2 * Megabyte, accepted.Media.SizeBytes);
        await Answers.IsProblemAsync(exceeds, 413, ErrorCodes.TooLarge);
        Assert.Single(host.Uploads()); // the accepted one
        Assert.Equal(1, await host.Analyses.CountUnfinishedAsync(CancellationToken.None));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_sender_of_far_too_much_still_reads_the_refusal(bool isChunked)
    {
        await using var host = await IngestHost.StartAsync(settings: ("MAX_FILE_SIZE_MB", "1"));

        using var response = await SendAsync(host, new JpegStream((isChunked ? 15 : 60) * Megabyte), isForm: false, isChunked);

        await Answers.IsProblemAsync(response, 413, ErrorCodes.TooLarge);
        await host.AssertNothingLeftAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_100_MB_upload_adds_at_most_20_MB(bool isForm)
    {
        await using var host = await IngestHost.StartAsync();
        await SendAsync(host, new JpegStream(Megabyte), isForm, isChunked: true); // JIT, connections

        using var memory = new MemoryWatch();
        var watch = Stopwatch.StartNew();
        using var content = new JpegStream(100 * Megabyte);
        using var response = await SendAsync(host, content, isForm, isChunked: true);
        var seconds = watch.Elapsed.TotalSeconds;
        var added = memory.Added();

        output.WriteLine($"form: {isForm}; added {added.Managed / 1048576.0:0.0} MB managed, {added.WorkingSet / 1048576.0:0.0} MB working set (client and service together), {seconds:0.00} s");
        Assert.Equal(content.Sha256(), (await Answers.IsAcceptedAsync(response)).Media.Sha256);
        Assert.InRange(added.WorkingSet, 0, 20 * Megabyte);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_client_that_leaves_in_mid_upload_leaves_nothing(bool isForm)
    {
        await using var host = await IngestHost.StartAsync();
        using (var socket = await ConnectAsync(host))
        {
            var head = isForm
                ? "POST /v1/analyses HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 50000000\r\n\r\n--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n"
                : "POST /v1/analyses HTTP/1.1\r\nHost: x\r\nContent-Length: 50000000\r\n\r\n";
            await socket.SendAsync(Encoding.ASCII.GetBytes(head));
            var sent = new byte[300_000];
            new JpegStream(sent.Length).ReadExactly(sent);
            await socket.SendAsync(sent);
            await Eventually.TrueAsync(() => host.Uploads().Count > 0, "the upload began");
            socket.LingerState = new LingerOption(enable: true, seconds: 0); // reset, as a crash does
        }

        await Eventually.TrueAsync(() => host.Uploads().Count == 0, "the upload was given up");
        await host.AssertNothingLeftAsync();
    }

    [Fact]
    public async Task A_client_that_expects_a_word_first_learns_of_a_refusal_before_it_sends()
    {
        await using var host = await IngestHost.StartAsync(settings: ("MAX_FILE_SIZE_MB", "1"));

        using var refused = await ConnectAsync(host);
        await refused.SendAsync("POST /v1/analyses HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 500000000\r\n\r\n"u8.ToArray());
        Assert.StartsWith("HTTP/1.1 413", await ReceiveAsync(refused), StringComparison.Ordinal);

        using var welcome = await ConnectAsync(host);
        await welcome.SendAsync("POST /v1/analyses HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"u8.ToArray());
        Assert.StartsWith("HTTP/1.1 100", await ReceiveAsync(welcome), StringComparison.Ordinal);
        await welcome.SendAsync("hello"u8.ToArray());
        Assert.StartsWith("HTTP/1.1 415", await ReceiveAsync(welcome), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Settings_out_of_range_are_named_at_start()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(() => IngestHost.StartAsync(settings: ("MAX_FILE_SIZE_MB", "lots")));
        await Assert.ThrowsAsync<Microsoft.Extensions.Options.OptionsValidationException>(() => IngestHost.StartAsync(settings: ("Ingest:BacklogLimit", "0")));
    }

    private static async Task<HttpResponseMessage> SendAsync(IngestHost host, Stream file, bool isForm, bool isChunked)
    {
        HttpContent content = new StreamContent(file, 64 * 1024);
        if (isForm) content = new MultipartFormDataContent { { content, "file", "film.jpg" } };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/analyses") { Content = content };
        request.Headers.TransferEncodingChunked = isChunked;
        return await host.Client.SendAsync(request);
    }

    private static async Task<Socket> ConnectAsync(IngestHost host)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, host.Client.BaseAddress!.Port);
        return socket;
    }

    private static async Task<string> ReceiveAsync(Socket socket)
    {
        var buffer = new byte[4096];
        var read = await socket.ReceiveAsync(buffer).WaitAsync(TimeSpan.FromSeconds(20));
        return Encoding.ASCII.GetString(buffer, 0, read);
    }

    /// <summary>Begins like a JPEG; the bytes are made as they are read, and hashed.</summary>
    private sealed class JpegStream(long length) : Stream
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
            for (var i = 0; i < read; i++)
            {
                var at = _position + i;
                buffer[offset + i] = at switch { 0 => 0xFF, 1 => 0xD8, 2 => 0xFF, 3 => 0xDA, _ => (byte)(at * 31 >> 3) };
            }

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
    }
}

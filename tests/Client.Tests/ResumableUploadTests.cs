using System.Text;

namespace Deepfake.Client.Tests;

public sealed class ResumableUploadTests
{
    private static readonly DeepfakeClientOptions Small = new() { ResumableFrom = 1, PieceSize = 1000 };

    [Fact]
    public async Task An_upload_that_is_cut_again_and_again_arrives_whole()
    {
        var content = Enumerable.Range(0, 10_500).Select(i => (byte)(i * 31)).ToArray();
        var received = new MemoryStream();
        var metadata = "";
        var patches = 0;
        await using var stub = await StubService.StartAsync(async (_, context) =>
        {
            context.Response.Headers["Tus-Resumable"] = "1.0.0";
            switch (context.Request.Method)
            {
                case "OPTIONS":
                    context.Response.Headers["Tus-Version"] = "1.0.0";
                    context.Response.StatusCode = 204;
                    break;
                case "POST":
                    metadata = context.Request.Headers["Upload-Metadata"].ToString();
                    context.Response.Headers.Location = "/v1/uploads/u1";
                    context.Response.StatusCode = 201;
                    break;
                case "PATCH":
                    Assert.Equal(received.Length.ToString(), context.Request.Headers["Upload-Offset"].ToString());
                    // Every third piece is cut in its middle, every fourth answer is lost.
                    var cut = ++patches % 3 == 0;
                    var piece = new byte[cut ? 300 : 1000];
                    var read = await context.Request.Body.ReadAtLeastAsync(piece, piece.Length, throwOnEndOfStream: false);
                    received.Write(piece, 0, read);
                    if (cut || patches % 4 == 0) context.Abort();
                    else Answer(204);
                    break;
                case "HEAD":
                    Answer(200);
                    break;
                case "GET":
                    await context.JsonAsync(Answers.Running);
                    break;
                default:
                    context.Response.StatusCode = 405;
                    break;
            }

            void Answer(int status)
            {
                context.Response.StatusCode = status;
                context.Response.Headers["Upload-Offset"] = received.Length.ToString();
                if (received.Length == content.Length) context.Response.Headers["Analysis-Location"] = "/v1/analyses/an_1";
            }
        });
        using var client = stub.Client(Small);
        using var file = new TemporaryFile(content);
        var progress = new List<TransferProgress>();

        var analysis = await client.SubmitFileAsync(file.Path, new SubmitOptions { FileName = "clip ü.mp4", Reference = "post/42" }, new Recorder(progress));

        Assert.Equal("an_1", analysis.Id);
        Assert.Equal(content, received.ToArray());
        Assert.Equal(new TransferProgress(10_500, 10_500), progress[^1]);
        var fields = metadata.Split(',').Select(field => field.Split(' ')).ToDictionary(field => field[0], field => Encoding.UTF8.GetString(Convert.FromBase64String(field[1])));
        Assert.Equal(new Dictionary<string, string> { ["filename"] = "clip ü.mp4", ["reference"] = "post/42", ["analyze"] = "true" }, fields);
        Assert.All(stub.Requests.Where(request => !request.Line.StartsWith("GET", StringComparison.Ordinal)), request => Assert.Equal("1.0.0", request.Headers["tus-resumable"]));
    }

    [Fact]
    public async Task A_service_that_takes_no_pieces_gets_the_file_at_once()
    {
        await using var stub = await StubService.StartAsync((_, context) => context.Request.Method == "OPTIONS" ? context.ProblemAsync(404, "not_found") : context.JsonAsync(Answers.Running, 202));
        using var client = stub.Client(Small);
        using var file = new TemporaryFile([1, 2, 3]);
        Assert.Equal("an_1", (await client.SubmitFileAsync(file.Path)).Id);
        Assert.Equal(["OPTIONS /v1/uploads", "POST /v1/analyses"], stub.Requests.Select(request => request.Line));
    }

    [Fact]
    public async Task An_upload_that_is_refused_or_makes_no_way_ends_with_the_reason()
    {
        await using var stub = await StubService.StartAsync((_, context) =>
        {
            context.Response.Headers["Tus-Version"] = "1.0.0";
            context.Response.Headers["Upload-Offset"] = "0";
            context.Response.Headers.Location = "/v1/uploads/u1";
            return context.Request.Method == "PATCH" ? context.ProblemAsync(415, "unsupported_media") : Task.CompletedTask;
        });
        using var client = stub.Client(Small);
        using var file = new TemporaryFile([1, 2, 3]);
        Assert.Equal("unsupported_media", (await Assert.ThrowsAsync<DeepfakeApiException>(() => client.SubmitFileAsync(file.Path))).Code);
    }

    [Fact]
    public async Task A_whole_upload_that_cannot_be_analysed_yet_waits_until_it_can()
    {
        var heads = 0;
        await using var stub = await StubService.StartAsync((_, context) =>
        {
            context.Response.Headers["Tus-Version"] = "1.0.0";
            context.Response.Headers.Location = "/v1/uploads/u1";
            switch (context.Request.Method)
            {
                case "PATCH":
                    return context.ProblemAsync(429, "rate_limited", "0");
                case "HEAD" when ++heads <= 5:
                    context.Response.StatusCode = heads % 2 == 0 ? 503 : 429;
                    context.Response.Headers.RetryAfter = "0";
                    return Task.CompletedTask;
                case "HEAD":
                    context.Response.Headers["Upload-Offset"] = "3";
                    context.Response.Headers["Analysis-Location"] = "/v1/analyses/an_1";
                    return Task.CompletedTask;
                case "GET":
                    return context.JsonAsync(Answers.Running);
                default:
                    return Task.CompletedTask;
            }
        });
        using var client = stub.Client(Small with { Retries = 0 });
        using var file = new TemporaryFile([1, 2, 3]);

        Assert.Equal("an_1", (await client.SubmitFileAsync(file.Path)).Id);
        Assert.Equal(6, heads);
    }

    private sealed class Recorder(List<TransferProgress> reports) : IProgress<TransferProgress>
    {
        public void Report(TransferProgress value) => reports.Add(value);
    }
}

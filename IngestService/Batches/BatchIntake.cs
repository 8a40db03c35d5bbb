using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Documents;
using Deepfake.Infrastructure.Objects;
using Deepfake.IngestService.Fetching;
using Deepfake.IngestService.Idempotency;
using Deepfake.IngestService.Submission;
using Deepfake.IngestService.Uploads;
using Deepfake.ServiceDefaults.Identity;
using Microsoft.Extensions.Options;

namespace Deepfake.IngestService.Batches;

/// <summary>
/// Accepts a batch: every file that comes with it is stored, every item that cannot be is noted as refused, then the batch is written, then
/// the analyses are made. A break before the batch leaves nothing; one after it is gone on with.
/// </summary>
internal sealed class BatchIntake(
    BatchBook book,
    BatchWork work,
    BatchClaims claims,
    MediaIntake intake,
    MediaFetcher fetcher,
    UploadBook uploads,
    Submitter submitter,
    AnalysisIds ids,
    IOptions<IngestOptions> options,
    TimeProvider time)
{
    private const int MaxJsonBytes = 1024 * 1024;

    /// <summary>Reads and accepts.</summary>
    /// <param name="http">The request.</param>
    /// <param name="reuse">Whether finished results would do.</param>
    /// <param name="lane">Queue family of items that name none.</param>
    /// <exception cref="SubmissionRejectedException">Nothing of it is accepted, and nothing is left.</exception>
    public async Task<(string Id, StoredBatch Batch, bool IsReplayed)> AcceptAsync(HttpContext http, bool reuse, Lane lane)
    {
        var caller = http.GetCaller();
        var key = IdempotencyKey.Read(http.Request.Headers);
        // A repetition is answered whatever else waits.
        if (key is null || !await claims.IsClaimedAsync(caller.Tenant, key, http.RequestAborted)) await submitter.RequireRoomAsync(http.RequestAborted);
        var items = new List<StoredItem>();
        Document<StoredBatch> document;
        try
        {
            var reference = JsonBody.IsJson(http.Request) ? await ReadJsonAsync(http, lane, items) : await ReadFormAsync(http, caller.Tenant, lane, items);
            if (items.Count == 0) throw new SubmissionRejectedException(ErrorCodes.MissingFile, "The batch has no items.");
            await RefuseUnknownUploadsAsync(caller.Tenant, items, http.RequestAborted);
            var now = time.GetUtcNow();
            var batch = new StoredBatch
            {
                Items = items,
                Reference = reference,
                Concurrency = SubmissionRequest.ConcurrencyOf(caller),
                Reuse = reuse,
                CreatedAt = now,
                ExpiresAt = now + options.Value.BatchWindow,
            };
            var fresh = StoredBatch.IdOf(ids.Next());
            var id = key is null ? fresh : await claims.ClaimAsync(caller.Tenant, key, fresh, batch, http.RequestAborted);
            if (id != fresh && await claims.IsForgottenAsync(caller.Tenant, id, http.RequestAborted))
                throw new SubmissionRejectedException(ErrorCodes.NotFound, "The batch of this Idempotency-Key was deleted.");
            if (!await book.TryAddAsync(caller.Tenant, id, batch))
            {
                await DiscardAsync(items);
                return (id, (await book.GetAsync(caller.Tenant, id, http.RequestAborted)).Value, true);
            }

            document = new Document<StoredBatch>(caller.Tenant, id, batch, Version: 1);
        }
        catch
        {
            await DiscardAsync(items);
            throw;
        }

        // A file that is here can be analysed at once; what has to be fetched first is the runner's.
        return (document.Id, await work.BeginAsync(document), false);
    }

    private async Task<string?> ReadFormAsync(HttpContext http, string tenant, Lane lane, List<StoredItem> items)
    {
        if (!FormBody.IsForm(http.Request)) throw new SubmissionRejectedException(ErrorCodes.InvalidRequest, "A batch is a form with files, or JSON with items.");
        var fields = Defaults(http.Request, lane);
        var listed = new List<JsonElement>();
        await FormBody.ReadPartsAsync(
            http.Request, options.Value.BatchItems + 16,
            async part =>
            {
                if (part.Name is "file" or "files") items.Add(await StoreAsync(tenant, part, items.Count, http.RequestAborted));
                else if (part.Name == "items") listed.AddRange(ReadItems(await part.ReadTextAsync(http.RequestAborted)));
                else fields = fields.With(part.Name, await part.ReadTextAsync(http.RequestAborted));
            },
            http.RequestAborted);
        // Options may come behind the files.
        for (var i = 0; i < items.Count; i++) items[i] = items[i] with { Fields = fields with { FileName = items[i].Fields.FileName, Reference = null } };
        RequireCount(items.Count + listed.Count);
        foreach (var item in listed) items.Add(ReadItem(item, fields));
        return fields.Reference;
    }

    private async Task<string?> ReadJsonAsync(HttpContext http, Lane lane, List<StoredItem> items)
    {
        using var json = await JsonBody.ParseAsync(http.Request, MaxJsonBytes, http.RequestAborted);
        if (json.RootElement.ValueKind != JsonValueKind.Object || !json.RootElement.TryGetProperty("items", out var list) || list.ValueKind != JsonValueKind.Array)
            throw new SubmissionRejectedException(ErrorCodes.InvalidRequest, "A batch in JSON has 'items', a list.");
        RequireCount(list.GetArrayLength());
        var fields = JsonBody.ReadOptions(json.RootElement).Over(Defaults(http.Request, lane));
        foreach (var item in list.EnumerateArray()) items.Add(ReadItem(item, fields));
        return fields.Reference;
    }

    /// <summary>An item that cannot be read is an item that is refused.</summary>
    private StoredItem ReadItem(JsonElement json, SubmissionFields fields)
    {
        try
        {
            return Item(JsonBody.Read(json), fields);
        }
        catch (SubmissionRejectedException e)
        {
            return Refused(ids.Next(), fields with { Reference = null }, e);
        }
    }

    private StoredItem Item(JsonBody body, SubmissionFields shared)
    {
        var id = body.UploadId is { } upload && Upload.IsId(upload) ? Upload.AnalysisOf(upload) : ids.Next();
        var item = new StoredItem { AnalysisId = id, Url = body.Url, UploadId = body.UploadId, Fields = shared with { Reference = null } };
        try
        {
            item = item with { Fields = body.Over(item.Fields) };
            if (body.Url is not null) item = item with { Url = fetcher.Read(body.Url).AbsoluteUri };
            return item;
        }
        catch (SubmissionRejectedException e)
        {
            return item with { State = ItemState.Rejected, Error = new AnalysisError(e.Code, e.Message) };
        }
    }

    private async Task<StoredItem> StoreAsync(string tenant, FormPart part, int count, CancellationToken cancellationToken)
    {
        RequireCount(count + 1);
        var id = ids.Next();
        var fields = new SubmissionFields { FileName = FileNames.Clean(part.FileName) };
        try
        {
            StoredMedia? media = null;
            await part.ReadAsync(async body => media = await intake.StoreAsync(ObjectKeys.Media(tenant, id), body, cancellationToken));
            return new StoredItem { AnalysisId = id, Fields = fields, Media = media };
        }
        catch (SubmissionRejectedException e) when (e.Code is not (ErrorCodes.Unavailable or ErrorCodes.InvalidRequest))
        {
            return Refused(id, fields, e);
        }
    }

    private static IEnumerable<JsonElement> ReadItems(string text)
    {
        try
        {
            using var json = JsonDocument.Parse(text);
            if (json.RootElement.ValueKind == JsonValueKind.Array) return [.. json.RootElement.EnumerateArray().Select(item => item.Clone())];
        }
        catch (JsonException)
        {
            // Said below.
        }

        throw new SubmissionRejectedException(ErrorCodes.InvalidRequest, "The part 'items' is no JSON list.");
    }

    private async Task RefuseUnknownUploadsAsync(string tenant, List<StoredItem> items, CancellationToken cancellationToken)
    {
        for (var i = 0; i < items.Count; i++)
        {
            if (items[i] is not { State: ItemState.Pending, UploadId: { } upload } item) continue;
            try
            {
                await uploads.GetAsync(tenant, upload, cancellationToken);
            }
            catch (SubmissionRejectedException e)
            {
                items[i] = item with { State = ItemState.Rejected, Error = new AnalysisError(e.Code, e.Message) };
            }
        }
    }

    private async Task DiscardAsync(IEnumerable<StoredItem> items)
    {
        foreach (var item in items)
            if (item is { Media: not null, UploadId: null }) await intake.DiscardAsync(item.Media.Key);
    }

    private void RequireCount(int count)
    {
        if (count > options.Value.BatchItems) throw new SubmissionRejectedException(ErrorCodes.InvalidRequest, $"A batch has at most {options.Value.BatchItems} items.");
    }

    private static SubmissionFields Defaults(HttpRequest request, Lane lane) => SubmissionFields.FromQuery(request.Query, new SubmissionFields { Lane = lane });

    private static StoredItem Refused(string id, SubmissionFields fields, SubmissionRejectedException reason) =>
        new() { AnalysisId = id, Fields = fields, State = ItemState.Rejected, Error = new AnalysisError(reason.Code, reason.Message) };
}

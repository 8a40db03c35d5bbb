using Deepfake.Infrastructure.Documents;
using Deepfake.ResultService.Webhooks;
using Deepfake.TestServers;

namespace Deepfake.ResultService.Tests.Webhooks;

/// <summary>Two instances of the service on one PostgreSQL, as in production. No object store is needed to tell somebody.</summary>
public sealed class SharedDatabaseTests
{
    [Fact]
    public async Task Two_instances_share_the_deliveries_and_what_one_began_the_other_ends()
    {
        await using var postgres = await PostgresServer.StartAsync();
        await using var redis = await RedisServer.StartAsync();
        (string, string)[] settings =
        [
            ("ConnectionStrings:history", await PostgresServer.CreateDatabaseAsync(postgres.ConnectionString)), ("ConnectionStrings:cache", redis.ConnectionString),
            ("ConnectionStrings:blobs", "Endpoint=http://127.0.0.1:1;AccessKey=a;SecretKey=b;Bucket=c"), ("Webhooks:PollInterval", "00:00:00.2"), ("Results:SweepInterval", "00:00:10"),
        ];
        await using var receiver = await Receiver.StartAsync(_ => 204);
        await using var first = await WebhookHost.StartAsync(settings);
        await using var second = await WebhookHost.StartAsync(settings);
        var id = (await first.AddAsync(receiver.Url)).GetProperty("id").GetString()!;
        var now = first.Clock.GetUtcNow();
        var plans = Enumerable.Range(0, 100).Select(i => Planned(id, now, $"msg_test_{i:D3}")).ToArray();
        await Task.WhenAll(plans.Select((plan, i) => (i % 2 == 0 ? first : second).Deliveries().TryAddAsync(plan, CancellationToken.None)));

        await Eventually.TrueAsync(async () => (await second.DeliveriesAsync(id)).Count(delivery => delivery.Status == DeliveryStatus.Delivered) == plans.Length, "all are delivered");
        Assert.Equal(plans.Select(plan => plan.Value.MessageId), receiver.Notices.Select(notice => notice.Id).Order());

        // An attempt of an instance that is gone: only the second has heard that time has passed.
        var lost = first.Get<DeliveryCourier>().Hold(Planned(id, now, "msg_test_lost"));
        await first.Deliveries().TryAddAsync(lost, CancellationToken.None);
        second.Clock.Advance(lost.Due!.Value - second.Clock.GetUtcNow());
        await Eventually.TrueAsync(() => receiver.Notices.Any(notice => notice.Id == "msg_test_lost"), "the other takes it up");
    }

    private static Document<Delivery> Planned(string endpointId, DateTimeOffset now, string messageId) => new("default", DeliveryIds.Of(endpointId, now, messageId), new Delivery
    {
        EndpointId = endpointId,
        EventType = EventTypes.Test,
        MessageId = messageId,
        CreatedAt = now,
        NextAttemptAt = now,
    }, now);
}

using System.Text.Json;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace Deepfake.TestServers;

/// <summary>Ceph's S3 gateway on a one-node cluster that lives in memory, as child processes.</summary>
internal sealed class CephProcess : ITestServer
{
    private const string AccessKey = "test-access-key";
    private const string SecretKey = "test-secret-key";
    private readonly ServerFolder _folder = new("ceph");
    private readonly int[] _ports = Ports.Free(2);
    private readonly List<ServerProcess> _processes = [];

    private CephProcess()
    {
    }

    /// <inheritdoc/>
    public string ConnectionString => $"Endpoint=http://127.0.0.1:{_ports[0]};AccessKey={AccessKey};SecretKey={SecretKey}";

    /// <summary>Whether its programs are there.</summary>
    public static bool IsInstalled => Binaries.Has("radosgw") && Binaries.Has("ceph-mon") && Binaries.Has("ceph-osd");

    private string Configuration => _folder.In("ceph.conf");

    /// <summary>Starts monitor, storage and gateway, and waits until the gateway answers (some 12 s).</summary>
    public static async Task<CephProcess> StartAsync()
    {
        var server = new CephProcess();
        try
        {
            await server.LaunchAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var process in Enumerable.Reverse(_processes))
        {
            await process.KillAsync();
            process.Dispose();
        }

        _folder.Dispose();
    }

    private async Task LaunchAsync()
    {
        foreach (var name in new[] { "mon", "osd", "run", "log", "rgw" }) Directory.CreateDirectory(_folder.In(name));
        var cluster = Guid.NewGuid().ToString();
        // Programs find the monitor by this map and not by an address: it tells them the cluster's id, without which their first
        // command is refused now and then.
        await File.WriteAllTextAsync(Configuration, Settings(cluster));
        await ServerProcess.RunAsync(
            [Binaries.Find("monmaptool", "ceph-common"), "--create", "--clobber", "--fsid", cluster, "--addv", "a", $"[v1:127.0.0.1:{_ports[1]}]", _folder.In("monmap")], _folder.Path);

        var monitor = Binaries.Find("ceph-mon", "ceph-mon");
        await ServerProcess.RunAsync([monitor, "-c", Configuration, "-i", "a", "--mkfs", "--monmap", _folder.In("monmap")], _folder.Path);
        var mon = Start(monitor, "-i", "a");
        await mon.WaitUntilReadyAsync("ceph-mon", _ => SucceedsAsync(() => CephAsync("mon", "stat")), TimeSpan.FromSeconds(60));

        await CephAsync("osd", "new", Guid.NewGuid().ToString());
        using (var dump = JsonDocument.Parse(await CephAsync("osd", "dump", "-f", "json")))
        {
            var storage = Binaries.Find("ceph-osd", "ceph-osd");
            var uuid = dump.RootElement.GetProperty("osds")[0].GetProperty("uuid").GetString()!;
            await ServerProcess.RunAsync([storage, "-c", Configuration, "-i", "0", "--mkfs", "--osd-uuid", uuid], _folder.Path);
            await CephAsync("osd", "crush", "add", "osd.0", "1", "root=default", "host=h");
            Start(storage, "-i", "0");
        }

        await ServerProcess.RunAsync(
            [
                Binaries.Find("radosgw-admin", "radosgw"), "-c", Configuration, "user", "create", "--uid=test", "--display-name=test",
                $"--access-key={AccessKey}", $"--secret-key={SecretKey}",
            ],
            _folder.Path);
        var gateway = Start(Binaries.Find("radosgw", "radosgw"), "-n", "client.rgw");
        await gateway.WaitUntilReadyAsync(
            "radosgw",
            cancellation => Probes.HttpAsync(new Uri($"http://127.0.0.1:{_ports[0]}/"), cancellation),
            TimeSpan.FromSeconds(90));
        await WarmUpAsync();
    }

    /// <summary>
    /// The gateway makes its pools when they are first needed, which takes a busy machine longer than the product has patience for: a first
    /// bucket, a rule for it, an object and a multipart upload are made here.
    /// </summary>
    private async Task WarmUpAsync()
    {
        using var client = new AmazonS3Client(AccessKey, SecretKey, new AmazonS3Config
        {
            ServiceURL = $"http://127.0.0.1:{_ports[0]}",
            AuthenticationRegion = "us-east-1",
            ForcePathStyle = true,
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
            Timeout = TimeSpan.FromSeconds(90),
        });
        const string bucket = "warm-up";
        await client.PutBucketAsync(bucket);
        await client.PutObjectAsync(new PutObjectRequest { BucketName = bucket, Key = "a", ContentBody = "a" });
        var upload = await client.InitiateMultipartUploadAsync(bucket, "b");
        await client.AbortMultipartUploadAsync(bucket, "b", upload.UploadId);
        await client.PutLifecycleConfigurationAsync(bucket, new LifecycleConfiguration
        {
            Rules =
            [
                new LifecycleRule
                {
                    Id = "a",
                    Status = LifecycleRuleStatus.Enabled,
                    Filter = new LifecycleFilter { LifecycleFilterPredicate = new LifecyclePrefixPredicate { Prefix = "" } },
                    AbortIncompleteMultipartUpload = new LifecycleRuleAbortIncompleteMultipartUpload { DaysAfterInitiation = 1 },
                },
            ],
        });
    }

    private ServerProcess Start(string program, params string[] arguments)
    {
        var process = ServerProcess.Start([program, "-c", Configuration, "-f", .. arguments], _folder.Path);
        _processes.Add(process);
        return process;
    }

    private async Task<string> CephAsync(params string[] arguments)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await ServerProcess.RunAsync([Binaries.Find("ceph", "ceph-common"), "-c", Configuration, "--connect-timeout", "10", .. arguments], _folder.Path);
            }
            catch (InvalidOperationException e) when (attempt < 5 && e.Message.Contains("EPERM: problem getting command descriptions", StringComparison.Ordinal))
            {
                // A monitor on a busy machine: it did not get to see the command.
            }
        }
    }

    private static async Task<bool> SucceedsAsync(Func<Task> action)
    {
        try
        {
            await action();
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private string Settings(string cluster) => $$"""
        [global]
        fsid={{cluster}}
        monmap={{_folder.In("monmap")}}
        mon initial members=a
        public addr=127.0.0.1
        cluster addr=127.0.0.1
        ms bind msgr2=false
        auth cluster required=none
        auth service required=none
        auth client required=none
        run dir={{_folder.In("run")}}
        admin socket={{_folder.In("run")}}/$name.$pid.asok
        pid file={{_folder.In("run")}}/$name.pid
        log file={{_folder.In("log")}}/$name.log
        mon data={{_folder.In("mon")}}
        osd data={{_folder.In("osd")}}
        osd objectstore=memstore
        memstore device bytes=4294967296
        osd pool default size=1
        osd pool default min size=1
        osd pool default pg num=8
        osd pool default pgp num=8
        osd crush update on start=false
        osd class update on start=false
        osd crush chooseleaf type=0
        mon allow pool size one=true
        mon warn on pool no redundancy=false
        mon_max_pg_per_osd=1000
        osd_pg_object_context_cache_count=8
        rgw data={{_folder.In("rgw")}}
        rgw frontends=beast endpoint=127.0.0.1:{{_ports[0]}}
        rgw dns name=localhost
        rgw enable usage log=false
        rgw thread pool size=64

        """;
}

using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Deepfake.Infrastructure.Bus;

namespace Deepfake.Kubernetes.Tests;

/// <summary>What manifests have to keep to. Each rule says what is against it, one line a case.</summary>
internal static partial class Rules
{
    /// <summary>Seconds that a host takes beyond <c>Bus:StopSeconds</c>.</summary>
    private const int HostMargin = 10;

    /// <summary>Secrets that whoever installs it makes.</summary>
    public static IReadOnlyList<string> Secrets { get; } =
        ["deepfake-servers", "deepfake-identity", "deepfake-bootstrap", "deepfake-webhooks", "deepfake-keda", "deepfake-dev-deps"];

    private static readonly string[] Product = ["gateway", "ingest-service", "frame-service", "inference-worker", "forensics-worker", "result-service"];
    private static readonly string[] Called = ["ingest-service", "result-service", "inference-worker"];
    private static readonly string[] Shared = ["hostNetwork", "hostPID", "hostIPC"];
    private static readonly string[] Amounts = ["cpu", "memory", "ephemeral-storage"];
    private static readonly string[] Probes = ["startupProbe", "readinessProbe", "livenessProbe"];

    private static readonly IPAddress Here = IPAddress.Parse("10.1.2.3"), There = IPAddress.Parse("10.1.2.4");
    private static readonly End Stranger = End.In(("kubernetes.io/metadata.name", "other"));

    /// <summary>Everything that is wrong, the errors of the schemas among it.</summary>
    public static async Task<IReadOnlyList<string>> ComplaintsAsync(Cluster cluster) =>
    [
        .. await cluster.SchemaErrorsAsync(),
        .. cluster.Workloads.SelectMany(
            workload => (string[])[.. Privileges(workload), .. Containers(workload), .. References(cluster, workload), .. Grace(workload)],
            (workload, wrong) => $"{Cluster.Name(workload.Source)}: {wrong}"),
        .. Services(cluster),
        .. Budgets(cluster),
        .. Files(cluster),
        .. Connections(cluster),
        .. cluster.Kind("ScaledObject").SelectMany(pool => Scaling(cluster, pool).Select(wrong => $"{Cluster.Name(pool)}: {wrong}")),
    ];

    private static IEnumerable<string> Privileges(Workload workload)
    {
        var pod = workload.Pod;
        if (pod.Text("automountServiceAccountToken") != "false") yield return "has a token of its service account";
        if (pod.Text("enableServiceLinks") != "false") yield return "gets the addresses of all services as variables";
        foreach (var share in Shared.Where(share => pod.Text(share) == "true")) yield return $"shares {share} with its node";
        if (pod.List("volumes").Any(volume => volume.At("hostPath") is not null)) yield return "mounts a folder of its node";
        if (pod.Text("securityContext/runAsNonRoot") != "true" || pod.Text("securityContext/runAsUser") is null or "0")
            yield return "may run as root";
        if (pod.Text("securityContext/seccompProfile/type") != "RuntimeDefault") yield return "has no seccomp profile";
        foreach (var container in workload.Containers)
        {
            var name = container.Text("name");
            var own = container.At("securityContext");
            if (own.Text("runAsUser") == "0" || own.Text("runAsNonRoot") == "false") yield return $"{name} may run as root";
            if (own.Text("privileged") == "true" || own.Text("allowPrivilegeEscalation") != "false") yield return $"{name} may gain privileges";
            if (own.Text("readOnlyRootFilesystem") != "true") yield return $"{name} may write to its image";
            if (!own.Texts("capabilities/drop").Contains("ALL") || own.At("capabilities/add") is not null) yield return $"{name} has capabilities";
        }
    }

    private static IEnumerable<string> Containers(Workload workload)
    {
        var volumes = workload.Pod.List("volumes").Select(volume => volume.Text("name"))
            .Concat(workload.Source.List("spec/volumeClaimTemplates").Select(claim => claim.Text("metadata/name"))).ToHashSet();
        foreach (var container in workload.Containers)
        {
            var name = container.Text("name");
            if (!PinnedImage().IsMatch(container.Text("image") ?? "")) yield return $"{name} takes an image that is not pinned: {container.Text("image")}";
            var (requests, limits) = (container.Map("resources/requests"), container.Map("resources/limits"));
            foreach (var amount in Amounts.Where(amount => !requests.ContainsKey(amount) || !limits.ContainsKey(amount)))
                yield return $"{name} has no request or no limit of {amount}";
            foreach (var mount in container.List("volumeMounts").Select(mount => mount.Text("name")).Where(mount => !volumes.Contains(mount)))
                yield return $"{name} mounts '{mount}', which is no volume";
        }

        foreach (var container in workload.Pod.List("containers"))
        {
            foreach (var probe in Probes)
            {
                var get = container.At($"{probe}/httpGet");
                var (port, path) = (get.Text("port"), get.Text("path"));
                if (container.At(probe) is null) yield return $"{container.Text("name")} has no {probe}";
                else if (get is not null && !workload.Ports.ContainsKey(port!)) yield return $"{probe} asks a port that is none: {port}";
                else if (Product.Contains(workload.Name) && path is not ("/health" or "/alive")) yield return $"{probe} asks no address of ServiceDefaults";
            }

            if (container.Text("livenessProbe/httpGet/path") == "/health") yield return "is restarted when a server is away";
        }
    }

    private static IEnumerable<string> References(Cluster cluster, Workload workload)
    {
        bool Exists(string kind, string? name) => cluster.Kind(kind).Any(found => found.Text("metadata/name") == name);
        if (!Network.Selects(workload.Source.At("spec/selector"), workload.Labels)) yield return "does not select its own pods";
        if (workload.Pod.Text("serviceAccountName") is { } account && !Exists("ServiceAccount", account))
            yield return $"runs as '{account}', which is no service account";
        var claims = workload.Pod.List("volumes").Select(volume => volume.Text("persistentVolumeClaim/claimName")).OfType<string>();
        foreach (var claim in claims.Where(claim => !Exists("PersistentVolumeClaim", claim))) yield return $"claims '{claim}', which is no volume";
        foreach (var source in workload.Containers.SelectMany(container => container.List("envFrom")))
        {
            if (source.Text("configMapRef/name") is { } settings && !Exists("ConfigMap", settings)) yield return $"reads '{settings}', which is no ConfigMap";
        }

        var secrets = workload.Containers.SelectMany(container => container.List("envFrom").Select(source => source.Text("secretRef/name"))
            .Concat(container.List("env").Select(variable => variable.Text("valueFrom/secretKeyRef/name"))));
        foreach (var secret in secrets.OfType<string>().Except(Secrets)) yield return $"reads the Secret '{secret}', which docs/kubernetes.md does not know";
    }

    private static IEnumerable<string> Grace(Workload workload)
    {
        var grace = workload.Pod.Number("terminationGracePeriodSeconds", 30);
        var stop = int.TryParse(workload.Settings.GetValueOrDefault("Bus__StopSeconds"), out var set) ? set : new BusOptions().StopSeconds;
        var before = workload.Pod.List("containers").Max(container => container.Number("lifecycle/preStop/sleep/seconds", 0));
        var whole = before + stop + HostMargin;
        if (Product.Contains(workload.Name) && grace < whole) yield return $"is killed after {grace} s, before it stops by itself ({whole} s)";
        foreach (var consumer in Consumers.Of(workload).Where(consumer => consumer.Timeout > TimeSpan.FromSeconds(stop)))
            yield return $"breaks work on '{consumer.Queue}' off after {stop} s, which may take {consumer.Timeout.TotalSeconds} s";
    }

    private static IEnumerable<string> Services(Cluster cluster) => cluster.Kind("Service").SelectMany(service =>
    {
        var selector = service.Map("spec/selector");
        var behind = cluster.Workloads.Where(workload => selector.All(label => workload.Labels.GetValueOrDefault(label.Key) == label.Value)).ToList();
        if (behind.Count != 1 || selector.Count == 0) return [$"{Cluster.Name(service)}: leads to {behind.Count} workloads"];
        return service.List("spec/ports").Select(port => port.Text("targetPort")).Where(port => !behind[0].Ports.ContainsKey(port ?? ""))
            .Select(port => $"{Cluster.Name(service)}: leads to a port that is none: {port}");
    });

    private static IEnumerable<string> Budgets(Cluster cluster) => cluster.Workloads
        .Where(workload => Product.Contains(workload.Name))
        .Where(workload => !cluster.Kind("PodDisruptionBudget").Any(budget => Network.Selects(budget.At("spec/selector"), workload.Labels)))
        .Select(workload => $"{Cluster.Name(workload.Source)}: has no disruption budget");

    private static IEnumerable<string> Files(Cluster cluster) =>
    [
        .. cluster.Kind("Secret").Select(secret => $"{Cluster.Name(secret)}: is in a file"),
        .. cluster.Kind("ServiceAccount").Where(account => account.Text("automountServiceAccountToken") != "false")
            .Select(account => $"{Cluster.Name(account)}: gives pods a token"),
        .. cluster.Objects.Where(made => made.Text("kind") != "Namespace" && made.Text("metadata/namespace") != "deepfake")
            .Select(made => $"{Cluster.Name(made)}: is in no namespace"),
    ];

    /// <summary>Pods reach what they must and nothing else, whether the network finds pods by labels alone or by address too.</summary>
    private static IEnumerable<string> Connections(Cluster cluster)
    {
        var network = new Network(cluster);
        foreach (var to in cluster.Workloads)
        {
            foreach (var (name, port) in to.Ports)
            {
                foreach (var from in cluster.Workloads.Where(from => from != to))
                {
                    var must = Must(from.Name, to.Name, name);
                    var byLabels = network.Connects(End.Of(from), End.Of(to), port);
                    var byAddress = network.Connects(End.Of(from, Here), End.Of(to, There), port);
                    if (must && !byLabels) yield return $"{from.Name} cannot reach {to.Name}:{name}";
                    if (!must && (byLabels || byAddress)) yield return $"{from.Name} can reach {to.Name}:{name}";
                }

                if (network.Connects(Stranger, End.Of(to), port)) yield return $"any pod of another namespace can reach {to.Name}:{name}";
                if (network.Connects(End.At("10.9.9.9"), End.Of(to), port)) yield return $"any private address can reach {to.Name}:{name}";
            }
        }
    }

    private static bool Must(string from, string to, string port) => (to, port) switch
    {
        _ when Called.Contains(to) => from == "gateway",
        ("cache" or "postgres", _) => Product.Contains(from),
        ("messaging", "amqp") or ("storage", _) => Product.Contains(from) && from != "gateway",
        _ => false,
    };

    private static IEnumerable<string> Scaling(Cluster cluster, JsonObject pool)
    {
        var target = pool.Text("spec/scaleTargetRef/name");
        if (cluster.Workloads.SingleOrDefault(workload => workload.Name == target) is not { } workload)
        {
            yield return $"scales '{target}', which is no workload";
            yield break;
        }

        if (workload.Source.At("spec/replicas") is not null) yield return "fights with the replicas of its workload";
        var triggers = pool.List("spec/triggers").ToList();
        var queues = string.Join(", ", triggers.Select(trigger => trigger.Text("metadata/queueName")!).Order());
        var real = string.Join(", ", Consumers.Queues(workload).Order());
        if (queues != real) yield return $"looks at the queues {queues} and not at those of the code: {real}";
        foreach (var trigger in triggers)
        {
            var (name, how) = (trigger.Text("name"), trigger.Map("metadata"));
            if (trigger.Text("type") != "rabbitmq" || how["protocol"] != "http" || how["mode"] != "QueueLength" || how["excludeUnacknowledged"] != "false")
                yield return $"'{name}' does not count what is unacknowledged";
            if (!cluster.Kind("TriggerAuthentication").Any(found => found.Text("metadata/name") == trigger.Text("authenticationRef/name")))
                yield return $"'{name}' has no credentials";
            if (how["value"] != pool.Text("spec/advanced/scalingModifiers/target")) yield return $"'{name}' has another value than the target";
        }

        var named = Name().Matches(pool.Text("spec/advanced/scalingModifiers/formula") ?? "").Select(match => match.Value).Order();
        if (!named.SequenceEqual(triggers.Select(trigger => trigger.Text("name")!).Order())) yield return "does not weigh each lane once";
        if (pool.At("spec/fallback") is null) yield return "has no fallback";
        var down = pool.At("spec/advanced/horizontalPodAutoscalerConfig/behavior/scaleDown");
        var policy = down.List("policies").FirstOrDefault();
        var pace = (policy.Text("type"), policy.Text("value"), policy.Text("periodSeconds"));
        if (down.Text("stabilizationWindowSeconds") != "300" || pace != ("Pods", "1", "60")) yield return "goes down too fast";
        var fallback = pool.Number("spec/fallback/replicas", 0);
        if (fallback < pool.Number("spec/minReplicaCount", 0) || fallback > pool.Number("spec/maxReplicaCount", 100))
            yield return "falls back out of its bounds";
    }

    [GeneratedRegex(@"^[a-z0-9.-]+(:\d+)?(/[a-z0-9._-]+)+(:(?!latest$)[\w.-]+|@sha256:[0-9a-f]{64})$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex PinnedImage();

    [GeneratedRegex("[A-Za-z_]+", RegexOptions.None, 1000)]
    private static partial Regex Name();
}

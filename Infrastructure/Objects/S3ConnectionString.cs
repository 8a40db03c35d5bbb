namespace Deepfake.Infrastructure.Objects;

/// <summary>Where an S3 API is: <c>Endpoint=http://host:9000;AccessKey=…;SecretKey=…;Bucket=deepfake;Region=us-east-1;PublicEndpoint=https://…</c>.</summary>
public sealed record S3ConnectionString
{
    /// <summary>Address of the API.</summary>
    public required Uri Endpoint { get; init; }

    /// <summary>Address under which clients reach the same API, for uploads that they send there themselves; null for <see cref="Endpoint"/>.</summary>
    public Uri? PublicEndpoint { get; init; }

    /// <summary>Access key.</summary>
    public required string AccessKey { get; init; }

    /// <summary>Secret key.</summary>
    public required string SecretKey { get; init; }

    /// <summary>Bucket; created when it is not there.</summary>
    public string Bucket { get; init; } = "deepfake";

    /// <summary>Region that goes into signatures; most servers of one's own take any.</summary>
    public string Region { get; init; } = "us-east-1";

    /// <summary>Reads the form above; the order of the parts and the case of their names do not matter.</summary>
    /// <exception cref="InvalidOperationException">A part is missing or not understood; the message never repeats a key.</exception>
    public static S3ConnectionString Parse(string text)
    {
        var parts = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var part in text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0) throw new InvalidOperationException("ConnectionStrings:blobs has a part without '='.");
            parts[part[..equals].Trim()] = part[(equals + 1)..].Trim();
        }

        string Required(string name) => parts.TryGetValue(name, out var value) && value.Length > 0
            ? value
            : throw new InvalidOperationException($"ConnectionStrings:blobs lacks {name}=.");
        Uri Address(string name) => Uri.TryCreate(Required(name), UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
            ? address
            : throw new InvalidOperationException($"ConnectionStrings:blobs has a {name} that is no http(s) address.");
        return new S3ConnectionString
        {
            Endpoint = Address("Endpoint"),
            PublicEndpoint = parts.ContainsKey("PublicEndpoint") ? Address("PublicEndpoint") : null,
            AccessKey = Required("AccessKey"),
            SecretKey = Required("SecretKey"),
            Bucket = parts.GetValueOrDefault("Bucket", "deepfake"),
            Region = parts.GetValueOrDefault("Region", "us-east-1"),
        };
    }
}

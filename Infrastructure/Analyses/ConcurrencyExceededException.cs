namespace Deepfake.Infrastructure.Analyses;

/// <summary>A key or tenant has as many unfinished analyses as it may have.</summary>
/// <param name="limit">How many that are.</param>
/// <param name="ofTenant">Of the tenant, or else of the key.</param>
public sealed class ConcurrencyExceededException(int limit, bool ofTenant) : Exception($"{(ofTenant ? "The tenant" : "The key")} has {limit} analyses that are not over, which is its limit.");

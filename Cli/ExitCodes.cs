namespace Deepfake.Cli;

/// <summary>What a script can tell from how the tool ended.</summary>
internal static class ExitCodes
{
    /// <summary>Everything was done.</summary>
    public const int Done = 0;

    /// <summary>Some of it could not be done: a file that cannot be read or decoded, an analysis that failed or is not there.</summary>
    public const int Failed = 1;

    /// <summary>The command line cannot be understood.</summary>
    public const int Usage = 2;

    /// <summary>The service cannot be reached, or has no room now.</summary>
    public const int Unavailable = 3;

    /// <summary>The service asks for a key, or for another one.</summary>
    public const int Denied = 4;

    /// <summary>All were analysed, and one is as bad as <c>--fail-on</c> says.</summary>
    public const int Found = 10;

    /// <summary>Interrupted.</summary>
    public const int Interrupted = 130;
}

namespace Deepfake.Gateway.Identity;

/// <summary>The command <c>key</c>: prints a new key, for <c>Identity:BootstrapKey</c>. It is known to nobody until it is set there.</summary>
public static class KeyCommand
{
    /// <summary>Prints the key on the standard output, what to do with it on the standard error.</summary>
    /// <returns>The exit code.</returns>
    public static int Run()
    {
        Console.WriteLine(ApiKeyText.Create().Reveal());
        Console.Error.WriteLine("Set it as Identity__BootstrapKey, restart, and make the first keys with it: POST /v1/keys. Keep it secret; take it out again when it has done its work.");
        return 0;
    }
}

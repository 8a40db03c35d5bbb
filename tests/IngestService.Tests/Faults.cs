using System.Reflection;
using System.Runtime.ExceptionServices;
using Microsoft.Extensions.DependencyInjection;

namespace Deepfake.IngestService.Tests;

#pragma warning disable CA1852 // the runtime derives the proxy from it
/// <summary>Stands before a real service and lets named methods fail, or something happen before them.</summary>
internal class Faults<T> : DispatchProxy
#pragma warning restore CA1852
    where T : class
{
    private T _inner = null!;
    private FaultSet _broken = null!;

    /// <summary>Puts itself before the registered service. Names in the set fail, as long as they are in it.</summary>
    public static FaultSet Insert(IServiceCollection services)
    {
        var broken = new FaultSet();
        var registered = services.Last(service => service.ServiceType == typeof(T));
        services.Remove(registered);
        services.AddSingleton(provider =>
        {
            var proxy = Create<T, Faults<T>>();
            var faults = (Faults<T>)(object)proxy;
            faults._inner = (T)(registered.ImplementationInstance ?? registered.ImplementationFactory?.Invoke(provider)
                ?? ActivatorUtilities.CreateInstance(provider, registered.ImplementationType!));
            faults._broken = broken;
            return proxy;
        });
        return broken;
    }

    /// <inheritdoc/>
    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        _broken.Meet(targetMethod!.Name);
        try
        {
            var result = targetMethod.Invoke(_inner, args);
            return _broken.Lost.Remove(targetMethod.Name, out var meanwhile) ? LoseAsync((Task)result!, meanwhile) : result;
        }
        catch (TargetInvocationException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerException!);
            throw;
        }
    }

    private static async Task LoseAsync(Task done, Func<Task> meanwhile)
    {
        await done;
        await meanwhile();
        throw new TimeoutException("The answer was lost.");
    }
}

/// <summary>Names of methods that fail for now.</summary>
internal sealed class FaultSet : HashSet<string>
{
    /// <summary>What happens once, before the next call of a method.</summary>
    public Dictionary<string, Action> Before { get; } = [];

    /// <summary>Methods without a result whose next call does its work, but whose answer is lost; and what happens before the caller notices.</summary>
    public Dictionary<string, Func<Task>> Lost { get; } = [];

    /// <summary>How a method fails.</summary>
    public Func<string, Exception> Failure { get; set; } = method => new IOException($"{method} is broken for this test.");

    /// <summary>A method is about to be called.</summary>
    public void Meet(string method)
    {
        if (Contains(method)) throw Failure(method);
        if (Before.Remove(method, out var before)) before();
    }
}

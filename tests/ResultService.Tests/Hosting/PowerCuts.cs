using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.ExceptionServices;
using Microsoft.Extensions.DependencyInjection;

namespace Deepfake.ResultService.Tests.Hosting;

/// <summary>
/// Stands between the service and its stores, counts calls, and throws once before or after a named one: what a process that died there
/// would have left behind.
/// </summary>
internal sealed class PowerCuts
{
    private readonly ConcurrentDictionary<string, int> _planned = new();

    /// <summary>Names of all calls so far, e.g. <c>TryFinishAsync</c>, and <c>TryFinishAsync=True</c> for those that answered so.</summary>
    public ConcurrentQueue<string> Calls { get; } = new();

    public void Plan(string method, bool afterwards) => _planned[$"{method}{(afterwards ? " after" : " before")}"] = 1;

    /// <summary>A port whose server does not answer; null for none.</summary>
    public Type? Away { get; set; }

    public void Clear()
    {
        _planned.Clear();
        Away = null;
    }

    public bool HasStruck => _planned.IsEmpty;

    public void Wrap<T>(IServiceCollection services)
        where T : class
    {
        var inner = services.Last(service => service.ServiceType == typeof(T));
        services.Remove(inner);
        services.AddSingleton(provider =>
        {
            var target = (T)(inner.ImplementationInstance ?? inner.ImplementationFactory?.Invoke(provider) ?? ActivatorUtilities.CreateInstance(provider, inner.ImplementationType!));
            var proxy = DispatchProxy.Create<T, Wire<T>>();
            ((Wire<T>)(object)proxy).Connect(target, this);
            return proxy;
        });
    }

    private void Strike(string point)
    {
        if (_planned.TryRemove(point, out _)) throw new PowerCutException(point);
    }

#pragma warning disable CA1852 // DispatchProxy derives from it
    internal class Wire<T> : DispatchProxy
#pragma warning restore CA1852
        where T : class
    {
        private T? _target;
        private PowerCuts? _cuts;

        public void Connect(T target, PowerCuts cuts) => (_target, _cuts) = (target, cuts);

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            var name = targetMethod!.Name;
            _cuts!.Calls.Enqueue(name);
            if (_cuts.Away == typeof(T)) throw new TimeoutException("No answer.");
            _cuts.Strike(name + " before");
            object? result;
            try
            {
                result = targetMethod.Invoke(_target, args);
            }
            catch (TargetInvocationException e) when (e.InnerException is { } inner)
            {
                ExceptionDispatchInfo.Throw(inner);
                throw;
            }

            if (result is not Task task) return result;
            return targetMethod.ReturnType.IsGenericType
                ? typeof(Wire<T>).GetMethod(nameof(AnswerAsync), BindingFlags.Instance | BindingFlags.NonPublic)!
                    .MakeGenericMethod(targetMethod.ReturnType.GenericTypeArguments).Invoke(this, [task, name])
                : EndAsync(task, name);
        }

        private async Task EndAsync(Task task, string name)
        {
            await task;
            _cuts!.Strike(name + " after");
        }

        private async Task<TAnswer> AnswerAsync<TAnswer>(Task<TAnswer> task, string name)
        {
            var answer = await task;
            if (answer is bool) _cuts!.Calls.Enqueue($"{name}={answer}");
            _cuts!.Strike(name + " after");
            return answer;
        }
    }
}

internal sealed class PowerCutException(string point) : Exception("Power cut: " + point);

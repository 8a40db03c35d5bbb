using Deepfake.Infrastructure.Bus;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Deepfake.Infrastructure.Tests.Bus;

public sealed class StopTests
{
    [Theory]
    [InlineData(null, 20)]
    [InlineData("300", 300)]
    public void Work_in_hand_has_the_time_of_the_settings_and_the_host_waits_for_it(string? setting, int seconds)
    {
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        if (setting is not null) builder.Configuration["Bus:StopSeconds"] = setting;
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(30));
        builder.AddEmbeddedPipelineBus();
        using var host = builder.Build();

        var bus = host.Services.GetRequiredService<IOptions<MassTransitHostOptions>>().Value;
        var whole = host.Services.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout;
        Assert.Equal(TimeSpan.FromSeconds(seconds), bus.ConsumerStopTimeout);
        Assert.True(bus.StopTimeout > bus.ConsumerStopTimeout && whole > bus.StopTimeout);
        Assert.Equal(TimeSpan.FromSeconds(seconds + 10), whole);
    }
}

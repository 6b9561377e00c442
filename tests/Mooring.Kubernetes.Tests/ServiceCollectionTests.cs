using k8s;
using k8s.Models;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Mooring.Kubernetes.Caching;
using Mooring.Kubernetes.Client;
using Mooring.Kubernetes.Events;

namespace Mooring.Kubernetes.Tests;

public sealed class ServiceCollectionTests
{
    private static readonly KubernetesClientConfiguration Nowhere = new() { Host = new Uri("http://127.0.0.1:1") };

    [Fact]
    public async Task AddInformer_SameKindTwice_SharesOneWatch()
    {
        var services = Services();
        services.AddInformer<V1Pod>().AddInformer<V1Pod>().AddInformer<V1Node>().AddEventRecorder("me");

        await using var provider = services.BuildServiceProvider();

        provider.GetRequiredService<IInformer<V1Pod>>().ShouldBeSameAs(provider.GetRequiredService<Informer<V1Pod>>());
        provider.GetServices<IHostedService>().Count().ShouldBe(3);
        provider.GetRequiredService<IEventRecorder>().ShouldNotBeNull();
    }

    [Fact]
    public void AddInformer_SameKindWithOtherOptions_IsRefused()
    {
        var services = Services();
        services.AddInformer<V1Pod>();

        Should.Throw<InvalidOperationException>(() => services.AddInformer<V1Pod>(@namespace: "a")).Message
            .ShouldContain("V1Pod is followed already");
    }

    [Fact]
    public async Task AddKubernetesClient_OptionOutOfRange_IsRefusedNamingIt()
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddKubernetesClient(Nowhere, options => options.MaxRetries = 1000);

        await using var provider = services.BuildServiceProvider();

        Should.Throw<OptionsValidationException>(() => provider.GetRequiredService<IKubernetesClient>()).Message
            .ShouldContain("MaxRetries");
    }

    private static ServiceCollection Services()
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddKubernetesClient(Nowhere);
        return services;
    }
}

using k8s;
using Mooring.Kubernetes.Client;

namespace Mooring.Cli;

/// <summary>Runs a command against the cluster of a kubeconfig, and turns what can go wrong into one line.</summary>
internal static class ClusterCommand
{
    public static async Task<int> RunAsync(string? kubeconfig, Func<IKubernetesClient, Task<int>> command)
    {
        try
        {
            var configuration = kubeconfig is null
                ? KubernetesClientConfiguration.BuildDefaultConfig()
                : KubernetesClientConfiguration.BuildConfigFromConfigFile(kubeconfig);
            using var client = new KubernetesClient(configuration);
            return await command(client).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is KubernetesException or HttpRequestException or IOException
            or k8s.Exceptions.KubeConfigException)
        {
            await Console.Error.WriteLineAsync($"error: {exception.Message}").ConfigureAwait(false);
            return 1;
        }
    }
}

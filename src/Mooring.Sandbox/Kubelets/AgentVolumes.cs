using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Mooring.Sandbox.Lifetime;
using Mooring.Sandbox.Network;

namespace Mooring.Sandbox.Kubelets;

/// <summary>
/// What kubelets do for the agents' pods: the objects themselves, and the projected volume with a token that is bound to
/// the pod and the ConfigMap of the controller's certificate authorities, both kept fresh.
/// </summary>
internal sealed partial class AgentVolumes(
    ClusterClient api, SandboxPaths paths, TimeProvider time, ILogger<AgentVolumes> logger)
{
    /// <summary>The least an API server issues.</summary>
    private const int TokenSeconds = 600;
    private const string Account = $"/api/v1/namespaces/{AgentObjects.Namespace}/serviceaccounts/{AgentObjects.Account}";
    private const string Authorities = $"/api/v1/namespaces/{AgentObjects.Namespace}/configmaps/mooring-ca";

    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FirstTick = TimeSpan.FromMilliseconds(50);

    /// <summary>A kubelet renews a token after 80 % of its life.</summary>
    private static readonly TimeSpan RenewAfter = TimeSpan.FromSeconds(TokenSeconds * 0.8);

    private readonly ConcurrentDictionary<string, Volume> _volumes = new(StringComparer.Ordinal);

    public string TokenOf(string node) => Path.Combine(paths.VolumeOf(node), "token");

    public string AuthoritiesOf(string node) => Path.Combine(paths.VolumeOf(node), "ca.crt");

    /// <summary>Makes the pod of a node's agent, with a token in its volume.</summary>
    public async Task AddAsync(NodePlace node, CancellationToken cancellationToken)
    {
        await api.ApplyAsync(Account, AgentObjects.ServiceAccount(), cancellationToken);
        await api.ApplyAsync(AgentObjects.PodPath(node.Name), AgentObjects.Pod(node), cancellationToken);
        await api.ApplyAsync($"{AgentObjects.PodPath(node.Name)}/status", AgentObjects.PodStatus(node), cancellationToken);
        Directory.CreateDirectory(paths.VolumeOf(node.Name));
        var volume = new Volume();
        await RenewTokenAsync(node.Name, volume, cancellationToken);
        _volumes[node.Name] = volume;
    }

    /// <summary>Deletes the pod: its token is good no more. The files stay, as on a machine that is switched off.</summary>
    public async Task RemoveAsync(string node, CancellationToken cancellationToken)
    {
        if (_volumes.TryRemove(node, out _))
        {
            await api.DeleteAsync(AgentObjects.PodPath(node), cancellationToken);
        }
    }

    /// <summary>A pod does not start before its volumes are filled.</summary>
    /// <param name="failure">Why there is no use in waiting on; null while there is.</param>
    public async Task WaitForAuthoritiesAsync(Func<string?> failure, CancellationToken cancellationToken)
    {
        while (!await FillAsync(cancellationToken))
        {
            if (failure() is { } reason)
            {
                throw new InvalidOperationException(reason);
            }

            await Task.Delay(FirstTick, time, cancellationToken);
        }
    }

    /// <summary>Keeps the volumes fresh until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Tick, time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                await RefreshAsync(cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }

    private async Task RefreshAsync(CancellationToken cancellationToken)
    {
        try
        {
            await FillAsync(cancellationToken);
            foreach (var (node, volume) in _volumes)
            {
                if (time.GetElapsedTime(volume.Renewed) >= RenewAfter)
                {
                    await RenewTokenAsync(node, volume, cancellationToken);
                }
            }
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            // The API server is away, or a pod went in between.
            Log.NotRefreshed(logger, exception.Message);
        }
    }

    /// <returns>False while there is no ConfigMap.</returns>
    private async Task<bool> FillAsync(CancellationToken cancellationToken)
    {
        string bundle;
        try
        {
            bundle = (string?)(await api.GetAsync(Authorities, cancellationToken))["data"]?["ca.crt"] ?? "";
        }
        catch (HttpRequestException exception) when (exception.StatusCode == HttpStatusCode.NotFound)
        {
            return false;
        }

        foreach (var (node, volume) in _volumes)
        {
            if (volume.Authorities != bundle)
            {
                Write(AuthoritiesOf(node), bundle, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
                volume.Authorities = bundle;
            }
        }

        return bundle.Length > 0;
    }

    private async Task RenewTokenAsync(string node, Volume volume, CancellationToken cancellationToken)
    {
        var asked = time.GetTimestamp();
        var answer = await api.PostAsync($"{Account}/token", AgentObjects.TokenRequest(node, TokenSeconds), cancellationToken);
        Write(TokenOf(node), (string)answer["status"]!["token"]!, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        volume.Renewed = asked;
    }

    /// <summary>Whole or not at all, as the kubelet does by a link that it switches.</summary>
    private static void Write(string path, string text, UnixFileMode mode)
    {
        var temporary = path + ".tmp";
        File.Delete(temporary);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = mode;
        }

        using (var writer = new StreamWriter(temporary, options))
        {
            writer.Write(text);
        }

        File.Move(temporary, path, overwrite: true);
    }

    private sealed class Volume
    {
        public string Authorities { get; set; } = "";

        /// <summary>Timestamp of the token in it.</summary>
        public long Renewed { get; set; }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Debug, "volumes of agents not refreshed: {Problem}")]
        public static partial void NotRefreshed(ILogger logger, string problem);
    }
}

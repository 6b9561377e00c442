using System.Collections.Immutable;

namespace Mooring.Agent.DataPlane;

/// <summary>
/// Kernel settings that forwarding to pods needs (Documentation/networking/ip-sysctl.rst). Set where they differ;
/// reported where they cannot be set.
/// </summary>
internal sealed class ForwardingSettings(string directory)
{
    public ImmutableArray<string> Ensure()
    {
        var problems = ImmutableArray.CreateBuilder<string>();

        // Packets for pods are forwarded.
        Ensure("ipv4/ip_forward", "1", problems);

        // A packet that leaves by the interface it came in on is what we want, not a routing mistake to tell clients
        // of: a client that believed the redirect would send to the pod's node directly. The kernel sends redirects when
        // either "all" or the interface says so.
        Ensure("ipv4/conf/all/send_redirects", "0", problems);
        Ensure("ipv4/conf/default/send_redirects", "0", problems);
        foreach (var name in Interfaces("ipv4"))
        {
            Ensure($"ipv4/conf/{name}/send_redirects", "0", problems);
        }

        return problems.ToImmutable();
    }

    /// <summary>
    /// Asked for with the first IPv6 address. A node that takes its default route from router advertisements would lose it
    /// when it begins to forward, so such interfaces are told to take them all the same (accept_ra 2).
    /// </summary>
    public ImmutableArray<string> EnsureIPv6()
    {
        var problems = ImmutableArray.CreateBuilder<string>();
        foreach (var name in Interfaces("ipv6").Append("default"))
        {
            Ensure($"ipv6/conf/{name}/accept_ra", "2", problems, onlyFrom: "1");
        }

        Ensure("ipv6/conf/all/forwarding", "1", problems);
        return problems.ToImmutable();
    }

    private IEnumerable<string> Interfaces(string family)
    {
        try
        {
            return [.. Directory.EnumerateDirectories(Path.Combine(directory, family, "conf"))
                .Select(path => Path.GetFileName(path)!)
                .Where(name => name is not ("all" or "default" or "lo"))];
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
    }

    private void Ensure(
        string setting, string value, ImmutableArray<string>.Builder problems, string? onlyFrom = null)
    {
        var path = Path.Combine(directory, setting);
        try
        {
            var current = File.ReadAllText(path).Trim();
            if (current != value && (onlyFrom is null || current == onlyFrom))
            {
                File.WriteAllText(path, value);
            }
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            // The interface went away, or this kernel has no such setting.
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or IOException)
        {
            var name = "net." + setting.Replace('/', '.');
            problems.Add($"{name} is not {value} and cannot be set from here: run sysctl -w {name}={value} on the node");
        }
    }
}

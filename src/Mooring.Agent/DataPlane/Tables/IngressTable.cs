using Microsoft.Extensions.Logging;
using Mooring.Agent.DataPlane.Plans;
using Mooring.Linux.Nftables;

namespace Mooring.Agent.DataPlane.Tables;

/// <summary>
/// What <see cref="IngressSchema"/> has in the kernel. It is bound to devices, which take it with them when they go, and
/// packets do without it: that it cannot be made is no failure.
/// </summary>
/// <param name="name">Name of the tables.</param>
/// <param name="execute">Runs commands.</param>
/// <param name="list">Lists rules without elements.</param>
/// <param name="logger">Told when the kernel refuses.</param>
internal sealed partial class IngressTable(string name, Action<string> execute, Func<string, string> list, ILogger logger)
{
    public const string Drift = "rules at ingress were changed";

    /// <summary>Of the plan that was last sent, whether the kernel took it or not; null: not known.</summary>
    private string? _fingerprint;

    /// <summary>The rules as the kernel printed them when they were made; empty: there are none.</summary>
    private string _rules = "";

    /// <summary>Goes on from what an earlier run has left.</summary>
    public void Adopt()
    {
        _rules = Read();
        var comment = _rules.IndexOf("comment \"", StringComparison.Ordinal);
        _fingerprint = comment < 0 ? null : _rules[(comment + 9)..].Split('"')[0];
    }

    /// <param name="plan">The other nodes.</param>
    /// <param name="look">Devices may have gone and taken rules with them.</param>
    /// <returns>They had.</returns>
    public bool Set(PathPlan plan, bool look)
    {
        var drifted = look && TakeDrift();
        var fingerprint = IngressSchema.Fingerprint(plan);
        if (fingerprint == _fingerprint)
        {
            return drifted;
        }

        // What the kernel refuses must not leave the next hops that were.
        Remove();
        try
        {
            execute(IngressSchema.Create(name, plan));
        }
        catch (NftablesException exception)
        {
            Log.Refused(logger, exception.Message.Split('\n')[0]);
        }

        (_fingerprint, _rules) = (fingerprint, Read());
        return drifted;
    }

    /// <summary>The rules are not what they were when they were made; the next <see cref="Set"/> repairs that.</summary>
    public bool TakeDrift()
    {
        if (_fingerprint is null || Read() == _rules)
        {
            return false;
        }

        _fingerprint = null;
        return true;
    }

    /// <summary>Removes it, if it is there.</summary>
    public void Remove()
    {
        if (_rules.Length > 0)
        {
            execute(IngressSchema.Remove(name));
        }

        Forget();
    }

    /// <summary>The kernel has nothing of it any more.</summary>
    public void Forget() => (_fingerprint, _rules) = (null, "");

    private string Read()
    {
        try
        {
            return list($"list table netdev {name}") + list($"list chain inet {name} {IngressSchema.Chain}");
        }
        catch (NftablesException)
        {
            // One of the two is not there.
            return "";
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "The kernel does not hand packets on at ingress, so they take the longer way: {Error}")]
        public static partial void Refused(ILogger logger, string error);
    }
}

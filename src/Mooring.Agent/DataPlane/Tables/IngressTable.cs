using Microsoft.Extensions.Logging;
using Mooring.Agent.DataPlane.Plans;
using Mooring.Linux.Nftables;

namespace Mooring.Agent.DataPlane.Tables;

/// <summary>
/// What <see cref="IngressSchema"/> has in the kernel. It is bound to devices, which take it with them when they go, and
/// packets do without it: that it cannot be made is no failure.
/// </summary>
/// <param name="session">Opened by whoever calls.</param>
/// <param name="name">Name of the tables.</param>
/// <param name="time">For trying again.</param>
/// <param name="logger">Told when the kernel refuses.</param>
internal sealed partial class IngressTable(NftablesSession session, string name, TimeProvider time, ILogger logger)
{
    public const string Drift = "rules at ingress were changed";

    /// <summary>A kernel that cannot do it at all is not asked all the time.</summary>
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMinutes(1);

    /// <summary>Of the plan that was last sent, whether the kernel took it or not; null: not known.</summary>
    private string? _fingerprint;

    /// <summary>The rules as the kernel printed them when they were made; empty: there are none.</summary>
    private string _rules = "";

    /// <summary>Why the kernel refused, and when; null: it did not.</summary>
    private (string Error, long At)? _refused;

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
        if (fingerprint == _fingerprint && !(_refused is { } last && time.GetElapsedTime(last.At) > RetryInterval))
        {
            return drifted;
        }

        // What the kernel refuses must not leave the next hops that were.
        Remove();
        try
        {
            session.Execute(IngressSchema.Create(name, plan));
            _refused = null;
        }
        catch (NftablesException exception)
        {
            Refuse(exception.Message.Split('\n')[0]);
        }

        (_fingerprint, _rules) = (fingerprint, Read());
        return drifted;
    }

    private void Refuse(string error)
    {
        if (_refused?.Error != error)
        {
            Log.Refused(logger, error);
        }

        _refused = (error, time.GetTimestamp());
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
            session.Execute(IngressSchema.Remove(name));
        }

        Forget();
    }

    /// <summary>The kernel has nothing of it any more.</summary>
    public void Forget() => (_fingerprint, _rules) = (null, "");

    private string Read()
    {
        try
        {
            return session.List($"list table netdev {name}") + session.List($"list chain inet {name} {IngressSchema.Chain}");
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

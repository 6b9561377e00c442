using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using Mooring.Api;

namespace Mooring.Controller.Validation;

/// <summary>Reads fields of a spec and collects every finding rather than stop at the first.</summary>
internal sealed class FieldReader
{
    public List<Finding> Findings { get; } = [];

    public void Report(string reason, string field, string message) => Findings.Add(new Finding(reason, field, message));

    /// <summary>The duration, or <paramref name="fallback"/> with a finding when it is not one within the bounds.</summary>
    public TimeSpan Duration(string? text, string field, TimeSpan minimum, TimeSpan maximum, TimeSpan fallback)
    {
        var range = $"from {GoDuration.Format(minimum)} to {GoDuration.Format(maximum)}";
        if (!GoDuration.TryParse(text, out var value))
        {
            Report(
                Reasons.InvalidDuration,
                field,
                $"'{text}' is not a duration; write a number with a unit, such as 100ms, 30s or 3h, {range}");
            return fallback;
        }

        if (value < minimum || value > maximum)
        {
            Report(Reasons.InvalidDuration, field, $"{text} is out of bounds; set it {range}");
            return fallback;
        }

        return value;
    }

    public int Number(int value, string field, int minimum, int maximum, string reason = Reasons.InvalidValue)
    {
        if (value >= minimum && value <= maximum)
        {
            return value;
        }

        Report(reason, field, $"{value} is out of bounds; set it from {minimum} to {maximum}");
        return minimum;
    }

    /// <summary>The value that <paramref name="text"/> names.</summary>
    public T Choice<T>(string? text, string field, T fallback, params ReadOnlySpan<(string Text, T Value)> choices)
    {
        foreach (var (name, value) in choices)
        {
            if (name == text)
            {
                return value;
            }
        }

        var names = new List<string>();
        foreach (var (name, _) in choices)
        {
            names.Add(name);
        }

        Report(Reasons.InvalidValue, field, $"'{text}' is none of {string.Join(", ", names)}");
        return fallback;
    }

    /// <summary>A unicast address that is more than its link's own, or false with a finding.</summary>
    public bool Address(string? text, string field, [NotNullWhen(true)] out IPAddress? address)
    {
        // IPAddress reads "10", "0x0a.1", "[fd00::1]:80" and zone indexes too, which people do not mean.
        if (!IPAddress.TryParse(text, out address)
            || (address.AddressFamily == AddressFamily.InterNetwork && address.ToString() != text)
            || text.AsSpan().ContainsAny("[]%"))
        {
            Report(
                Reasons.InvalidAddress,
                field,
                $"'{text}' is not an IP address; write it like 10.70.0.100 or fd00:70::100");
            address = null;
            return false;
        }

        if (!IsHost(address))
        {
            Report(
                Reasons.InvalidAddress,
                field,
                $"{text} is not a unicast address that a host on a network can have; choose one of a node's subnet");
            return false;
        }

        return true;
    }

    private static bool IsHost(IPAddress address)
    {
        if (address.AddressFamily == AddressFamily.InterNetwork)
        {
            return address.GetAddressBytes()[0] is not (0 or 127 or >= 224);
        }

        return !address.Equals(IPAddress.IPv6Any) && !IPAddress.IsLoopback(address) && !address.IsIPv4MappedToIPv6
            && !address.IsIPv6Multicast && !address.IsIPv6LinkLocal;
    }
}

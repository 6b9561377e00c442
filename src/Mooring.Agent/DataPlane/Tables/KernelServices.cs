using System.Collections.Immutable;
using System.Globalization;
using Mooring.Agent.DataPlane.Plans;

namespace Mooring.Agent.DataPlane.Tables;

/// <summary>Puts services together from the elements of the maps of our table.</summary>
internal sealed class KernelServices
{
    /// <summary>What the names of the maps of endpoints begin with, one per family and protocol.</summary>
    private const string Endpoints = "endpoints";

    private readonly Dictionary<string, string> _verdicts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<string?>> _slots = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _shared = new(StringComparer.Ordinal);
    private readonly Dictionary<string, uint> _marks = new(StringComparer.Ordinal);
    private readonly Dictionary<uint, uint[]> _owners = [];
    private readonly Dictionary<uint, uint[]>[] _previous = [[], [], []];

    public void Add(string map, string key, string value)
    {
        switch (map)
        {
            case "services" or "services6":
                _verdicts[key] = value;
                break;
            case "direct" or "direct6":
                _marks[key] = DirectMarks.Parse(value);
                break;
            case "slots":
                AddMark(_owners, key.Split(" . "), DirectMarks.Parse(value));
                break;
            case "slots-before1" or "slots-before2" or "slots-before3":
                AddMark(_previous[map[^1] - '1'], key.Split(" . "), DirectMarks.Parse(value));
                break;
            default:
                if (map.StartsWith(Endpoints, StringComparison.Ordinal))
                {
                    AddEndpoint(map[(map.IndexOf('-', StringComparison.Ordinal) + 1)..], key.Split(" . "), value);
                }

                break;
        }
    }

    public ImmutableSortedDictionary<string, ServicePlan> Build(
        ImmutableSortedSet<string> served, ImmutableSortedSet<string> closed, ImmutableSortedSet<string> holding)
    {
        var services = ImmutableSortedDictionary.CreateBuilder<string, ServicePlan>(StringComparer.Ordinal);
        foreach (var key in _verdicts.Keys.Union(_slots.Keys).Union(_marks.Keys).Union(served).Union(closed).Union(holding))
        {
            services[key] = new ServicePlan(_verdicts.GetValueOrDefault(key), [.. _slots.GetValueOrDefault(key) ?? []])
            {
                Holding = holding.Contains(key),
                Direct = _marks.TryGetValue(key, out var mark) ? Direct(mark, served.Contains(key), closed.Contains(key)) : null,
            };
        }

        return services.ToImmutable();
    }

    private DirectPlan Direct(uint mark, bool served, bool closed)
    {
        var none = new uint[DirectMarks.SizeOf(mark)];
        return new DirectPlan(
            mark,
            [.. _owners.GetValueOrDefault(mark) ?? none],
            [.. _previous.Select(depth => depth.GetValueOrDefault(mark) ?? none).Select(marks => marks.ToImmutableArray())],
            served,
            closed);
    }

    private static void AddMark(Dictionary<uint, uint[]> into, string[] key, uint value)
    {
        var mark = DirectMarks.Parse(key[0]);
        var slot = int.Parse(key[1], CultureInfo.InvariantCulture);
        if (!into.TryGetValue(mark, out var slots))
        {
            into[mark] = slots = new uint[DirectMarks.SizeOf(mark)];
        }

        if (slot < slots.Length)
        {
            slots[slot] = value;
        }
    }

    private void AddEndpoint(string protocol, string[] key, string backend)
    {
        var slot = int.Parse(key[2], CultureInfo.InvariantCulture);
        var service = $"{key[0]} . {protocol} . {key[1]}";
        if (!_slots.TryGetValue(service, out var list))
        {
            _slots[service] = list = [];
        }

        while (list.Count <= slot)
        {
            list.Add(null);
        }

        list[slot] = _shared.TryGetValue(backend, out var known) ? known : _shared[backend] = backend;
    }
}

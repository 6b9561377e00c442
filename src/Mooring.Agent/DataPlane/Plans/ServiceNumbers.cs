namespace Mooring.Agent.DataPlane.Plans;

/// <summary>Gives each service in Direct mode a number that it keeps, also over a restart of the agent.</summary>
internal sealed class ServiceNumbers
{
    private readonly Dictionary<string, uint> _numbers = new(StringComparer.Ordinal);
    private readonly HashSet<uint> _taken = [];
    private uint _last;

    /// <summary>Takes over the numbers that an earlier run left in the kernel.</summary>
    public void Adopt(TablePlan kernel)
    {
        _numbers.Clear();
        _taken.Clear();
        foreach (var (key, service) in kernel.Services)
        {
            if (service.Direct is { } direct && _taken.Add(direct.Mark & ~DirectMarks.WayMask))
            {
                _numbers[key] = direct.Mark & ~DirectMarks.WayMask;
            }
        }
    }

    /// <exception cref="InvalidOperationException">Every number is in use.</exception>
    public uint Of(string key)
    {
        if (_numbers.TryGetValue(key, out var known))
        {
            return known;
        }

        if (_taken.Count >= DirectMarks.MaxServices)
        {
            throw new InvalidOperationException($"there are more than {DirectMarks.MaxServices} services in Direct mode");
        }

        do
        {
            _last = (_last % DirectMarks.MaxServices) + 1;
        }
        while (!_taken.Add(_last));
        return _numbers[key] = _last;
    }

    /// <summary>Frees the number of a service that is gone, if it has one.</summary>
    public void Free(string key)
    {
        if (_numbers.Remove(key, out var number))
        {
            _taken.Remove(number);
        }
    }
}

namespace Mooring.Controller.Reconciling;

/// <summary>
/// Whether this replica leads at this moment, asked before each write that is the leader's alone: a process that was
/// frozen finds a write at hand before it hears that another leads.
/// </summary>
internal sealed class Leadership
{
    private volatile Func<bool> _held = static () => false;

    public bool IsHeld => _held();

    public void DecideBy(Func<bool> held) => _held = held;
}

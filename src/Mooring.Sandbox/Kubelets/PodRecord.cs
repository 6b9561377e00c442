using Mooring.Sandbox.Echo;
using Mooring.Sandbox.Network;

namespace Mooring.Sandbox.Kubelets;

/// <summary>A pod that runs in the sandbox.</summary>
internal sealed class PodRecord(PodPlace place, EchoProgram program)
{
    public PodPlace Place => place;

    public EchoProgram Program => program;

    /// <summary>What the kubelet says of it, apart from whether its program works.</summary>
    public bool Ready { get; set; } = true;

    public required DateTimeOffset Since { get; init; }

    public DateTimeOffset ReadySince { get; set; }
}

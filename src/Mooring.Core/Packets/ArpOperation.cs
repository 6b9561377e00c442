namespace Mooring.Core.Packets;

/// <summary>RFC 826 opcode.</summary>
public enum ArpOperation : ushort
{
    None = 0,
    Request = 1,
    Reply = 2,
}

namespace Mooring.Core.Packets;

/// <summary>What an Ethernet frame carries (IEEE 802 numbers).</summary>
public enum EtherType : ushort
{
    None = 0,
    IPv4 = 0x0800,
    Arp = 0x0806,
    IPv6 = 0x86DD,
}

using System.Runtime.InteropServices;

namespace Mooring.Linux.PacketSockets;

/// <summary>One classic BPF instruction, <c>struct sock_filter</c> of linux/filter.h.</summary>
/// <param name="Code">Operation.</param>
/// <param name="JumpTrue">Instructions to skip when the comparison holds.</param>
/// <param name="JumpFalse">Instructions to skip when it does not.</param>
/// <param name="Operand">Constant, or offset into the frame.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct FilterInstruction(ushort Code, byte JumpTrue, byte JumpFalse, uint Operand);

using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Mooring.Linux;

/// <summary>A system call failed. The message names the call, what it worked on and the kernel's reason.</summary>
public sealed class SystemCallException : Win32Exception
{
    public SystemCallException(int errno, string call)
        : base(errno, $"{call}: {Marshal.GetPInvokeErrorMessage(errno)} (errno {errno})")
    {
    }

    /// <summary>The errno value as in errno(3).</summary>
    public int Errno => NativeErrorCode;

    /// <summary>The exception for the call that failed just now on this thread.</summary>
    /// <param name="call">The call and what it worked on: <c>mount /run/netns/a</c>.</param>
    internal static SystemCallException FromLastError(string call) => new(Marshal.GetLastPInvokeError(), call);
}

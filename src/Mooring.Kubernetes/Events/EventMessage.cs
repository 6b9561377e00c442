using System.Text;

namespace Mooring.Kubernetes.Events;

internal static class EventMessage
{
    /// <summary>Limit of the API server's validation.</summary>
    private const int MaxBytes = 1024;

    /// <summary>Whole characters of the message, as many as the server takes.</summary>
    public static string Cut(string message)
    {
        if (Encoding.UTF8.GetByteCount(message) <= MaxBytes)
        {
            return message;
        }

        Span<byte> bytes = stackalloc byte[MaxBytes - 3];
        Encoding.UTF8.GetEncoder().Convert(message, bytes, flush: false, out var used, out _, out _);
        return string.Concat(message.AsSpan(0, used), "…");
    }
}

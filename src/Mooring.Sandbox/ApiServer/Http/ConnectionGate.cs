using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections;

namespace Mooring.Sandbox.KubeApi.Http;

/// <summary>Lets connections in, or resets those that are open and every new one, as a server that is gone would.</summary>
internal sealed class ConnectionGate
{
    private readonly ConcurrentDictionary<ConnectionContext, byte> _open = [];
    private volatile bool _closed;

    public bool Closed => _closed;

    public void Close()
    {
        _closed = true;
        foreach (var connection in _open.Keys)
        {
            connection.Abort();
        }
    }

    public void Open() => _closed = false;

    public ConnectionDelegate Guard(ConnectionDelegate next) => async connection =>
    {
        _open.TryAdd(connection, 0);
        try
        {
            // After it is listed, so that none slips through while the gate closes.
            if (_closed)
            {
                connection.Abort();
                return;
            }

            await next(connection);
        }
        finally
        {
            _open.TryRemove(connection, out _);
        }
    };
}

using System.Net.Sockets;
using Mooring.Linux;
using Mooring.Linux.Nftables;

namespace Mooring.Agent.DataPlane.Tables;

/// <summary>
/// The ways to nftables that our tables share, and whether somebody else has changed one of them. Belongs to the network namespace of the
/// thread that opens it.
/// </summary>
/// <param name="tables">Names of our tables.</param>
internal sealed class NftablesSession(params string[] tables) : IDisposable
{
    /// <summary>Above so many elements the notifications of our own changes cost more than they are worth.</summary>
    private const int Large = 1000;

    private NftablesContext? _commands;
    private NftablesElements? _elements;
    private NftablesObjects? _objects;
    private NftablesMonitor? _monitor;

    public NftablesElements Elements => _elements ?? throw NotOpen();

    public NftablesObjects Objects => _objects ?? throw NotOpen();

    private NftablesContext Commands => _commands ?? throw NotOpen();

    private NftablesMonitor Monitor => _monitor ?? throw NotOpen();

    /// <summary>To be called before anything else, as often as one likes: what could not be opened is tried again.</summary>
    /// <exception cref="NftablesException">libnftables refused.</exception>
    /// <exception cref="SystemCallException">The kernel did.</exception>
    public void Open()
    {
        _commands ??= new NftablesContext();
        _elements ??= NftablesElements.Open();
        _objects ??= NftablesObjects.Open();
        _monitor ??= NftablesMonitor.Open(tables);
    }

    /// <summary>Runs commands in nft's language as one transaction.</summary>
    /// <exception cref="NftablesException">Nothing was changed, as far as is known.</exception>
    public void Execute(string commands) => AsOwn(large: false, () => Commands.Run(commands));

    /// <inheritdoc cref="NftablesElements.Run"/>
    public void Execute(NftablesBatch batch) => AsOwn(batch.Elements > Large, () => Elements.Run(batch));

    /// <inheritdoc cref="NftablesContext.List"/>
    public string List(string command) => Commands.List(command);

    /// <summary>Who changed the table since the last call: the name of a program, or null for nobody.</summary>
    public string? TakeForeignChange(string table) => Monitor.TakeForeignChange(table);

    /// <summary>Completes when somebody has changed something in nftables.</summary>
    public Task WaitForChangeAsync(CancellationToken cancellationToken) =>
        _monitor?.WaitForChangeAsync(cancellationToken) ?? Task.Delay(Timeout.Infinite, cancellationToken);

    public void Dispose()
    {
        _monitor?.Dispose();
        _elements?.Dispose();
        _objects?.Dispose();
        _commands?.Dispose();
    }

    private void AsOwn(bool large, Action change)
    {
        try
        {
            Monitor.BeginOwn(large);
            try
            {
                change();
            }
            finally
            {
                Monitor.EndOwn();
            }
        }
        catch (Exception exception) when (exception is SystemCallException or SocketException)
        {
            throw new NftablesException(exception.Message, "");
        }
    }

    private static InvalidOperationException NotOpen() => new("the session is not open");
}

using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Mooring.Linux.Namespaces;

/// <summary>
/// A named network namespace, the same thing that <c>ip netns</c> manages: a namespace bound to
/// <c>/run/netns/NAME</c>, so <c>ip netns exec NAME</c> works on it. Needs CAP_SYS_ADMIN. Disposing closes our handle
/// and leaves the namespace; <see cref="Delete"/> removes it.
/// </summary>
public sealed class NetworkNamespace : IDisposable
{
    private const string Folder = "/run/netns";
    private const int MaxNameLength = 255;

    private readonly SafeFileHandle _handle;

    private NetworkNamespace(string name, SafeFileHandle handle)
    {
        Name = name;
        _handle = handle;
    }

    public string Name { get; }

    /// <summary>Creates a namespace with nothing in it but a loopback device that is down.</summary>
    /// <exception cref="InvalidOperationException">The name is taken.</exception>
    /// <exception cref="SystemCallException">The kernel refused, such as EPERM without CAP_SYS_ADMIN.</exception>
    public static NetworkNamespace Create(string name)
    {
        var path = PathOf(name);
        Directory.CreateDirectory(Folder);
        EnsureFolderIsShared();
        try
        {
            using var mountPoint = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
        }
        catch (IOException exception) when (File.Exists(path))
        {
            throw new InvalidOperationException($"network namespace {name} exists", exception);
        }

        try
        {
            OnThrowawayThread(() =>
            {
                Check(NamespaceCalls.Unshare(NamespaceCalls.CloneNewNetwork), "unshare network");
                Check(
                    NamespaceCalls.Mount("/proc/thread-self/ns/net", path, "none", NamespaceCalls.MountBind, 0),
                    $"mount {path}");
                return 0;
            });
            return Open(name);
        }
        catch
        {
            Delete(name);
            throw;
        }
    }

    /// <exception cref="SystemCallException">There is no such namespace (ENOENT), or no right to open it.</exception>
    public static NetworkNamespace Open(string name)
    {
        var path = PathOf(name);
        var handle = NamespaceCalls.Open(path, NamespaceCalls.OpenReadOnly | NamespaceCalls.OpenCloseOnExec);
        return handle.IsInvalid
            ? throw SystemCallException.FromLastError($"open {path}")
            : new NetworkNamespace(name, handle);
    }

    public static bool Exists(string name) => File.Exists(PathOf(name));

    /// <summary>Names of the namespaces that begin with <paramref name="prefix"/>, in order.</summary>
    public static IReadOnlyList<string> List(string prefix = "")
    {
        if (!Directory.Exists(Folder))
        {
            return [];
        }

        return [.. Directory.EnumerateFiles(Folder)
            .Select(file => Path.GetFileName(file))
            .Where(name => name.StartsWith(prefix, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)];
    }

    /// <summary>
    /// Removes the name; the namespace itself, with its devices, goes when the last process and socket in it is gone.
    /// </summary>
    /// <returns>False when there was no such namespace.</returns>
    public static bool Delete(string name)
    {
        var path = PathOf(name);
        if (!File.Exists(path))
        {
            return false;
        }

        // EINVAL: nothing is mounted there, as a creation cut short leaves it.
        if (NamespaceCalls.Unmount(path, NamespaceCalls.UnmountDetach) != 0
            && Marshal.GetLastPInvokeError() != NamespaceCalls.InvalidArgument)
        {
            throw SystemCallException.FromLastError($"umount {path}");
        }

        File.Delete(path);
        return true;
    }

    /// <summary>
    /// Runs <paramref name="function"/> inside the namespace and waits for it. Sockets and processes that it creates
    /// belong to the namespace and may be used from anywhere afterwards; <c>/proc/sys/net</c> is the namespace's.
    /// </summary>
    /// <remarks>
    /// It runs on a thread of its own that ends with it: a thread pool thread would carry the namespace to whoever
    /// runs on it next. Only what runs on that very thread is inside, so nothing in <paramref name="function"/> may
    /// hand work to the pool. A child process with a parent death signal (prctl(2) PR_SET_PDEATHSIG) dies with the
    /// thread that started it, so start such a child elsewhere, through <c>ip netns exec</c>.
    /// </remarks>
    public T Run<T>(Func<T> function)
    {
        ObjectDisposedException.ThrowIf(_handle.IsClosed, this);
        return OnThrowawayThread(() =>
        {
            Check(NamespaceCalls.SetNamespace(_handle, NamespaceCalls.CloneNewNetwork), $"setns {Name}");
            return function();
        });
    }

    /// <inheritdoc cref="Run{T}(Func{T})"/>
    public void Run(Action action) => Run(() =>
    {
        action();
        return 0;
    });

    public void Dispose() => _handle.Dispose();

    public override string ToString() => Name;

    /// <summary>
    /// Makes the folder a shared mount, as <c>ip netns add</c> does, so that a removal reaches other mount namespaces
    /// and the name does not stay busy there. The lock is the one that iproute2 takes.
    /// </summary>
    private static void EnsureFolderIsShared()
    {
        using var folder = NamespaceCalls.Open(Folder, NamespaceCalls.OpenReadOnly | NamespaceCalls.OpenCloseOnExec);
        if (folder.IsInvalid)
        {
            throw SystemCallException.FromLastError($"open {Folder}");
        }

        Check(NamespaceCalls.Lock(folder, NamespaceCalls.LockExclusive), $"flock {Folder}");
        const nuint shared = NamespaceCalls.MountShared | NamespaceCalls.MountRecursive;
        if (NamespaceCalls.Mount("", Folder, "none", shared, 0) == 0)
        {
            return;
        }

        // EINVAL: not a mount point yet.
        const nuint bind = NamespaceCalls.MountBind | NamespaceCalls.MountRecursive;
        Check(NamespaceCalls.Mount(Folder, Folder, "none", bind, 0), $"mount {Folder}");
        Check(NamespaceCalls.Mount("", Folder, "none", shared, 0), $"mount shared {Folder}");
    }

    private static T OnThrowawayThread<T>(Func<T> function)
    {
        T? result = default;
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                result = function();
            }
            catch (Exception exception)
            {
                failure = ExceptionDispatchInfo.Capture(exception); // rethrown where the caller waits
            }
        })
        {
            IsBackground = true,
            Name = "netns",
        };
        thread.Start();
        thread.Join();
        failure?.Throw();
        return result!;
    }

    private static void Check(int result, string call)
    {
        if (result != 0)
        {
            throw SystemCallException.FromLastError(call);
        }
    }

    private static string PathOf(string name)
    {
        if (name.Length is 0 or > MaxNameLength || name is "." or ".." || name.AsSpan().ContainsAny("/\0"))
        {
            throw new ArgumentException($"'{name}' cannot name a network namespace", nameof(name));
        }

        return $"{Folder}/{name}";
    }
}

using System.Text;

namespace Mooring.Agent.OnDisk;

/// <summary>A file that is replaced whole or not at all, and readable by its owner alone.</summary>
internal static class DurableFile
{
    /// <exception cref="IOException">The disk refused; what was there before still is.</exception>
    /// <exception cref="UnauthorizedAccessException">No right to write the directory.</exception>
    public static void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        var temporary = path + ".new";

        // A left-over keeps the mode it was made with.
        File.Delete(temporary);
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        };
        using (var file = new FileStream(temporary, options))
        {
            file.Write(Encoding.UTF8.GetBytes(text));
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
    }
}

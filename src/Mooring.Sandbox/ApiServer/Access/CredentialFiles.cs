namespace Mooring.Sandbox.KubeApi.Access;

/// <summary>Secrets beside a durable server's data, readable by their owner only. Without a directory nothing is kept.</summary>
internal sealed class CredentialFiles(string? directory)
{
    public string? Read(string name) =>
        directory is not null && File.Exists(Path.Combine(directory, name)) ? File.ReadAllText(Path.Combine(directory, name)).Trim() : null;

    public void Write(string name, string value)
    {
        if (directory is null || Read(name) == value.Trim())
        {
            return;
        }

        var path = Path.Combine(directory, name);
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var writer = new StreamWriter(path + ".tmp", options))
        {
            writer.Write(value);
            writer.Flush();
            ((FileStream)writer.BaseStream).Flush(flushToDisk: true);
        }

        File.Move(path + ".tmp", path, overwrite: true);
        if (OperatingSystem.IsLinux())
        {
            Linux.Files.DirectoryEntries.Flush(directory);
        }
    }
}

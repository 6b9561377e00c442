namespace Mooring.Sandbox.Processes;

/// <summary>
/// Finds the programs that run in the sandbox: where MOORING_AGENT and MOORING_CONTROLLER say, installed beside this
/// one, or built in the repository that this one was built in.
/// </summary>
internal sealed class ProgramLocator(string baseDirectory, Func<string, string?> environment)
{
    public const string AgentVariable = "MOORING_AGENT";
    public const string ControllerVariable = "MOORING_CONTROLLER";

    /// <summary>A root filesystem with both programs on its path, to run them from as from an image.</summary>
    public const string RootVariable = "MOORING_ROOT";

    public static ProgramLocator Default { get; } =
        new(AppContext.BaseDirectory, Environment.GetEnvironmentVariable);

    /// <returns>The command that starts the agent: a program, or <c>dotnet</c> and a library.</returns>
    /// <exception cref="FileNotFoundException">It is nowhere; the message says where it was looked for.</exception>
    public IReadOnlyList<string> Agent() => Find("mooring-agent", "Mooring.Agent", AgentVariable);

    /// <inheritdoc cref="Agent"/>
    public IReadOnlyList<string> Controller() => Find("mooring-controller", "Mooring.Controller", ControllerVariable);

    /// <summary>Words before both commands that put them into the root filesystem they are in; none for that of this process.</summary>
    public IReadOnlyList<string> EnterRoot() => Root is { } root ? ["chroot", root] : [];

    /// <summary>The command that starts the sandbox program itself.</summary>
    public IReadOnlyList<string> Self() => Command(Path.Combine(baseDirectory, "mooring-sandbox.dll"));

    /// <summary>The repository that this program was built in, or null when it is installed.</summary>
    public string? RepositoryRoot()
    {
        for (var folder = new DirectoryInfo(baseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Operator.sln")))
            {
                return folder.FullName;
            }
        }

        return null;
    }

    private string? Root => environment(RootVariable) is { Length: > 0 } root ? root : null;

    private IReadOnlyList<string> Find(string program, string project, string variable)
    {
        if (Root is not null)
        {
            return [program];
        }

        if (environment(variable) is { Length: > 0 } chosen)
        {
            return File.Exists(chosen)
                ? Command(chosen)
                : throw new FileNotFoundException($"{variable} names {chosen}, which does not exist");
        }

        List<string> places = [Path.Combine(baseDirectory, $"{program}.dll")];
        if (RepositoryRoot() is { } root)
        {
            // bin/CONFIGURATION/FRAMEWORK: the configuration that we are in first.
            var own = new DirectoryInfo(baseDirectory);
            string[] configurations = own.Parent?.Name == "Debug" ? ["Debug", "Release"] : ["Release", "Debug"];
            places.AddRange(configurations.Select(configuration =>
                Path.Combine(root, "src", project, "bin", configuration, "net10.0", $"{program}.dll")));
        }

        // A library without its runtime configuration is a copy that a reference made, and does not start.
        return places.FirstOrDefault(place =>
                File.Exists(place) && File.Exists(Path.ChangeExtension(place, ".runtimeconfig.json"))) is { } found
            ? Command(found)
            : throw new FileNotFoundException(
                $"{program} is not built: set {variable}, or build it; looked for {string.Join(", ", places)}");
    }

    private static string[] Command(string path) =>
        path.EndsWith(".dll", StringComparison.Ordinal) ? ["dotnet", path] : [path];
}

namespace Mooring.Api.Tests;

/// <summary>The files in the repository are what the types say. MOORING_UPDATE=1 writes them.</summary>
public sealed class GeneratedFilesTests
{
    private static readonly string Root = FindRoot();

    public static TheoryData<string> Paths => [.. CustomResources.GeneratedFiles().Keys];

    [Theory]
    [MemberData(nameof(Paths))]
    public void File_InRepository_IsWhatTheTypesSay(string path)
    {
        var expected = CustomResources.GeneratedFiles()[path];
        var file = Path.Combine(Root, path);
        if (Environment.GetEnvironmentVariable("MOORING_UPDATE") == "1")
        {
            File.WriteAllText(file, expected);
        }

        File.Exists(file).ShouldBeTrue($"{path} is missing: run scripts/generate-crds.sh");
        File.ReadAllText(file).ShouldBe(expected, $"{path} is stale: run scripts/generate-crds.sh");
    }

    [Fact]
    public void Crds_Folder_HasNoOtherFile()
    {
        var generated = CustomResources.GeneratedFiles().Keys.Select(path => Path.Combine(Root, path));

        Directory.EnumerateFiles(Path.Combine(Root, "crds")).Except(generated).ShouldBeEmpty();
    }

    [Fact]
    public void GeneratedFiles_Twice_AreTheSame()
    {
        CustomResources.GeneratedFiles().ShouldBe(CustomResources.GeneratedFiles());
    }

    internal static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Operator.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"no folder above {AppContext.BaseDirectory} has Operator.sln");
    }
}

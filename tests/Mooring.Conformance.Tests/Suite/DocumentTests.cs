using System.Reflection;

namespace Mooring.Conformance.Tests.Suite;

/// <summary>The table in <c>docs/conformance.md</c> says what the suite is.</summary>
public sealed class DocumentTests
{
    private const string Root = "Mooring.Conformance.Tests.";

    [Fact]
    public void Table_AreasAndCases_AreThoseOfTheSuite()
    {
        var stated = File.ReadAllLines(Path.Combine(Repository(), "docs", "conformance.md"))
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries))
            .Where(cells => cells.Length == 5 && int.TryParse(cells[2], out _))
            .Select(cells => $"{cells[1]} {cells[2]}");
        var present = Cases().GroupBy(c => c.Area).Select(g => $"{g.Key} {g.Sum(c => c.Count)}").ToList();
        present.Add($"all {Cases().Sum(c => c.Count)}");

        stated.Order().ShouldBe(present.Order());
    }

    [Fact]
    public void Cases_AreAtLeastAHundredAndTwenty() => Cases().Count().ShouldBeGreaterThanOrEqualTo(120);

    /// <summary>Each test method with its area, and how many rows of data it runs with.</summary>
    private static IEnumerable<(string Area, int Count)> Cases() =>
        from type in Assembly.GetExecutingAssembly().GetTypes()
        where type is { IsClass: true, IsAbstract: false } && type != typeof(DocumentTests)
        from method in type.GetMethods()
        where method.IsDefined(typeof(FactAttribute))
        select (type.Namespace![Root.Length..].Replace('.', '/'), Math.Max(1, method.GetCustomAttributes<InlineDataAttribute>().Count()));

    private static string Repository()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "Operator.sln")))
        {
            directory = directory.Parent ?? throw new InvalidOperationException("the suite runs outside of the repository");
        }

        return directory.FullName;
    }
}

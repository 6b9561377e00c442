namespace Mooring.Core.Surroundings;

/// <summary>A chain of another program that translates destinations before ours do.</summary>
/// <param name="Table">Family and name, as nft has them: <c>ip other</c>.</param>
/// <param name="Text">The rules of the table.</param>
public sealed record ForeignRules(string Table, string Chain, int Priority, string Text);

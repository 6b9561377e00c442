namespace Mooring.Cli;

/// <summary>An address as <c>status</c> shows it.</summary>
internal sealed record AddressRow(
    string Address, string Vip, string? Holder, long? Term, IReadOnlyList<string> Standbys, string Ready, string? Backends);

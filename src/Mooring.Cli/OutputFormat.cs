namespace Mooring.Cli;

internal enum OutputFormat
{
    Table,
    Json,
}

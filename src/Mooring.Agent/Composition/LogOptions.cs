using Microsoft.Extensions.Logging;

namespace Mooring.Agent.Composition;

/// <param name="Format"><see cref="Console"/> for people, <see cref="Json"/> for log collectors.</param>
/// <param name="Level">Name of a <see cref="LogLevel"/>.</param>
internal sealed record LogOptions(string Format, string Level)
{
    public const string Console = "console";
    public const string Json = "json";

    private const string TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";

    public void Configure(ILoggingBuilder logging)
    {
        logging.SetMinimumLevel(Enum.Parse<LogLevel>(Level));
        logging.AddFilter("Microsoft", LogLevel.Warning);
        if (Format == Json)
        {
            logging.AddJsonConsole(options =>
            {
                options.UseUtcTimestamp = true;
                options.TimestampFormat = TimestampFormat.TrimEnd();
            });
        }
        else
        {
            logging.AddSimpleConsole(options =>
            {
                options.SingleLine = true;
                options.UseUtcTimestamp = true;
                options.TimestampFormat = TimestampFormat;
            });
        }
    }
}

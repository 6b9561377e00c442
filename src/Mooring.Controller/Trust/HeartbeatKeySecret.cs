using System.Globalization;
using System.Text;
using Mooring.Core.Snapshots;

namespace Mooring.Controller.Trust;

/// <summary>A <see cref="HeartbeatKeyRing"/> as the entries of a Secret.</summary>
internal static class HeartbeatKeySecret
{
    /// <summary>Number of the key, from 1 to 255.</summary>
    public const string IdEntry = "id";
    public const string KeyEntry = "key";
    public const string OtherIdEntry = "other-id";
    public const string OtherKeyEntry = "other-key";
    public const string MadeEntry = "made";
    public const string SinceEntry = "since";
    public const string StepEntry = "step";

    private const string Announced = "announced";
    private const string InUse = "in-use";

    public static Dictionary<string, byte[]> Write(HeartbeatKeyRing ring)
    {
        var data = new Dictionary<string, byte[]>(StringComparer.Ordinal)
        {
            [IdEntry] = Ascii(ring.Signing.Id.ToString(CultureInfo.InvariantCulture)),
            [KeyEntry] = [.. ring.Signing.Secret],
            [MadeEntry] = Ascii(ring.Made.ToString("O", CultureInfo.InvariantCulture)),
            [SinceEntry] = Ascii(ring.Since.ToString("O", CultureInfo.InvariantCulture)),
        };
        if (ring.Other is { } other)
        {
            data[OtherIdEntry] = Ascii(other.Id.ToString(CultureInfo.InvariantCulture));
            data[OtherKeyEntry] = [.. other.Secret];
        }

        if (ring.At != HeartbeatKeyRing.Step.None)
        {
            data[StepEntry] = Ascii(ring.At == HeartbeatKeyRing.Step.Announced ? Announced : InUse);
        }

        return data;
    }

    /// <param name="created">Of the Secret: the age of a key that was put there by hand.</param>
    /// <returns>Null when there is nothing in it yet.</returns>
    /// <exception cref="InvalidDataException">What is wrong with it, without its contents.</exception>
    public static HeartbeatKeyRing? Read(IDictionary<string, byte[]>? data, DateTimeOffset created)
    {
        if (data is null || data.Count == 0)
        {
            return null;
        }

        var signing = ReadKey(data, IdEntry, KeyEntry);
        var other = data.ContainsKey(OtherKeyEntry) ? ReadKey(data, OtherIdEntry, OtherKeyEntry) : null;
        if (other?.Id == signing.Id)
        {
            throw new InvalidDataException($"data.{OtherIdEntry} must be another number than data.{IdEntry}");
        }

        var made = ReadTime(data, MadeEntry) ?? created;
        return new HeartbeatKeyRing
        {
            Signing = signing,
            Other = other,
            At = (other, Text(data, StepEntry)) switch
            {
                (not null, Announced) => HeartbeatKeyRing.Step.Announced,
                (not null, InUse) => HeartbeatKeyRing.Step.InUse,
                _ => HeartbeatKeyRing.Step.None,
            },
            Made = made,
            Since = ReadTime(data, SinceEntry) ?? made,
        };
    }

    private static HeartbeatKey ReadKey(IDictionary<string, byte[]> data, string idEntry, string keyEntry)
    {
        if (!data.TryGetValue(keyEntry, out var key) || key.Length != HeartbeatKey.SecretLength)
        {
            throw new InvalidDataException($"data.{keyEntry} must have {HeartbeatKey.SecretLength} bytes");
        }

        return byte.TryParse(Text(data, idEntry), NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id > 0
            ? new HeartbeatKey(id, [.. key])
            : throw new InvalidDataException($"data.{idEntry} must be a number from 1 to 255");
    }

    private static DateTimeOffset? ReadTime(IDictionary<string, byte[]> data, string entry) =>
        Text(data, entry) is not { } text
            ? null
            : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
                ? time
                : throw new InvalidDataException($"data.{entry} must be a time");

    private static string? Text(IDictionary<string, byte[]> data, string entry) =>
        data.TryGetValue(entry, out var value) ? Encoding.ASCII.GetString(value) : null;

    private static byte[] Ascii(string text) => Encoding.ASCII.GetBytes(text);
}

using System.Security.Cryptography;
using Google.Protobuf;
using Mooring.Core.Snapshots;

namespace Mooring.Protocol.Snapshots;

/// <summary>Names the rules of checks in a few characters, the same after a restart: other rules have another one.</summary>
public sealed class CheckFingerprints
{
    private const int Bytes = 16;

    private HealthCheckIntent? _check;
    private string _fingerprint = "";

    /// <remarks>The endpoints of a set share a check, which may have half a megabyte of certificates: the last one is remembered.</remarks>
    public string Of(HealthCheckIntent check)
    {
        if (!ReferenceEquals(check, _check))
        {
            var hash = SHA256.HashData(HealthCheckMapping.ToProto(check).ToByteArray());
            (_check, _fingerprint) = (check, Convert.ToHexStringLower(hash.AsSpan(0, Bytes)));
        }

        return _fingerprint;
    }
}

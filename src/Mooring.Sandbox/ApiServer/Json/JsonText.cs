using System.Text.Encodings.Web;
using System.Text.Json;

namespace Mooring.Sandbox.KubeApi.Json;

/// <summary>How JSON is written everywhere in this server: compact, and without escaping what need not be escaped.</summary>
internal static class JsonText
{
    public static readonly JsonWriterOptions WriterOptions = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
        MaxDepth = 1000,
    };
}

using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Apply;
using Mooring.Sandbox.KubeApi.Errors;
using Mooring.Sandbox.KubeApi.Json;
using Mooring.Sandbox.KubeApi.Resources;
using Mooring.Sandbox.KubeApi.Schema;
using Mooring.Sandbox.KubeApi.Storage;

namespace Mooring.Sandbox.KubeApi.Objects;

/// <summary>Reads and writes objects with all the rules of their kind; what the HTTP handlers and the server's own controllers use.</summary>
internal sealed class ObjectService(ResourceStore store, ResourceRegistry registry, KindRulesBook rules, TimeProvider time)
{
    /// <summary>How often a write that lost a race is tried again before the client hears of it.</summary>
    private const int MaxAttempts = 64;

    private readonly ObjectValidation _validation = new(rules);

    public ResourceStore Store => store;

    public ResourceRegistry Registry => registry;

    public DateTimeOffset Now => time.GetUtcNow();

    public StoredObject Find(ResourceType type, string ns, string name) =>
        store.Get(type.Key(ns, name)) ?? throw ApiError.NotFound(type.Group, type.Plural, name);

    /// <summary>An object in the served version.</summary>
    public static JsonObject Serve(StoredObject stored, ResourceType type)
    {
        var value = stored.Read();
        return type.Conversion is null ? value : type.Conversion.ToServed(value);
    }

    public async Task<JsonObject> CreateAsync(
        ResourceType type, string ns, JsonObject value, WriteOptions options, IReadOnlyList<string>? duplicates = null)
    {
        ObjectDecoder.CheckKind(value, type);
        var metadata = value.Ensure("metadata");
        ObjectNamespaces.Set(metadata, type, ns);
        if (string.IsNullOrEmpty(metadata.Str("resourceVersion")) is false)
        {
            throw ApiError.BadRequest("resourceVersion should not be set on objects to be created");
        }

        ObjectNamespaces.RequireLive(store, type, ns, metadata.Str("name") ?? metadata.Str("generateName") ?? "");
        ObjectDecoder.Decode(value, type, options, duplicates ?? []);
        metadata = value.Ensure("metadata");
        var generate = string.IsNullOrEmpty(metadata.Str("name")) ? metadata.Str("generateName") : null;
        for (var attempt = 1; ; attempt++)
        {
            if (!string.IsNullOrEmpty(generate))
            {
                metadata["name"] = ObjectNames.Generate(generate);
            }

            ObjectMetadata.Initialize(value, type, time.GetUtcNow());
            rules.For(type)?.Prepare(value, null);
            new FieldOwnership(type, options.FieldManager, "", time.GetUtcNow()).RecordUpdate(null, value);
            _validation.Check(value, null, type, options);
            var name = metadata.Str("name")!;
            var key = type.Key(ns, name);
            var written = await CommitAsync(key, null, value, type, options.DryRun);
            if (written is not null)
            {
                return written;
            }

            if (string.IsNullOrEmpty(generate) || attempt == MaxAttempts)
            {
                throw ApiError.AlreadyExists(type.Group, type.Plural, name);
            }
        }
    }

    /// <summary>Replaces an object, or creates it where its kind allows that. The flag says whether it was created.</summary>
    public async Task<(JsonObject Object, bool Created)> UpdateAsync(
        ResourceType type, string ns, string name, string subresource, JsonObject value, WriteOptions options,
        IReadOnlyList<string>? duplicates = null)
    {
        ObjectDecoder.CheckKind(value, type);
        var metadata = value.Ensure("metadata");
        ObjectNamespaces.Set(metadata, type, ns);
        if ((metadata.Str("name") ?? name) != name)
        {
            throw ApiError.BadRequest($"the name of the object ({metadata.Str("name")}) does not match the name on the URL ({name})");
        }

        if (type.CreatesOnUpdate && subresource.Length == 0 && store.Get(type.Key(ns, name)) is null)
        {
            if (metadata.Str("uid") is { Length: > 0 } uid)
            {
                throw ApiError.Conflict(type.Group, type.Plural, name, $"Precondition failed: UID in precondition: {uid}, UID in object meta: ");
            }

            metadata["name"] = name;
            metadata.Remove("resourceVersion");
            return (await CreateAsync(type, ns, value, options, duplicates), true);
        }

        ObjectDecoder.Decode(value, type, options, duplicates ?? []);
        if (type.NeedsVersionOnUpdate && string.IsNullOrEmpty(metadata.Str("resourceVersion")))
        {
            _ = Find(type, ns, name);
            throw ApiError.Invalid(type.Group, type.Kind, name, [FieldError.Invalid("metadata.resourceVersion", JsonValue.Create(0), "must be specified for an update")]);
        }

        return (await ChangeAsync(type, ns, name, subresource, options, _ => (JsonObject)value.DeepClone()), false);
    }

    /// <summary>Reads, changes by a patch, validates and writes; reads again when somebody else was faster.</summary>
    public Task<JsonObject> PatchAsync(
        ResourceType type, string ns, string name, string subresource, WriteOptions options, Func<JsonObject, JsonNode?> patch) =>
        ChangeAsync(type, ns, name, subresource, options, current =>
        {
            if (patch(current) is not JsonObject next)
            {
                throw ApiError.BadRequest("the patch does not leave an object behind");
            }

            ObjectDecoder.CheckKind(next, type);
            try
            {
                ObjectDecoder.Decode(next, type, options, []);
            }
            catch (ApiException e) when (e.Code == 400)
            {
                // The patch itself could be read; what it leaves behind is at fault.
                throw ApiError.Invalid("", "", "", [FieldError.Invalid("patch", type.Kind, e.Message)]);
            }

            return next;
        });

    /// <summary>Server-side apply; creates the object when it does not exist. The flag says whether it was created.</summary>
    public async Task<(JsonObject Object, bool Created)> ApplyAsync(
        ResourceType type, string ns, string name, string subresource, JsonObject config, WriteOptions options, IReadOnlyList<string> duplicates)
    {
        ObjectDecoder.CheckKind(config, type);
        var metadata = config.Ensure("metadata");
        if (metadata.Arr("managedFields") is { Count: > 0 })
        {
            throw ApiError.BadRequest("metadata.managedFields must be nil");
        }

        metadata["name"] ??= name;
        if (metadata.Str("name") != name)
        {
            throw ApiError.BadRequest($"the name of the object ({metadata.Str("name")}) does not match the name on the URL ({name})");
        }

        ObjectNamespaces.Set(metadata, type, ns);
        var unknown = SchemaPruner.Prune(config, type.Schema, remove: false);
        if (unknown.Count > 0)
        {
            throw ApiError.Unclassified(
                $"failed to create typed patch object ({ns}/{name}; {type.GroupVersion}, Kind={type.Kind}): {string.Join(", ", unknown.Select(u => $".{u}: field not declared in schema"))}");
        }

        if (duplicates.Count > 0)
        {
            throw ApiError.BadRequest($"error decoding YAML: {string.Join(", ", duplicates.Select(d => $"duplicate field \"{d}\""))}");
        }

        for (var attempt = 1; attempt < MaxAttempts; attempt++)
        {
            var key = type.Key(ns, name);
            if (store.Get(key) is { } existing)
            {
                var applied = await TryChangeAsync(existing, type, subresource, options, current => ApplyTo(current, config, type, subresource, options), tracksOwners: false);
                if (applied is not null)
                {
                    return (applied, false);
                }

                continue;
            }

            if (subresource.Length > 0)
            {
                throw ApiError.NotFound(type.Group, type.Plural, name);
            }

            if (metadata.Str("uid") is { Length: > 0 })
            {
                throw ApiError.Conflict(type.Group, type.Plural, name, "uid mismatch: the object does not exist");
            }

            ObjectNamespaces.RequireLive(store, type, ns, name);
            var created = ApplyTo(null, config, type, "", options);
            ObjectMetadata.Initialize(created, type, time.GetUtcNow());
            rules.For(type)?.Prepare(created, null);
            _validation.Check(created, null, type, options);
            if (await CommitAsync(key, null, created, type, options.DryRun) is { } written)
            {
                return (written, true);
            }
        }

        throw ApiError.StaleWrite(type.Group, type.Plural, name);
    }

    private JsonObject ApplyTo(JsonObject? current, JsonObject config, ResourceType type, string subresource, WriteOptions options)
    {
        var merged = new FieldOwnership(type, options.FieldManager, subresource, time.GetUtcNow()).Apply(current, config, options.Force);
        ObjectDecoder.Decode(merged, type, options, []);
        return merged;
    }

    private async Task<JsonObject> ChangeAsync(
        ResourceType type, string ns, string name, string subresource, WriteOptions options, Func<JsonObject, JsonObject> change)
    {
        for (var attempt = 1; attempt < MaxAttempts; attempt++)
        {
            var existing = Find(type, ns, name);
            if (await TryChangeAsync(existing, type, subresource, options, change, tracksOwners: true) is { } changed)
            {
                return changed;
            }
        }

        throw ApiError.StaleWrite(type.Group, type.Plural, name);
    }

    /// <summary>One attempt; null when the object changed meanwhile.</summary>
    private async Task<JsonObject?> TryChangeAsync(
        StoredObject existing, ResourceType type, string subresource, WriteOptions options, Func<JsonObject, JsonObject> change, bool tracksOwners)
    {
        var current = Serve(existing, type);
        var next = change((JsonObject)current.DeepClone());
        CheckPreconditions(next, existing, type);
        var metadata = next.Ensure("metadata");
        if ((metadata.Str("name") ?? existing.Key.Name) != existing.Key.Name || (metadata.Str("namespace") ?? existing.Key.Namespace) != existing.Key.Namespace)
        {
            throw ApiError.BadRequest($"the name or namespace of the object does not match {existing.Key.Path}");
        }

        var owners = metadata["managedFields"]?.DeepClone();
        ObjectMetadata.KeepProtected(next, current, type, subresource);
        if (!tracksOwners)
        {
            // What applying made of them, which is not the sender's to say elsewhere.
            next.Ensure("metadata").Remove("managedFields");
            if (owners is not null)
            {
                next.Ensure("metadata")["managedFields"] = owners;
            }
        }

        if (subresource is "" or "scale")
        {
            rules.For(type)?.Prepare(next, current);
        }

        ObjectMetadata.BumpGeneration(next, current, type);
        if (tracksOwners)
        {
            new FieldOwnership(type, options.FieldManager, subresource, time.GetUtcNow()).RecordUpdate(current, next);
        }

        if (JsonNode.DeepEquals(WithoutRevision(next), WithoutRevision(current)))
        {
            return current;
        }

        _validation.Check(next, current, type, options);
        if (existing.Deleting && !ObjectMetadata.HasFinalizers(next) && Deletion.MayFinish(next, type))
        {
            // The last finalizer is gone: the update is the deletion.
            if (options.DryRun || await store.TryDeleteAsync(existing) is not null)
            {
                return next;
            }

            return null;
        }

        return await CommitAsync(existing.Key, existing, next, type, options.DryRun);
    }

    private static JsonObject WithoutRevision(JsonObject value)
    {
        var copy = (JsonObject)value.DeepClone();
        copy.Obj("metadata")?.Remove("resourceVersion");
        return copy;
    }

    private static void CheckPreconditions(JsonObject next, StoredObject existing, ResourceType type)
    {
        var metadata = next.Obj("metadata");
        if (metadata.Str("uid") is { Length: > 0 } uid && uid != existing.Uid)
        {
            throw ApiError.Conflict(
                type.Group, type.Plural, existing.Key.Name, $"Precondition failed: UID in precondition: {uid}, UID in object meta: {existing.Uid}");
        }

        if (metadata.Str("resourceVersion") is { Length: > 0 } version && version != existing.Revision.ToString())
        {
            throw ApiError.StaleWrite(type.Group, type.Plural, existing.Key.Name);
        }
    }

    /// <summary>Writes, or pretends to; null when the object changed meanwhile.</summary>
    private async Task<JsonObject?> CommitAsync(ObjectKey key, StoredObject? expected, JsonObject next, ResourceType type, bool dryRun)
    {
        if (dryRun)
        {
            return ReferenceEquals(store.Get(key), expected) ? next : null;
        }

        var stored = type.Conversion is null ? next : type.Conversion.ToStored((JsonObject)next.DeepClone());
        return await store.TryPutAsync(key, expected, stored) is { } written ? Serve(written, type) : null;
    }
}

namespace Mooring.Conformance.Tests.Cluster;

/// <summary>A case about the suite's custom resource.</summary>
public abstract class WidgetTest(ConformanceCluster cluster) : ConformanceTest(cluster), IAsyncLifetime
{
    private protected WidgetCrd Widgets { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Widgets = await Cluster.Widgets;

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    private protected string Widget => Widgets.Path(Name());

    private protected string Json(string spec, string metadata = "", string rest = "") => Widgets.Json(Name(), spec, metadata, rest);

    private protected Task<Answer> CreateAsync(string spec, string metadata = "", string rest = "", string query = "") =>
        Api.PostAsync(Widgets.Collection + query, Json(spec, metadata, rest));
}

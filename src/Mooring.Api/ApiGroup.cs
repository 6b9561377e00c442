namespace Mooring.Api;

public static class ApiGroup
{
    public const string Name = "mooring.dev";

    public const string V1Alpha1 = "v1alpha1";

    public const string GroupVersion = Name + "/" + V1Alpha1;
}

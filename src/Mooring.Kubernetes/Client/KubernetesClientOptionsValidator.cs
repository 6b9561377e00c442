using Microsoft.Extensions.Options;

namespace Mooring.Kubernetes.Client;

[OptionsValidator]
internal sealed partial class KubernetesClientOptionsValidator : IValidateOptions<KubernetesClientOptions>;

using Microsoft.Extensions.Options;

namespace Mooring.Controller;

[OptionsValidator]
internal sealed partial class ControllerOptionsValidator : IValidateOptions<ControllerOptions>;

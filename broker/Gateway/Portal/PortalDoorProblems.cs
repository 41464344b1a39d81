using Microsoft.Extensions.Options;

namespace Montalegre.Vdi.Gateway.Portal;

/// <summary>Stops start-up when the portal's address cannot be used.</summary>
internal sealed class PortalDoorProblems : IValidateOptions<PortalDoorOptions>
{
    public ValidateOptionsResult Validate(string? name, PortalDoorOptions options)
    {
        var problems = options.Problems().ToList();
        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }
}

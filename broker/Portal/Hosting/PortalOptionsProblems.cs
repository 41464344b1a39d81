using Microsoft.Extensions.Options;

namespace Montalegre.Vdi.Portal.Hosting;

/// <summary>Stops start-up with every problem at once, each with its key and a fix.</summary>
internal sealed class PortalOptionsProblems : IValidateOptions<PortalOptions>
{
    public ValidateOptionsResult Validate(string? name, PortalOptions options)
    {
        var problems = options.Problems().ToList();
        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }
}

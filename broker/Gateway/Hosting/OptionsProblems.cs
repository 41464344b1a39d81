using Microsoft.Extensions.Options;

namespace Montalegre.Vdi.Gateway.Hosting;

/// <summary>Stops start-up with every problem at once, each with its key and a way out.</summary>
internal sealed class OptionsProblems : IValidateOptions<GatewayOptions>
{
    public ValidateOptionsResult Validate(string? name, GatewayOptions options)
    {
        var problems = options.Problems().ToList();
        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }
}

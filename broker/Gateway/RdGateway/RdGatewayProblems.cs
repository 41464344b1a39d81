using Microsoft.Extensions.Options;

namespace Montalegre.Vdi.Gateway.RdGateway;

/// <summary>Stops start-up with every problem of the section at once.</summary>
internal sealed class RdGatewayProblems : IValidateOptions<RdGatewayOptions>
{
    public ValidateOptionsResult Validate(string? name, RdGatewayOptions options)
    {
        var problems = options.Problems().ToList();
        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }
}

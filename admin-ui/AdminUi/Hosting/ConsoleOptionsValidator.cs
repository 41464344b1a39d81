using Microsoft.Extensions.Options;

namespace Montalegre.Vdi.AdminUi.Hosting;

/// <summary>Stops start-up with every problem at once, each with its key and a fix.</summary>
internal sealed class ConsoleOptionsValidator : IValidateOptions<ConsoleOptions>
{
    public ValidateOptionsResult Validate(string? name, ConsoleOptions options)
    {
        var problems = options.Problems().ToList();
        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }
}

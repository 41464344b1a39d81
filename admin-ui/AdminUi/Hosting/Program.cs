using Microsoft.Extensions.Options;
using Montalegre.Vdi.AdminUi.Hosting;

try
{
    await ConsoleHost.Build(args).RunAsync();
    return 0;
}
catch (OptionsValidationException e)
{
    foreach (var problem in e.Failures) await Console.Error.WriteLineAsync(problem);
    return 2;
}

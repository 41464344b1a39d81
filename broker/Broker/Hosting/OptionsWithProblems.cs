using Microsoft.Extensions.Options;

namespace Montalegre.Vdi.Broker.Hosting;

/// <summary>Options that can say everything that is wrong with them, each problem with its key and the way out.</summary>
internal interface IOptionsWithProblems
{
    static abstract string SectionName { get; }

    IEnumerable<string> Problems();
}

/// <summary>Binds typed options and stops start-up with every problem they report.</summary>
internal static class OptionsWithProblems
{
    /// <summary>Binds <typeparamref name="T"/> from its own section and validates it before anything starts. Its value may follow the console's settings later.</summary>
    public static IServiceCollection AddOptionsWithProblems<T>(this IServiceCollection services, IConfiguration configuration)
        where T : class, IOptionsWithProblems, new()
    {
        services.AddOptions<T>().Bind(configuration.GetSection(T.SectionName)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<T>, Validator<T>>();
        services.AddSingleton(s => new LiveOptions<T>(s.GetRequiredService<IOptionsFactory<T>>(), configuration));
        services.AddSingleton<LiveOptions>(s => s.GetRequiredService<LiveOptions<T>>());
        services.AddSingleton<IOptions<T>>(s => s.GetRequiredService<LiveOptions<T>>());
        return services;
    }

    private sealed class Validator<T> : IValidateOptions<T> where T : class, IOptionsWithProblems
    {
        public ValidateOptionsResult Validate(string? name, T options)
        {
            var problems = options.Problems().ToArray();
            return problems.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
        }
    }
}

using Microsoft.Extensions.Options;

namespace Montalegre.Vdi.Broker.Hosting;

/// <summary>Options of one section, whose value can change while the broker runs.</summary>
internal abstract class LiveOptions
{
    /// <summary>Of the configuration.</summary>
    public abstract string Section { get; }

    /// <summary>What is in force.</summary>
    public abstract object Now { get; }

    /// <summary>What would be in force with nothing set anywhere.</summary>
    public abstract object Usual { get; }

    /// <summary>What these stored values would make of the options, below whatever was set outside; and what is wrong with that.</summary>
    public abstract (object? Options, IReadOnlyList<string> Problems) Try(IEnumerable<KeyValuePair<string, string?>> stored);

    /// <summary>Puts in force what <see cref="Try"/> made.</summary>
    public abstract void Take(object options);
}

/// <summary>
/// Stands in the place of IOptions: consumers read <see cref="Value"/> each time they need it and so see changes. Files, environment and
/// command line are read once, at start; a file that somebody edits counts after a restart, as ever.
/// </summary>
internal sealed class LiveOptions<T>(IOptionsFactory<T> factory, IConfiguration configuration) : LiveOptions, IOptions<T> where T : class, IOptionsWithProblems, new()
{
    private readonly KeyValuePair<string, string?>[] _outside = [.. configuration.GetSection(T.SectionName).AsEnumerable().Where(p => p.Value is not null)];
    private T? _value;

    public T Value => Volatile.Read(ref _value) ?? LazyInitializer.EnsureInitialized(ref _value, () => factory.Create(Microsoft.Extensions.Options.Options.DefaultName));

    public override string Section => T.SectionName;

    public override object Now => Value;

    public override object Usual { get; } = new T();

    public override (object? Options, IReadOnlyList<string> Problems) Try(IEnumerable<KeyValuePair<string, string?>> stored)
    {
        var options = new T();
        try
        {
            new ConfigurationBuilder().AddInMemoryCollection(stored).AddInMemoryCollection(_outside).Build().GetSection(T.SectionName).Bind(options);
        }
        catch (InvalidOperationException e) { return (null, [e.Message]); }   // a value that is not of its type; the message names the key
        var problems = options.Problems().ToArray();
        return (problems.Length == 0 ? options : null, problems);
    }

    public override void Take(object options) => Volatile.Write(ref _value, (T)options);
}

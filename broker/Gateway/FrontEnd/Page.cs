namespace Montalegre.Vdi.Gateway.FrontEnd;

/// <summary>What an RDP page says, each sentence in both languages: nobody has told yet which one the person reads.</summary>
/// <param name="Title">One line in each language.</param>
/// <param name="Sentences">Portuguese first, as the product does.</param>
/// <param name="Detail">Small, for the help desk: code and reference, or the place in the queue.</param>
/// <param name="Hint">What the person can do now.</param>
/// <param name="IsTrouble">Trouble has another colour than a wait.</param>
internal sealed record Page(
    (string Pt, string En) Title, (string Pt, string En) Sentences, string Detail, (string Pt, string En) Hint, bool IsTrouble);

[assembly: AssemblyFixture(typeof(Montalegre.Vdi.AdminUi.Tests.Browser.Chromium))]
// Several Chromiums at once starve each other on two cores, and a page that waits for one looks broken.
[assembly: CollectionBehavior(CollectionBehavior.CollectionPerAssembly)]

using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Montalegre.Vdi.Broker.Administration;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.OpenApi;
using Montalegre.Vdi.Broker.Tests.Identity;
using Montalegre.Vdi.Domain;
using Montalegre.Vdi.Rig;

namespace Montalegre.Vdi.Broker.Tests.OpenApi;

public sealed class OpenApiTests(TestBroker broker) : IClassFixture<TestBroker>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static JsonNode Document { get; } = JsonNode.Parse(OpenApiDocument.Text())!;

    // The rules are read from the text of the contracts, not from what the document is made of, so no contract can be missing from both.
    [Fact]
    public void Every_http_rule_of_every_contract_is_in_the_document()
    {
        var ruled = ContractRules().ToList();
        var described = from path in Document["paths"]!.AsObject()
                        from operation in path.Value!.AsObject()
                        select (string?)operation.Value!["operationId"];

        Assert.Equal(ruled.Select(rule => rule.Operation).Order(), described.Order());
        Assert.True(ruled.Select(rule => rule.File).Distinct().Count() >= 7, "admin, assistance, employee, images, launches, power and rollouts have rules");
    }

    [Fact]
    public void Body_that_is_one_field_is_described_as_that_field()
    {
        var content = Document["paths"]!["/v1/pools/{pool_id}/schedule"]!["put"]!["requestBody"]!["content"]!["application/json"]!;

        Assert.Equal("#/components/schemas/admin.v1.PowerSchedule", (string?)content["schema"]!["$ref"]);
    }

    private static IEnumerable<(string File, string Operation)> ContractRules()
    {
        foreach (var file in Directory.GetFiles(Checkout.Path("protocol/Contracts"), "*.proto", SearchOption.AllDirectories))
        {
            string service = "", method = "";
            foreach (var line in File.ReadLines(file).Select(line => line.TrimStart()).Where(line => !line.StartsWith("//", StringComparison.Ordinal)))
            {
                var words = line.Split([' ', '('], StringSplitOptions.RemoveEmptyEntries);
                if (words is ["service", var named, ..]) service = named;
                if (words is ["rpc", var called, ..]) method = called;
                if (line.Contains("option (google.api.http)", StringComparison.Ordinal)) yield return (file, $"{service}_{method}");
            }
        }
    }

    [Fact]
    public void Every_reference_leads_to_a_schema()
    {
        var references = Document.ToJsonString().Split("\"$ref\":\"").Skip(1).Select(rest => rest[..rest.IndexOf('"', StringComparison.Ordinal)]).Distinct().ToList();

        Assert.NotEmpty(references);
        Assert.All(references, reference => Assert.NotNull(reference.Split('/').Skip(1).Aggregate((JsonNode?)Document, (node, step) => node?[step])));
    }

    [Fact]
    public void Comments_of_the_contracts_are_its_descriptions()
    {
        Assert.StartsWith("Streams progress until ready", (string?)Document["paths"]!["/v1/employee/desktops/{pool_id}/launch"]!["post"]!["description"], StringComparison.Ordinal);
        Assert.Equal("own open session, if any", (string?)Document["components"]!["schemas"]!["gateway.v1.Desktop"]!["properties"]!["sessionId"]!["description"]);
    }

    [Fact]
    public void Only_methods_open_to_everybody_need_no_token()
    {
        var open = from path in Document["paths"]!.AsObject()
                   from operation in path.Value!.AsObject()
                   where operation.Value!["security"] is not null
                   select (string?)operation.Value["operationId"];

        Assert.Equal(["Administrators_GetStatus", "Administrators_SetUp", "Administrators_SignIn", "BreakGlass_Use", "CertificateSignIn_Begin", "CertificateSignIn_Finish", "CertificateSignIn_GetPlace", "Employee_SignIn", "PasskeySignIn_Begin", "PasskeySignIn_GetPlace", "PasskeySignIn_SignIn", "ProviderSignIn_Begin", "ProviderSignIn_Finish", "ProviderSignIn_List", "ProviderSignIn_LogOut", "SecondStep_BeginNewPasskey", "SecondStep_BeginPasskey", "SecondStep_ConfirmTotp", "SecondStep_EnrolPasskey", "SecondStep_EnrolTotp", "SecondStep_Get", "SecondStep_Prove", "SecondStep_ProvePasskey"], open.Order());
    }

    [Fact]
    public async Task Script_that_knows_only_the_served_document_signs_in_and_reads_the_users()
    {
        var hash = await broker.Services.GetRequiredService<Passwords>().HashAsync(TestApi.Password);
        await broker.Services.GetRequiredService<UserStore>().CreateAsync(new Person(new UserId(Guid.CreateVersion7()), "script", "Script", true, true), hash!, TestApi.By);
        var http = broker.Http(broker.ApiAddress);
        var document = JsonNode.Parse(await http.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative), Ct))!;

        var signIn = Find(document, "Administrators_SignIn");
        var schema = (string)signIn.Operation["requestBody"]!["content"]!["application/json"]!["schema"]!["$ref"]!;
        var fields = document["components"]!["schemas"]![schema.Split('/')[^1]]!["properties"]!.AsObject().Select(p => p.Key).ToList();
        var values = new JsonObject { [fields.Single(f => f.Contains("ame", StringComparison.Ordinal))] = "script", [fields.Single(f => f.Contains("password", StringComparison.Ordinal))] = TestApi.Password };
        using var signedIn = await http.SendAsync(new(new(signIn.Verb), signIn.Path) { Content = JsonContent.Create(values) }, Ct);
        var step = JsonDocument.Parse(await signedIn.Content.ReadAsStringAsync(Ct)).RootElement.GetProperty("secondStep").GetProperty("step").GetString();
        async Task<JsonElement> AskAsync(string operation, JsonObject body)
        {
            var found = Find(document, operation);
            using var answer = await http.SendAsync(new(new(found.Verb), found.Path) { Content = JsonContent.Create(body) }, Ct);
            return JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Ct)).RootElement;
        }
        var secret = (await AskAsync("SecondStep_EnrolTotp", new() { ["step"] = step })).GetProperty("secret").GetString();
        var code = TestFactor.Code(broker.Services, OtpNet.Base32Encoding.ToBytes(secret));
        var token = (await AskAsync("SecondStep_ConfirmTotp", new() { ["step"] = step, ["code"] = code })).GetProperty("token").GetString();
        var list = Find(document, "Users_List");
        using var listed = await http.SendAsync(new(new(list.Verb), list.Path) { Headers = { Authorization = new("Bearer", token) } }, Ct);

        var users = JsonDocument.Parse(await listed.Content.ReadAsStringAsync(Ct)).RootElement.GetProperty("users");
        Assert.Equal("script", Assert.Single(users.EnumerateArray()).GetProperty("userName").GetString());
    }

    [Fact]
    public void Build_left_the_document_beside_the_program()
    {
        var program = typeof(OpenApiDocument).Assembly.GetName().Name!;
        var mine = Path.GetDirectoryName(typeof(OpenApiTests).Assembly.Location)!;
        var built = Path.Combine(mine.Replace(Path.Combine("tests", "Broker.Tests"), Path.Combine("broker", "Broker"), StringComparison.Ordinal), "openapi.v1.json");

        Assert.True(File.Exists(built), $"{program} left no {built}");
        Assert.Equal(OpenApiDocument.Text(), File.ReadAllText(built));
    }

    private static (string Verb, string Path, JsonNode Operation) Find(JsonNode document, string operationId) =>
        (from path in document["paths"]!.AsObject()
         from operation in path.Value!.AsObject()
         where (string?)operation.Value!["operationId"] == operationId
         select (operation.Key.ToUpperInvariant(), path.Key, operation.Value)).Single();
}

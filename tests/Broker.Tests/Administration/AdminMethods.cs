using Dapper;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Broker.Tests.Identity;
using Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.Broker.Tests.Administration;

/// <summary>All methods of the administrators' API, and calls of them that need not know which one it is.</summary>
internal static class AdminMethods
{
    public static readonly string[] EveryRole = ["administrator", "pool_operator", "help_desk", "auditor", "read_only"];

    private static readonly Marshaller<byte[]> Raw = Marshallers.Create(bytes => bytes, bytes => bytes);

    public static IEnumerable<MethodDescriptor> All() =>
        from type in typeof(Permission).Assembly.GetTypes()
        let file = type.Name.EndsWith("Reflection", StringComparison.Ordinal) ? type.GetProperty("Descriptor")?.GetValue(null) as FileDescriptor : null
        where file is { Package: "montalegre.vdi.admin.v1" }
        from service in file.Services
        from method in service.Methods
        select method;

    /// <summary>Those that need a sign-in.</summary>
    public static IEnumerable<MethodDescriptor> Declared() => All().Where(method => MethodNeed.Of(NameOf(method)) is not null);

    public static string NameOf(MethodDescriptor method) => $"/{method.Service.FullName}/{method.Name}";

    /// <summary>"admitted", or the reason code of the refusal; the method itself does not run.</summary>
    public static async Task<string> AdmissionAsync(IServiceProvider services, string method, IMessage? request, string token)
    {
        try
        {
            return await services.GetRequiredService<BearerInterceptor>().UnaryServerHandler<object, string>(request!, new BearerTests.BareCall(method, $"Bearer {token}"), (_, _) => Task.FromResult("admitted"));
        }
        catch (RpcException e)
        {
            return e.Trailers.GetValue("reason") ?? "";
        }
    }

    /// <summary>The whole answer, or the first message of a watch, as text.</summary>
    public static async Task<string> TextOfAsync(TestBroker broker, MethodDescriptor method, CallOptions by)
    {
        var request = method.InputType.Parser.ParseFrom(ByteString.Empty);
        if (request is ReportPeriod period) (period.From, period.To) = (DateTimeOffset.UtcNow.AddHours(-2).ToTimestamp(), DateTimeOffset.UtcNow.AddHours(1).ToTimestamp());
        if (request is ListSessionsRequest sessions) sessions.IncludeEnded = true;
        if (request is WhatIfNewRequest question) question.Draft = new() { Name = "Ensaio", Kind = PoolKind.Floating, Size = 2, ImageVersionId = $"{Guid.NewGuid()}", MachineNamePattern = "ensaio-{n}", HostIds = { $"{Guid.NewGuid()}" } };
        var raw = new Method<byte[], byte[]>(method.IsServerStreaming ? MethodType.ServerStreaming : MethodType.Unary, method.Service.FullName, method.Name, Raw, Raw);
        var calls = broker.Api().CreateCallInvoker();
        if (!method.IsServerStreaming) return $"{method.OutputType.Parser.ParseFrom(await calls.AsyncUnaryCall(raw, null, by, request.ToByteArray()))}";
        using var watch = calls.AsyncServerStreamingCall(raw, null, by.WithDeadline(DateTime.UtcNow.AddMinutes(5)), request.ToByteArray());
        return $"{method.OutputType.Parser.ParseFrom(await TestCalls.NextAsync(watch))}";
    }

    /// <summary>What was changed until now has been told: a watch that begins after this hears of nothing older, however late PostgreSQL let the broker read it.</summary>
    public static async Task EverythingIsToldAsync(TestBroker broker)
    {
        const string Mark = "insert into change (kind, object_id) values ('mark', @mark)";
        var (ct, mark) = (TestContext.Current.CancellationToken, Guid.NewGuid());
        var told = broker.Services.GetRequiredService<ChangePump>().Subscribe(ct);
        await using var connection = await broker.Database.Owner.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(Mark, new { mark });
        await foreach (var batch in told)
        {
            if (batch.Changes.Any(change => change.Id == mark)) return;
            // A pump that has only begun does not look back.
            if (batch.Lost) await connection.ExecuteAsync(Mark, new { mark });
        }
    }
}

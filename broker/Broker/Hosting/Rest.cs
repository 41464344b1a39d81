using Google.Protobuf.Reflection;
using Google.Rpc;
using Microsoft.AspNetCore.Grpc.JsonTranscoding;

namespace Montalegre.Vdi.Broker.Hosting;

/// <summary>How the gRPC services are served as REST.</summary>
internal static class Rest
{
    /// <summary>Refusals carry an ErrorInfo, and one about fields a BadRequest; the JSON writer must know the types or the refusal becomes a 500.</summary>
    public static void Configure(GrpcJsonTranscodingOptions options) => options.TypeRegistry = TypeRegistry.FromMessages(ErrorInfo.Descriptor, BadRequest.Descriptor);
}

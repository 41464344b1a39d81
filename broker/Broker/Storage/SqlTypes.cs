using System.Data;
using Dapper;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Storage;

/// <summary>Teaches Dapper our identifiers, underscores and times with an offset.</summary>
internal static class SqlTypes
{
    private static readonly Lock Once = new();
    private static bool _registered;

    public static void Register()
    {
        lock (Once)
        {
            if (_registered) return;
            _registered = true;
            DefaultTypeMap.MatchNamesWithUnderscores = true;
            Id(id => new PoolId(id), id => id.Value);
            Id(id => new MachineId(id), id => id.Value);
            Id(id => new SessionId(id), id => id.Value);
            Id(id => new UserId(id), id => id.Value);
            Id(id => new GatewayId(id), id => id.Value);
            Id(id => new HostId(id), id => id.Value);
            Id(id => new ImageVersionId(id), id => id.Value);
            Id(id => new OperationId(id), id => id.Value);
            Id(id => new ConnectionId(id), id => id.Value);
            Id(id => new RequestId(id), id => id.Value);
            SqlMapper.RemoveTypeMap(typeof(DateTimeOffset));
            SqlMapper.RemoveTypeMap(typeof(DateTimeOffset?));
            SqlMapper.AddTypeHandler(new TimeHandler());
        }
    }

    private static void Id<T>(Func<Guid, T> from, Func<T, Guid> to) where T : struct => SqlMapper.AddTypeHandler(new IdHandler<T>(from, to));

    private sealed class IdHandler<T>(Func<Guid, T> from, Func<T, Guid> to) : SqlMapper.TypeHandler<T> where T : struct
    {
        public override T Parse(object value) => from((Guid)value);

        public override void SetValue(IDbDataParameter parameter, T value)
        {
            parameter.DbType = DbType.Guid;
            parameter.Value = to(value);
        }
    }

    // The driver reads timestamptz as a UTC DateTime and writes only UTC; ours carry their offset.
    private sealed class TimeHandler : SqlMapper.TypeHandler<DateTimeOffset>
    {
        public override DateTimeOffset Parse(object value) =>
            value is DateTimeOffset time ? time : new DateTimeOffset(DateTime.SpecifyKind((DateTime)value, DateTimeKind.Utc));

        public override void SetValue(IDbDataParameter parameter, DateTimeOffset value)
        {
            parameter.DbType = DbType.DateTimeOffset;
            parameter.Value = value.ToUniversalTime();
        }
    }
}

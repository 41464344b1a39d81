namespace Montalegre.Vdi.Domain;

/// <summary>Identifies a pool.</summary>
public readonly record struct PoolId(Guid Value) { public override string ToString() => Value.ToString(); }

/// <summary>Identifies a machine; also its libvirt domain UUID and its SMBIOS system UUID.</summary>
public readonly record struct MachineId(Guid Value) { public override string ToString() => Value.ToString(); }

/// <summary>Identifies a session.</summary>
public readonly record struct SessionId(Guid Value) { public override string ToString() => Value.ToString(); }

/// <summary>Identifies a user.</summary>
public readonly record struct UserId(Guid Value) { public override string ToString() => Value.ToString(); }

/// <summary>Identifies a gateway.</summary>
public readonly record struct GatewayId(Guid Value) { public override string ToString() => Value.ToString(); }

/// <summary>Identifies a hypervisor connection.</summary>
public readonly record struct HostId(Guid Value) { public override string ToString() => Value.ToString(); }

/// <summary>Identifies one frozen state of a golden image.</summary>
public readonly record struct ImageVersionId(Guid Value) { public override string ToString() => Value.ToString(); }

/// <summary>Identifies one journalled operation.</summary>
public readonly record struct OperationId(Guid Value) { public override string ToString() => Value.ToString(); }

/// <summary>Identifies one transport from an endpoint to a machine.</summary>
public readonly record struct ConnectionId(Guid Value) { public override string ToString() => Value.ToString(); }

/// <summary>Chosen by the caller of a launch; makes the launch repeatable.</summary>
public readonly record struct RequestId(Guid Value) { public override string ToString() => Value.ToString(); }

/// <summary>Identifies one assistance: a question to look at a session, and what came of it.</summary>
public readonly record struct AssistanceId(Guid Value) { public override string ToString() => Value.ToString(); }

/// <summary>Identifies one image roll-out.</summary>
public readonly record struct RolloutId(Guid Value) { public override string ToString() => Value.ToString(); }

/// <summary>Identifies one synthetic log-on.</summary>
public readonly record struct ProbeId(Guid Value) { public override string ToString() => Value.ToString(); }

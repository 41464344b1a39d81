namespace Montalegre.Vdi.Broker.Administration;

/// <summary>
/// One record of who did what. A slice whose change is a statement writes its own record in that statement, so that
/// neither exists without the other:
/// <code>
///   with changed as (update ... returning machine_id, name),
///        audit as (
///        insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
///        select @actor, 'machine.drain', 'machine', machine_id, name, @sourceAddress
///          from changed)
/// select machine_id from changed
/// </code>
/// <see cref="AuditStore.AppendAsync"/> is for events without a statement of their own.
/// </summary>
/// <param name="Actor">User name, machine or gateway name, or "broker".</param>
/// <param name="Action">Noun and verb, for example session.log_off.</param>
/// <param name="Outcome">"ok", or the name of a public reason code.</param>
/// <param name="Reference">The short reference that also stands in the log; never a secret.</param>
internal sealed record AuditEntry(
    string Actor, string Action, string ObjectKind = "", Guid? ObjectId = null, string ObjectName = "", string Outcome = "ok", string SourceAddress = "", string Reference = "");

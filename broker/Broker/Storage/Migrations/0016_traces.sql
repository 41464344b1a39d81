-- The trace that a launch belongs to (W3C trace parent), so that gateway, agent and log-on phases go on with it.
alter table ticket add column trace_parent text constraint ticket_trace_parent_ck check (length(trace_parent) <= 55);
alter table session add column trace_parent text constraint session_trace_parent_ck check (length(trace_parent) <= 55);

-- Who gets a seat gets it by how full the machines are, not by chance; the trace says which.
alter table launch_trace drop constraint launch_trace_rule_check;
alter table launch_trace add constraint launch_trace_rule_check
      check (rule in ('own_session', 'own_machine', 'free_machine', 'emptiest_machine', 'fullest_machine', 'queue', 'refusal'));

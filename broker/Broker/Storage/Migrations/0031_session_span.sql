-- Reports ask which sessions were open in a time, weeks ago too. Sessions are written in the order in which they begin: a summary of each few
-- pages answers that, and costs the log-on path next to nothing.
create index session_span_brin on session using brin (started_at, ended_at) with (pages_per_range = 32, autosummarize = on);

drop function closed.full_look_for(text, bigint, int);
drop function closed.report_events(text, bigint, int, double precision, boolean, text);
drop table closed.safety_report;

drop trigger b_signed on public.analysis_look;
drop function closed.check_look();
drop function closed.views_for(text, bigint);
drop function closed.sign_look(text, bigint, text, text, text);
drop function closed.print_for(text, bigint, int);
drop function closed.look_for(text, bigint, int);
drop table closed.print, closed.decision, closed.look;

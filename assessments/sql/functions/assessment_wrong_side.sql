-- Where a rating lies that is dated on the wrong side of its period's dose, and is not evaluable for that: null, before_dose
-- or after_dose. The rule of enrollment/domain/schedule.py, for statements over many ratings; inlined, so it sets nothing.
create or replace function assessment_wrong_side(after_dose boolean, performed_on date, dosed_on date) returns text
language sql immutable parallel safe as $$
  select case when after_dose and performed_on < dosed_on then 'before_dose'
              when not after_dose and performed_on > dosed_on then 'after_dose' end
$$;
grant execute on function assessment_wrong_side(boolean, date, date) to trialsite_app, trialsite_report;

"""Pages of enrolment: fetch and authorise, form, service, redirect or render."""

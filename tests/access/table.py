"""Every address of the product, classified once: who may call it, how, and on what it works.

`who` is "public", "signed-in", or an action of the policy table. `where` is what the address is about: "study"
(any role of the study gets as far as the policy), "site" (a record of a site: people of another site get 404),
"whole" (the study as a whole: a role at one site is not enough), or "-". A name with a colon is one variant of
an address whose action depends on an argument.
"""

from dataclasses import dataclass

#    name                   who                    methods   where
TABLE = """
     login                  public                 GET,POST  -
     login_code             public                 GET,POST  -
     login_again            public                 GET,POST  -
     logout                 signed-in              POST      -
     account                signed-in              GET       -
     password_change        signed-in              GET,POST  -
     session_end            signed-in              POST      -
     second_factor          signed-in              GET,POST  -
     recovery_codes         signed-in              GET,POST  -
     reset_notice           signed-in              GET,POST  -
     invitation             public                 GET,POST  -
     healthz                public                 GET       -
     readyz                 public                 GET       -
     feed                   public                 GET       -
     home                   signed-in              GET       -
     today                  home.view              GET       study
     participants           participant.view       GET       study
     participants_file      participant.view       POST      study
     participant_new        participant.screen     GET,POST  study
     participant            participant.view       GET       site
     screening              participant.screen     GET,POST  site
     screening_draft          participant.screen    POST      site
     screening_draft_discard  participant.screen    POST      site
     eligibility_confirm    eligibility.confirm    GET,POST  site
     treatments_declare     participant.screen     GET,POST  site
     screening_reopen       eligibility.confirm    GET,POST  site
     rescreen               participant.screen     GET,POST  site
     randomise              participant.randomise  GET,POST  site
     withdraw               participant.withdraw   GET,POST  site
     withdrawal_take_back   participant.withdraw   GET,POST  site
     unblind                participant.unblind    GET,POST  site
     review_participant     query.view             GET       site
     sign_series            record.sign            POST      site
     lock_participant       record.lock            GET,POST  site
     outcomes               dashboard.view         GET       site
     queries                query.view             GET       study
     queries_file           query.view             POST      study
     review_file            query.view             POST      study
     review                 query.view             GET       study
     review_ask             query.raise            POST      study
     lock_study             study.lock             GET,POST  whole
     supply                 supply.view            GET       study
     supply_file            supply.view            POST      study
     supply_send            supply.send            GET,POST  site
     shipment               supply.record          GET,POST  site
     kit                    supply.view            GET       site
     kit_return             supply.record          GET,POST  site
     kit_destroy            supply.record          GET,POST  site
     kit_put_back           supply.record          GET,POST  site
     kit_replace            supply.record          GET,POST  site
     wrong_kit              wrong_kit.view         GET       site
     wrong_kit_close        wrong_kit.close        POST      site
     calendar               calendar.view          GET       study
     calendar_file          calendar.view          POST      study
     feed_make              calendar.view          POST      study
     rating_quality         quality.view           GET       study
     rating_quality_file    quality.view           POST      study
     dashboard              dashboard.view         GET       study
     chart_download         dashboard.view         GET       study
     closed                 closed.view            GET       whole
     closed_chart           closed.view            GET       whole
     resume                 enrollment.pause       POST      whole
     look                   closed.view            GET       whole
     look_request           look.take              POST      whole
     look_decide            look.decide            GET,POST  whole
     look_pdf               closed.view            GET       whole
     look_cut               closed.view            GET       whole
     look_chart             closed.view            GET       whole
     allocation             allocation.view        GET,POST  study
     allocation_request     allocation.generate    POST      site
     arm_stock              allocation.view        GET       study
     packing_list           allocation.view        GET,POST  site
     audit                  audit.view             GET       study
     audit_file             audit.view             POST      study
     audit_review           audit.review           POST      study
     audit_entries          audit.view             GET       site
     outcome_rules          outcomes.adopt         GET,POST  whole
     visit_form             assessment.view        GET       site
     visit_form_new         assessment.enter       GET,POST  site
     visit_form_draft       assessment.enter       POST      site
     participant_form       assessment.view        GET       site
     participant_form_new   assessment.enter       GET,POST  site
     participant_form_draft  assessment.enter      POST      site
     record                 assessment.view        GET       site
     adverse_events         assessment.view        GET       study
     adverse_events_file    assessment.view        POST      study
     event_paper            assessment.view        POST      site
     record_entry           assessment.enter       GET,POST  site
     record_draft           assessment.enter       POST      site
     record_set_aside       assessment.enter       GET,POST  site
     record_draft_discard   assessment.enter       POST      site
     visit_form_draft_discard        assessment.enter  POST  site
     participant_form_draft_discard  assessment.enter  POST  site
     infusion_day           assessment.view        GET       site
     infusion_step          assessment.enter       POST      site
     infusion_check         assessment.enter       POST      site
     casebook               participant.view       POST      site
     forms                  study.view             GET       study
     protocol_versions      study.view             GET       study
     form_language          study.view             POST      study
     form_shown             study.view             GET,POST  study
     form_shown_live        study.view             POST      study
     form_blank             study.view             GET       study
     instrument_blank       study.view             GET       study
     form_preview           outcomes.adopt         GET,POST  whole
     form_preview_live      outcomes.adopt         POST      whole
     imports                data.import            GET,POST  whole
     import                 data.import            GET       whole
     import_confirm         data.import            POST      whole
     import_again           data.import            POST      whole
     import_cancel          data.import            POST      whole
     export                 export.blinded         GET,POST  study
     people                 people.manage          GET       whole
     people_file            people.manage          POST      whole
     person_new             people.manage          GET,POST  whole
     person                 people.manage          GET       whole
     person_change:deactivate     people.manage    GET,POST  whole
     person_change:reactivate     people.manage    GET,POST  whole
     person_change:link           people.manage    GET,POST  whole
     person_change:second-factor  people.manage    GET,POST  whole
     reset_decide           people.manage          GET,POST  whole
     role_grant             people.manage          GET,POST  whole
     role_end               people.manage          GET,POST  whole
     wording                wording.load           GET,POST  site
     plan                   schedule.plan          GET,POST  site
     site_availability      schedule.plan          GET,POST  site
     absence_add            schedule.plan          POST      site
     absence_remove         schedule.plan          GET,POST  site
     consents               consent.view           GET       study
     consent_version_new    consent.manage         GET,POST  whole
     consent_version_correct  consent.manage       GET,POST  whole
     consent_approval       consent.manage         GET,POST  whole
     waiting_list           schedule.plan          GET,POST  site
     waiting_undo           schedule.plan          POST      site
     dosing                 schedule.plan          GET,POST  site
     visit                  assessment.view        GET       site
     safety_alert           safety.acknowledge     GET,POST  site
     deviations             deviation.view         GET       study
     deviations_file        deviation.view         POST      study
     deviation              deviation.view         GET       site
     deviation_step:review  deviation.review       GET,POST  site
     deviation_step:close   deviation.close        GET,POST  site
     deviation_step:reopen  deviation.close        GET,POST  site
     query_raise            query.raise            POST      site
     verify                 record.verify          POST      site
     casebook_query         query.raise            POST      site
     casebook_verify        record.verify          POST      site
     sign_visit             record.sign            GET,POST  site
     lock_visit             record.lock            GET,POST  site
     query_turn:answer      query.answer           GET,POST  site
     query_turn:again       query.raise            GET,POST  site
     query_turn:close       query.close            GET,POST  site
     unverify               record.verify          GET,POST  site
     unlock_request         unlock.request         GET,POST  site
     unlock_decide          unlock.decide          GET,POST  site
     unlock_end             unlock.request         POST      site
     visit_missed           schedule.plan          GET,POST  site
     rating                 assessment.enter       GET,POST  site
     second_rating          assessment.enter       GET,POST  site
     adjudication           rating.adjudicate      GET,POST  site
     draft                  assessment.enter       POST      site
     draft_discard          assessment.enter       POST      site
"""


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    who: str
    methods: frozenset[str]
    where: str

    @property
    def route(self) -> str:
        return self.name.partition(":")[0]

    @property
    def variant(self) -> str:
        return self.name.partition(":")[2]


def rows() -> list[Row]:
    rows = []
    for line in TABLE.strip().splitlines():
        name, who, methods, where = line.split()
        rows.append(Row(name, who, frozenset(methods.split(",")), where))
    return rows

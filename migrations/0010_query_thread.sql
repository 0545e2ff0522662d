-- Queries as conversations: asked by rules and by people, answered, resolved, reopened; every step is a numbered event and a log entry.

alter table record_query
  drop constraint record_query_key,
  drop constraint record_query_state_accepts,
  drop constraint record_query_closed_accepts,
  drop constraint record_query_origin_accepts,
  drop constraint record_query_patient_given,
  add column version integer not null default 1,
  add column resolution text,
  add column opened_by uuid,
  add column question text;

-- What was closed before had been closed by a correction of the record, or because the rule held again.
update record_query set resolution = case origin when 'record' then 'corrected' else 'rule_holds' end where state = 'resolved';

alter table record_query
  add constraint record_query_state_accepts check (state in ('open', 'answered', 'resolved', 'reopened')),
  add constraint record_query_closed_accepts check ((state in ('answered', 'resolved')) = (closed_at is not null)),
  add constraint record_query_resolution_accepts
    check (resolution in ('confirmed', 'corrected', 'rule_holds', 'retracted', 'accepted') and (state in ('answered', 'resolved')) = (resolution is not null)
           or resolution is null and state in ('open', 'reopened')),
  add constraint record_query_origin_accepts check (origin in ('record', 'review', 'person')),
  add constraint record_query_person_accepts check ((origin = 'person') = (question is not null and opened_by is not null)),
  add constraint record_query_version_accepts check (version >= 1);

-- One query a rule, record and field; people may ask about one field more than once.
create unique index record_query_key on record_query (center_id, record_id, rule, field) where origin <> 'person';
drop index record_query_review;
create index record_query_review on record_query (center_id, patient_id) where origin = 'review' and state in ('open', 'reopened');
create index record_query_record on record_query (center_id, record_id);

-- The patient of every query, also of those asked about one record by itself.
do $$
declare form text;
begin
  for form in select table_name from information_schema.columns
              where table_schema = 'public' and column_name = 'patient_id' and table_name in (select distinct subject from record_query where patient_id is null)
  loop
    execute format('update record_query q set patient_id = t.patient_id from %I t
                    where q.patient_id is null and q.subject = %L and t.center_id = q.center_id and t.record_id = q.record_id', form, form);
  end loop;
end $$;

-- What happened to a query after it was opened: one row a version from the second on. Automatic changes have no actor of their own:
-- they belong to the write that caused them.
create table query_event (
  center_id text not null,
  query_id uuid not null,
  version integer not null,
  at timestamptz not null,
  kind text not null,
  state text not null,
  actor uuid,
  actor_label text,
  actor_role text,
  text text,
  constraint query_event_pk primary key (center_id, query_id, version),
  constraint query_event_query_fk foreign key (center_id, query_id) references record_query (center_id, query_id),
  constraint query_event_version_accepts check (version >= 2),
  constraint query_event_kind_accepts check (kind in ('message', 'confirmed', 'corrected', 'rule_holds', 'retracted', 'accepted', 'reopened', 'finding_changed')),
  constraint query_event_state_accepts check (state in ('open', 'answered', 'resolved', 'reopened')),
  constraint query_event_actor_given check ((actor is null) = (actor_role is null) and (actor is null) = (actor_label is null)),
  constraint query_event_text_accepts check (char_length(text) between 1 and 4000),
  constraint query_event_text_given check (kind not in ('message', 'confirmed') or text is not null)
);
alter table query_event enable row level security;
alter table query_event force row level security;
create policy query_event_scope on query_event to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
create policy query_event_export on query_event for select to sequela_exporter using (true);
grant select, insert on query_event to sequela_app;
grant select on query_event to sequela_exporter;

-- What the records of a patient show only together: queries that open and close by themselves, and the values that the criteria derive.

alter table record_query add column origin text not null default 'record';
alter table record_query add column patient_id text;
alter table record_query add constraint record_query_origin_accepts check (origin in ('record', 'review'));
alter table record_query add constraint record_query_patient_given check ((origin = 'review') = (patient_id is not null));
create index record_query_review on record_query (center_id, patient_id) where origin = 'review' and state = 'open';

-- Derived values are a function of the records; they are recomputed, never entered, and so not part of the audit log.
create table derived_value (
  center_id text not null,
  record_id uuid not null,
  name text not null,
  subject text not null,
  patient_id text not null,
  value text,
  reported text,
  rule text,
  trace jsonb not null,
  missing jsonb not null,
  derived_at timestamptz not null,
  constraint derived_value_pk primary key (center_id, record_id, name),
  constraint derived_value_patient_fk foreign key (center_id, patient_id) references patient (center_id, patient_id)
);
create index derived_value_patient on derived_value (center_id, patient_id);
alter table derived_value enable row level security;
alter table derived_value force row level security;
create policy derived_value_scope on derived_value to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
create policy derived_value_export on derived_value for select to sequela_exporter using (true);
grant select, insert, update, delete on derived_value to sequela_app;
grant select on derived_value to sequela_exporter;

-- Infusions that an enrolled patient had before, at the center that handed the patient over.
alter table patient_enrolment
  add column infusions_before integer not null default 0,
  add constraint patient_enrolment_infusions_accepts check (infusions_before between 0 and 9);

-- Keyed hashes of identities, made at the centers with a key that the registry does not have. Only equality is looked at.
create table patient_token (
  center_id text not null,
  patient_id text not null,
  kind text not null,
  key_version text not null,
  token_id uuid not null,
  version integer not null,
  token text not null,
  recorded_at timestamptz not null,
  constraint patient_token_pk primary key (center_id, patient_id, kind, key_version),
  constraint patient_token_patient_fk foreign key (center_id, patient_id) references patient (center_id, patient_id),
  constraint patient_token_kind_accepts check (kind in ('NATIONAL_ID', 'NAME_BIRTH_SEX', 'INSURANCE', 'PHONE', 'OTHER')),
  constraint patient_token_key_version_accepts check (key_version ~ '^[A-Za-z0-9._-]{1,32}$'),
  constraint patient_token_token_accepts check (token ~ '^[0-9a-f]{64}$'),
  constraint patient_token_version_accepts check (version >= 1)
);
create index patient_token_equal on patient_token (token, key_version, kind);
alter table patient_token enable row level security;
alter table patient_token force row level security;
create policy patient_token_scope on patient_token to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
create policy patient_token_export on patient_token for select to sequela_exporter using (true);
create policy patient_token_erase on patient_token to sequela_eraser using (true);
grant select, insert, update on patient_token to sequela_app;
grant select on patient_token to sequela_exporter;
grant select, delete on patient_token to sequela_eraser;

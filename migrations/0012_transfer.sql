-- Transfers of patients between centers. No row moves: the new center enrols the patient under an identifier of its own, and reads what
-- the old center holds for as long as the old center's grant lasts.

-- True in a transaction that asks for rows granted by other centers; ordinary transactions never see them.
create function sequela_reads_granted() returns boolean
  language sql stable parallel safe
  return coalesce(current_setting('sequela.granted', true) = 'on', false);
grant execute on function sequela_reads_granted() to sequela_app;

create table patient_transfer (
  center_id text not null,
  transfer_id uuid not null,
  patient_id text not null,
  to_center text not null,
  transferred_on date not null,
  grant_from date not null,
  grant_until date,
  revoked_at timestamptz,
  version integer not null,
  made_at timestamptz not null,
  reason text not null,
  constraint patient_transfer_pk primary key (center_id, transfer_id),
  constraint patient_transfer_patient_fk foreign key (center_id, patient_id) references patient (center_id, patient_id),
  constraint patient_transfer_to_fk foreign key (to_center) references center (center_id),
  constraint patient_transfer_elsewhere check (to_center <> center_id),
  constraint patient_transfer_grant_accepts check (grant_until >= grant_from),
  constraint patient_transfer_version_accepts check (version >= 1)
);
create index patient_transfer_patient on patient_transfer (center_id, patient_id);
create index patient_transfer_to on patient_transfer (to_center);
alter table patient_transfer enable row level security;
alter table patient_transfer force row level security;
create policy patient_transfer_scope on patient_transfer to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
-- The new center sees that it was given a patient, whatever became of the grant.
create policy patient_transfer_granted on patient_transfer for select to sequela_app
  using (to_center = any ((select sequela_scope())::text[]));
create policy patient_transfer_export on patient_transfer for select to sequela_exporter using (true);
grant select, insert, update on patient_transfer to sequela_app;
grant select on patient_transfer to sequela_exporter;

-- The patient that the new center follows up, linked to the transfer.
create table patient_enrolment (
  center_id text not null,
  transfer_id uuid not null,
  patient_id text not null,
  from_center text not null,
  enrolled_at timestamptz not null,
  constraint patient_enrolment_pk primary key (center_id, transfer_id),
  constraint patient_enrolment_patient_fk foreign key (center_id, patient_id) references patient (center_id, patient_id)
);
alter table patient_enrolment enable row level security;
alter table patient_enrolment force row level security;
create policy patient_enrolment_scope on patient_enrolment to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
create policy patient_enrolment_export on patient_enrolment for select to sequela_exporter using (true);
grant select, insert on patient_enrolment to sequela_app;
grant select on patient_enrolment to sequela_exporter;

-- The rows of a granted patient, in the tables of every form with patients.
do $$
declare form text;
begin
  for form in select c.table_name from information_schema.columns c
              where c.table_schema = 'public' and c.column_name = 'form_version'
                and exists (select from information_schema.columns k where k.table_schema = 'public' and k.table_name = c.table_name and k.column_name = 'patient_id')
  loop
    execute format(
      'create policy %I on %I for select to sequela_app
         using ((select sequela_reads_granted()) and (center_id, patient_id) in
                (select t.center_id, t.patient_id from patient_transfer t
                 where t.to_center = any ((select sequela_scope())::text[]) and t.revoked_at is null
                   and t.grant_from <= current_date and coalesce(t.grant_until >= current_date, true)))',
      form || '_granted', form);
  end loop;
end $$;

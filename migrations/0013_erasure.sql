-- Erasure of a patient: the rows go, the log keeps its entries and their commitments, and tells which payloads were erased.

create table erasure (
  center_id text not null,
  erasure_id uuid not null,
  patient_digest bytea not null,
  erased_at timestamptz not null,
  actor uuid not null,
  reason text not null,
  records bigint not null,
  payloads bigint not null,
  answers bigint not null,
  files bigint not null,
  snapshots_done boolean not null,
  constraint erasure_pk primary key (center_id, erasure_id),
  constraint erasure_center_fk foreign key (center_id) references center (center_id),
  constraint erasure_digest_accepts check (length(patient_digest) = 32)
);
create index erasure_patient on erasure (center_id, patient_digest);
alter table erasure enable row level security;
alter table erasure force row level security;
create policy erasure_scope on erasure to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
create policy erasure_export on erasure for select to sequela_exporter using (true);
create policy erasure_erase on erasure to sequela_eraser using (true);
grant select on erasure to sequela_app, sequela_exporter;
grant select, insert, update (snapshots_done) on erasure to sequela_eraser;

-- The eraser takes rows away and logs that it did; it cannot change any.
do $$
declare form text;
begin
  for form in
    select c.table_name from information_schema.columns c
    where c.table_schema = 'public' and c.column_name = 'patient_id' and c.table_name not in ('erasure')
    union
    select unnest(array['query_event', 'idempotent_answer', 'submission', 'submission_chunk', 'submission_part'])
  loop
    execute format('create policy %I on %I to sequela_eraser using (true)', form || '_erase', form);
    execute format('grant select, delete on %I to sequela_eraser', form);
  end loop;
end $$;
revoke delete on submission from sequela_eraser;
grant update (file_kept) on submission to sequela_eraser;
create policy audit_entry_erase on audit_entry for insert to sequela_eraser with check (action = 'erase');
grant insert on audit_entry, audit_payload to sequela_eraser;
grant select on generation to sequela_eraser;

-- What was erased does not come back with the next upload of an old spreadsheet.
create function refuse_erased() returns trigger language plpgsql as $$
declare held text;
begin
  select n.patient_id into held from added n join erasure e
    on e.center_id = n.center_id and e.patient_digest = sha256(convert_to('sequela.erased.v1 ' || n.center_id || ' ' || n.patient_id, 'UTF8')) limit 1;
  if found then
    raise exception 'patient % was erased', held using errcode = 'SEQ02';
  end if;
  return null;
end $$;
create trigger patient_erased after insert on patient referencing new table as added for each statement execute function refuse_erased();

-- Locks and electronic signatures of records.

-- One row a record that was ever locked; who locked and unlocked it is in the log.
create table record_lock (
  center_id text not null,
  record_id uuid not null,
  lock_id uuid not null,
  subject text not null,
  patient_id text,
  locked boolean not null,
  version integer not null,
  changed_at timestamptz not null,
  actor uuid not null,
  actor_label text not null,
  reason text not null,
  constraint record_lock_pk primary key (center_id, record_id),
  constraint record_lock_center_fk foreign key (center_id) references center (center_id),
  constraint record_lock_version_accepts check (version >= 1)
);
alter table record_lock enable row level security;
alter table record_lock force row level security;
create policy record_lock_scope on record_lock to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
create policy record_lock_export on record_lock for select to sequela_exporter using (true);
grant select, insert, update on record_lock to sequela_app;
grant select on record_lock to sequela_exporter;

-- A signature binds a person and a meaning to the content of one version.
create table record_signature (
  center_id text not null,
  signature_id uuid not null,
  record_id uuid not null,
  subject text not null,
  patient_id text,
  signed_version integer not null,
  content_sha256 bytea not null,
  meaning text not null,
  signer uuid not null,
  signer_name text not null,
  signer_role text not null,
  signed_at timestamptz not null,
  constraint record_signature_pk primary key (center_id, signature_id),
  constraint record_signature_key unique (center_id, record_id, signed_version, meaning, signer),
  constraint record_signature_center_fk foreign key (center_id) references center (center_id),
  constraint record_signature_meaning_accepts check (meaning in ('AUTHORSHIP', 'REVIEW', 'APPROVAL', 'RESPONSIBILITY')),
  constraint record_signature_hash_accepts check (length(content_sha256) = 32)
);
alter table record_signature enable row level security;
alter table record_signature force row level security;
create policy record_signature_scope on record_signature to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
create policy record_signature_export on record_signature for select to sequela_exporter using (true);
grant select, insert on record_signature to sequela_app;
grant select on record_signature to sequela_exporter;

-- Whatever path a change takes, a locked record does not change.
create function refuse_locked() returns trigger language plpgsql as $$
declare held uuid;
begin
  select l.record_id into held from changed n join record_lock l on l.center_id = n.center_id and l.record_id = n.record_id where l.locked limit 1;
  if found then
    raise exception 'record % is locked', held using errcode = 'SEQ01';
  end if;
  return null;
end $$;

do $$
declare form text;
begin
  for form in select c.table_name from information_schema.columns c
              where c.table_schema = 'public' and c.column_name = 'form_version'
                and exists (select from information_schema.columns k where k.table_schema = 'public' and k.table_name = c.table_name and k.column_name = 'center_id')
                and c.table_name <> 'center'
  loop
    execute format('create trigger %I after update on %I referencing new table as changed for each statement execute function refuse_locked()',
                   form || '_lock', form);
  end loop;
end $$;

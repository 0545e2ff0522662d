-- The audit log. Each write appends who, when, why and a salted commitment of the content in the same transaction; the content itself
-- and its salt stand apart, so that they can be erased without breaking the chain.

create table audit_entry (
  center_id text not null,
  record_id uuid not null,
  version integer not null,
  generation integer not null,
  xid bigint not null,
  at timestamptz not null,
  actor uuid not null,
  action text not null,
  subject text not null,
  reason text,
  request_id uuid not null,
  commitment bytea not null,
  entry_hash bytea not null,
  constraint audit_entry_pk primary key (center_id, record_id, version),
  constraint audit_entry_generation_fk foreign key (generation) references generation (generation),
  constraint audit_entry_action_accepts check (action in ('create', 'amend', 'retract', 'reinstate', 'administer', 'read', 'export', 'erase')),
  constraint audit_entry_reason_given check (action not in ('amend', 'retract', 'reinstate', 'erase') or reason is not null),
  constraint audit_entry_commitment_accepts check (length(commitment) = 32),
  constraint audit_entry_entry_hash_accepts check (length(entry_hash) = 32)
);
-- The sealer reads by transaction: what is not sealed yet, and what one block holds.
create index audit_entry_transaction on audit_entry (generation, xid);
alter table audit_entry enable row level security;
alter table audit_entry force row level security;
create policy audit_entry_scope on audit_entry to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
create policy audit_entry_seal on audit_entry for select to sequela_sealer using (true);
create policy audit_entry_export on audit_entry for select to sequela_exporter using (true);
grant select, insert on audit_entry to sequela_app;
grant select on audit_entry to sequela_sealer, sequela_exporter;

create table audit_payload (
  center_id text not null,
  record_id uuid not null,
  version integer not null,
  salt bytea not null,
  payload bytea not null,
  constraint audit_payload_pk primary key (center_id, record_id, version),
  constraint audit_payload_entry_fk foreign key (center_id, record_id, version) references audit_entry (center_id, record_id, version),
  constraint audit_payload_salt_accepts check (length(salt) = 16)
);
alter table audit_payload enable row level security;
alter table audit_payload force row level security;
create policy audit_payload_scope on audit_payload to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
create policy audit_payload_export on audit_payload for select to sequela_exporter using (true);
create policy audit_payload_erase on audit_payload to sequela_eraser using (true);
grant select, insert on audit_payload to sequela_app;
grant select on audit_payload to sequela_exporter;
grant select, delete on audit_payload to sequela_eraser;

-- Sealed blocks. A block holds every entry of the transactions [xid_from, xid_until) of a generation, ordered by
-- (xid, center_id, record_id, version); that order gives each entry its gapless position.
create table audit_block (
  number bigint not null,
  generation integer not null,
  xid_from bigint not null,
  xid_until bigint not null,
  first_position bigint not null,
  entries bigint not null,
  root bytea not null,
  previous bytea not null,
  block_hash bytea not null,
  signature bytea not null,
  sealed_at timestamptz not null,
  constraint audit_block_pk primary key (number),
  constraint audit_block_generation_fk foreign key (generation) references generation (generation),
  constraint audit_block_position_key unique (first_position),
  constraint audit_block_range_accepts check (xid_until > xid_from and entries > 0)
);
grant select on audit_block to sequela_app, sequela_exporter;
grant select, insert on audit_block to sequela_sealer;

-- Bulk submissions: the file as it was sent, how far it has been written, and what became of its rows.

create table submission (
  center_id text not null,
  submission_id uuid not null,
  state text not null,
  actor uuid not null,
  format text not null,
  form text,
  file_name text,
  policy text not null,
  mode text not null,
  dry_run boolean not null,
  reason text,
  bytes bigint not null default 0,
  digest bytea,
  part_bytes bigint not null,
  parts integer,
  parts_done integer not null default 0,
  sheets text[] not null default '{}',
  rows bigint,
  rows_done bigint not null default 0,
  created bigint not null default 0,
  updated bigint not null default 0,
  unchanged bigint not null default 0,
  rejected bigint not null default 0,
  with_queries bigint not null default 0,
  queries_closed bigint not null default 0,
  committed boolean not null default false,
  cancel_requested boolean not null default false,
  file_kept boolean not null default true,
  failure text,
  created_at timestamptz not null,
  finished_at timestamptz,
  constraint submission_pk primary key (center_id, submission_id),
  constraint submission_center_fk foreign key (center_id) references center (center_id),
  constraint submission_state_accepts check (state in ('uploading', 'queued', 'running', 'done', 'cancelled', 'failed')),
  constraint submission_policy_accepts check (policy in ('accept_valid', 'all_or_nothing')),
  constraint submission_mode_accepts check (mode in ('insert', 'upsert')),
  constraint submission_reason_given check (mode <> 'upsert' or reason is not null),
  constraint submission_digest_accepts check (length(digest) = 32),
  constraint submission_finished_accepts check ((state in ('done', 'cancelled', 'failed')) = (finished_at is not null))
);
create index submission_waiting on submission (center_id, submission_id) where state in ('queued', 'running');
alter table submission enable row level security;
alter table submission force row level security;
create policy submission_scope on submission to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
create policy submission_export on submission for select to sequela_exporter using (true);
grant select, insert, update, delete on submission to sequela_app;
grant select on submission to sequela_exporter;

-- The file, in compressed pieces. It is deleted when nothing of it is left to correct.
create table submission_chunk (
  center_id text not null,
  submission_id uuid not null,
  number integer not null,
  content bytea not null,
  constraint submission_chunk_pk primary key (center_id, submission_id, number),
  constraint submission_chunk_submission_fk foreign key (center_id, submission_id)
    references submission (center_id, submission_id) on delete cascade
);
alter table submission_chunk alter column content set storage external;
alter table submission_chunk enable row level security;
alter table submission_chunk force row level security;
create policy submission_chunk_scope on submission_chunk to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
grant select, insert, delete on submission_chunk to sequela_app;

-- What became of the rows of a part, compressed.
create table submission_part (
  center_id text not null,
  submission_id uuid not null,
  part integer not null,
  results bytea not null,
  constraint submission_part_pk primary key (center_id, submission_id, part),
  constraint submission_part_submission_fk foreign key (center_id, submission_id)
    references submission (center_id, submission_id) on delete cascade
);
alter table submission_part alter column results set storage external;
alter table submission_part enable row level security;
alter table submission_part force row level security;
create policy submission_part_scope on submission_part to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
grant select, insert, delete on submission_part to sequela_app;

-- What is to be said about rows: why they were rejected, and what queries they opened.
create table submission_fault (
  center_id text not null,
  submission_id uuid not null,
  part integer not null,
  ordinal integer not null,
  kind text not null,
  sheet integer not null,
  row_number bigint not null,
  outcome text not null,
  form text,
  record_id uuid,
  version integer,
  patient_id text,
  rule text not null,
  field text not null,
  received text,
  expected text,
  constraint submission_fault_pk primary key (center_id, submission_id, part, ordinal),
  constraint submission_fault_submission_fk foreign key (center_id, submission_id)
    references submission (center_id, submission_id) on delete cascade,
  constraint submission_fault_kind_accepts check (kind in ('fault', 'query', 'other_record'))
);
create index submission_fault_row on submission_fault (center_id, submission_id, sheet, row_number);
alter table submission_fault enable row level security;
alter table submission_fault force row level security;
create policy submission_fault_scope on submission_fault to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
grant select, insert, delete on submission_fault to sequela_app;

-- Which import wrote the current version of a record is read from the log.
create index audit_entry_request on audit_entry (request_id);

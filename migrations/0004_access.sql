-- API tokens: only the hash of a token is kept. Tokens name people, not patients, and are read before any scope exists.

create table api_token (
  token_id uuid not null,
  token_hash bytea not null,
  label text not null,
  role text not null,
  centers text[] not null,
  products text[] not null,
  created_at timestamptz not null,
  expires_at timestamptz,
  revoked_at timestamptz,
  constraint api_token_pk primary key (token_id),
  constraint api_token_hash_key unique (token_hash),
  constraint api_token_hash_accepts check (length(token_hash) = 32),
  constraint api_token_role_accepts check (role in ('submitter', 'lead', 'monitor', 'statistician', 'sponsor', 'auditor', 'admin')),
  constraint api_token_label_accepts check (char_length(label) between 1 and 200)
);
grant select, insert, update (revoked_at) on api_token to sequela_app;

-- Questions to a center about a record it submitted, opened by soft rules.
create table record_query (
  center_id text not null,
  query_id uuid not null,
  subject text not null,
  record_id uuid not null,
  rule text not null,
  field text not null,
  received text,
  expected text,
  state text not null,
  opened_at timestamptz not null,
  closed_at timestamptz,
  constraint record_query_pk primary key (center_id, query_id),
  constraint record_query_key unique (center_id, record_id, rule, field),
  constraint record_query_center_fk foreign key (center_id) references center (center_id),
  constraint record_query_state_accepts check (state in ('open', 'resolved')),
  constraint record_query_closed_accepts check ((state = 'resolved') = (closed_at is not null))
);
alter table record_query enable row level security;
alter table record_query force row level security;
create policy record_query_scope on record_query to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
create policy record_query_export on record_query for select to sequela_exporter using (true);
grant select, insert, update on record_query to sequela_app;
grant select on record_query to sequela_exporter;

-- Answers to requests with an Idempotency-Key, written in the transaction they answer for.
create table idempotent_answer (
  center_id text not null,
  token_id uuid not null,
  idempotency_key text not null,
  request_digest bytea not null,
  status integer not null,
  body bytea not null,
  created_at timestamptz not null,
  constraint idempotent_answer_pk primary key (center_id, token_id, idempotency_key),
  constraint idempotent_answer_center_fk foreign key (center_id) references center (center_id),
  constraint idempotent_answer_key_accepts check (char_length(idempotency_key) between 1 and 255),
  constraint idempotent_answer_digest_accepts check (length(request_digest) = 32)
);
alter table idempotent_answer enable row level security;
alter table idempotent_answer force row level security;
create policy idempotent_answer_scope on idempotent_answer to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
grant select, insert, update on idempotent_answer to sequela_app;

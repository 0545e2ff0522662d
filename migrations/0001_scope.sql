-- Roles (sequela_app, sequela_sealer, sequela_exporter, sequela_eraser) belong to the cluster: the bootstrap step creates them,
-- migrations only grant.

revoke all on schema public from public;
grant usage on schema public to sequela_app, sequela_sealer, sequela_exporter, sequela_eraser;

-- The centers a transaction may see, set with `set local sequela.centers`. Unset or empty is null, and null sees nothing.
create function sequela_scope() returns text[]
  language sql stable parallel safe
  return string_to_array(nullif(current_setting('sequela.centers', true), ''), ',');
grant execute on function sequela_scope() to sequela_app;

-- One row per life of the database in a cluster. Transaction ids mean something only within a generation: a restore into another
-- cluster begins a new one.
create table generation (
  generation integer not null,
  system_identifier bigint not null,
  timeline integer not null,
  begun_at timestamptz not null default now(),
  constraint generation_pk primary key (generation)
);
grant select on generation to sequela_app, sequela_sealer, sequela_exporter;

-- The block of an entry is looked up by its transaction: for inclusion proofs and exports.
create index audit_block_transaction on audit_block (generation, xid_from);

-- Callers who come with a token of an identity provider: the actor's id in the log, and who that is.
create table identity (
  actor uuid not null,
  issuer text not null,
  subject text not null,
  label text not null,
  first_seen_at timestamptz not null,
  constraint identity_pk primary key (actor),
  constraint identity_key unique (issuer, subject),
  constraint identity_label_accepts check (char_length(label) between 1 and 200)
);
grant select, insert on identity to sequela_app;
grant select on identity to sequela_exporter;

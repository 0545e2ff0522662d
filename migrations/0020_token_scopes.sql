-- Tokens may be limited to a part of what their role may do. No scope means no such limit.
alter table api_token
  add column scopes text[] not null default '{}',
  add column last_used_at timestamptz,
  -- What the log commits to: shows that the secret was exchanged without telling anything about it.
  add column fingerprint bytea generated always as (sha256(token_hash)) stored;
grant update (last_used_at) on api_token to sequela_app;

-- Verification compares the tokens with the log; it never sees what a secret could be found from.
grant select (token_id, label, role, centers, products, scopes, created_at, expires_at, revoked_at, fingerprint) on api_token to sequela_exporter;

//! `sequela token`: access tokens, made where the database is.

use crate::cli::{Storage, TokenCommand};
use crate::failure::Failure;
use crate::instance::Instance;
use crate::serve::system;
use registry::principal::{self, Role, TokenRequest};
use registry::token_scope::TokenScope;
use std::process::ExitCode;

pub(crate) async fn run(storage: Storage, command: TokenCommand) -> Result<ExitCode, Failure> {
    let request = match &command {
        TokenCommand::Create { label, role, centers, products, scopes, days } => {
            let role = Role::parse(role).ok_or_else(|| {
                let roles: Vec<&str> = Role::ALL.iter().map(|r| r.code()).collect();
                Failure::input(format!("--role {role}: expected one of {}", roles.join(", ")))
            })?;
            let scope = |text: &String| {
                text.parse::<TokenScope>().map_err(|()| {
                    Failure::input(format!("--scope {text}: expected {}", TokenScope::ACCEPTED))
                })
            };
            Some(TokenRequest {
                scopes: scopes.iter().map(scope).collect::<Result<_, _>>()?,
                label: label.clone(),
                role,
                centers: centers.clone(),
                products: products.clone(),
                expires_at: days.map(|d| chrono::Utc::now() + chrono::Duration::days(i64::from(d))),
            })
        }
        _ => None,
    };
    let instance = Instance::open_beside(storage).await?;
    let done = act(&instance, command, request).await;
    instance.close().await?;
    done.map(|()| ExitCode::SUCCESS)
}

async fn act(
    instance: &Instance,
    command: TokenCommand,
    request: Option<TokenRequest>,
) -> Result<(), Failure> {
    let database = &instance.database;
    match (command, request) {
        (TokenCommand::Create { .. }, Some(request)) => {
            let (token_id, secret) = principal::create_token(database, system(), &[], &request).await?;
            eprintln!("Token {token_id}. It is shown only now:");
            println!("{secret}");
        }
        (TokenCommand::Revoke { token_id }, _) => {
            principal::revoke_token(database, system(), token_id, "revoked on the command line")
                .await
                .map_err(|error| match error {
                    registry::Error::NotFound => {
                        Failure::input(format!("no token {token_id} that still works"))
                    }
                    other => other.into(),
                })?;
            println!("Token {token_id} no longer works.");
        }
        (TokenCommand::List | TokenCommand::Create { .. }, _) => {
            for token in principal::list_tokens(database).await? {
                let expired = token.expires_at.is_some_and(|at| at <= chrono::Utc::now());
                let state = if token.revoked_at.is_some() {
                    "revoked"
                } else if expired {
                    "expired"
                } else {
                    "valid"
                };
                let used = token.last_used_at.map_or_else(
                    || "never used".to_owned(),
                    |at| format!("used {}", at.format("%Y-%m-%d %H:%M")),
                );
                println!(
                    "{}  {:<12}  {:<7}  {:<21}  {}  {}  {}",
                    token.token_id,
                    token.role,
                    state,
                    used,
                    token.centers.join(","),
                    token.scopes.join(","),
                    token.label
                );
            }
        }
    }
    Ok(())
}

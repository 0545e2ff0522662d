//! `sequela token`: access tokens, made where the database is.

use crate::cli::{Storage, TokenCommand};
use crate::failure::Failure;
use crate::instance::Instance;
use crate::serve::system;
use registry::principal::{self, Role, TokenRequest};
use std::process::ExitCode;

pub(crate) async fn run(storage: Storage, command: TokenCommand) -> Result<ExitCode, Failure> {
    let request = match &command {
        TokenCommand::Create { label, role, centers, products, days } => {
            let role = Role::parse(role).ok_or_else(|| {
                let roles: Vec<&str> = Role::ALL.iter().map(|r| r.code()).collect();
                Failure::input(format!("--role {role}: expected one of {}", roles.join(", ")))
            })?;
            Some(TokenRequest {
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
            let (token_id, secret) = principal::create_token(database, system(), &request).await?;
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
                let state = if token.revoked_at.is_some() { "revoked" } else { "valid" };
                println!(
                    "{}  {:<12}  {:<7}  {}  {}",
                    token.token_id,
                    token.role,
                    state,
                    token.centers.join(","),
                    token.label
                );
            }
        }
    }
    Ok(())
}

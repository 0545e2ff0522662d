//! `sequela audit verify`.

use crate::cli::{Storage, VerifyArguments};
use crate::failure::{FAULTS_FOUND, Failure};
use crate::instance::Instance;
use registry::audit::hex;
use registry::audit::seal;
use registry::audit::verify::{self, Head, Verification};
use std::process::ExitCode;

pub(crate) async fn verify(storage: Storage, arguments: VerifyArguments) -> Result<ExitCode, Failure> {
    let kept = arguments.head.as_deref().map(parse_head).transpose()?;
    let given = arguments.public_key.as_deref().map(parse_key).transpose()?;
    let instance = Instance::open_beside(storage).await?;
    let public_key = given.unwrap_or_else(|| instance.sealing_key.public());
    seal::seal(&instance.database, &instance.sealing_key).await?;
    let found = verify::verify(&instance.database, &public_key, kept.as_ref()).await;
    instance.close().await?;
    let found = found?;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&found).map_err(Failure::internal)?);
    } else {
        print(&found, &public_key);
    }
    Ok(if found.intact() { ExitCode::SUCCESS } else { ExitCode::from(FAULTS_FOUND) })
}

fn print(found: &Verification, public_key: &[u8; 32]) {
    println!("entries   {:>10}  ({} not yet sealed)", found.entries, found.unsealed);
    println!("blocks    {:>10}", found.blocks);
    println!("records   {:>10}", found.records);
    println!("faults    {:>10}", found.fault_count);
    for fault in &found.faults {
        println!("  {}: {}: {}", fault.kind, fault.place, fault.detail);
    }
    println!("key       {}", hex(public_key));
    if let Some(head) = &found.head {
        println!("head      {}:{}:{}", head.block, head.position, head.hash);
        println!(
            "          Keep the head elsewhere: only with it can the removal of the newest blocks be noticed."
        );
    }
    println!(
        "{}",
        if found.intact() {
            "The log is intact and every record is what it says."
        } else {
            "THE LOG IS NOT INTACT."
        }
    );
}

fn parse_head(text: &str) -> Result<Head, Failure> {
    let parts: Vec<&str> = text.split(':').collect();
    let read = || {
        Some(Head {
            block: parts.first()?.parse().ok()?,
            position: parts.get(1)?.parse().ok()?,
            hash: (*parts.get(2)?).to_owned(),
        })
    };
    read()
        .filter(|_| parts.len() == 3)
        .ok_or_else(|| Failure::input(format!("--head {text}: expected BLOCK:POSITION:HASH")))
}

fn parse_key(text: &str) -> Result<[u8; 32], Failure> {
    let byte = |i: usize| text.get(2 * i..2 * i + 2).and_then(|h| u8::from_str_radix(h, 16).ok());
    let bytes: Option<Vec<u8>> = (0..32).map(byte).collect();
    bytes
        .filter(|_| text.len() == 64)
        .and_then(|b| b.try_into().ok())
        .ok_or_else(|| Failure::input("--public-key: expected 64 hexadecimal digits"))
}

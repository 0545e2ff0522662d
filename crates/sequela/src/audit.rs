//! `sequela audit`: verification, signed heads, proofs and exports, where the database is.

use crate::cli::{AuditCommand, ExportArguments, ProofArguments, Storage, VerifyArguments};
use crate::failure::{FAULTS_FOUND, Failure};
use crate::instance::Instance;
use crate::serve::system;
use chrono::{DateTime, NaiveDate, Utc};
use registry::audit::export::{self, Selection};
use registry::audit::head::{SignedHead, signed_head};
use registry::audit::proof::{self, Proof, Wanted};
use registry::audit::verify::{self, Head, Verification};
use registry::audit::{hex, seal, unhex};
use registry::disclosure::{self, Disclosure, Manner};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

pub(crate) async fn run(storage: Storage, command: AuditCommand) -> Result<ExitCode, Failure> {
    // What is wrong with an argument is said before the database is opened.
    let prepared = match &command {
        AuditCommand::Verify(arguments) => Some(Checks::read(arguments)?),
        _ => None,
    };
    let instance = Instance::open_beside(storage).await?;
    let done = act(&instance, command, prepared).await;
    instance.close().await?;
    done
}

async fn act(
    instance: &Instance,
    command: AuditCommand,
    checks: Option<Checks>,
) -> Result<ExitCode, Failure> {
    seal::seal(&instance.database, &instance.sealing_key).await?;
    match command {
        AuditCommand::Verify(arguments) => {
            let checks = checks.unwrap_or_default();
            let key = checks.key.unwrap_or_else(|| instance.sealing_key.public());
            verify(instance, &key, &checks, arguments.json).await
        }
        AuditCommand::Head => {
            let head = signed_head(&instance.database, &instance.sealing_key).await?;
            let head = head.ok_or_else(|| Failure::input("nothing has been sealed yet"))?;
            print_json(&head)
        }
        AuditCommand::Proof(arguments) => prove(instance, &arguments).await,
        AuditCommand::Export(arguments) => export_log(instance, &arguments).await,
        AuditCommand::VerifyProof { file, key } => verify_proof(&file, &key),
    }
}

fn print_json(document: &impl serde::Serialize) -> Result<ExitCode, Failure> {
    println!("{}", serde_json::to_string_pretty(document).map_err(Failure::internal)?);
    Ok(ExitCode::SUCCESS)
}

/// What verification is given from outside.
#[derive(Debug, Default)]
struct Checks {
    key: Option<[u8; 32]>,
    head: Option<Head>,
    signed: Option<SignedHead>,
}

impl Checks {
    fn read(arguments: &VerifyArguments) -> Result<Self, Failure> {
        let key = arguments.public_key.as_deref().map(parse_key).transpose()?;
        let Some(text) = arguments.head.as_deref() else {
            return Ok(Self { key, ..Self::default() });
        };
        if let Some(head) = parse_head(text) {
            return Ok(Self { key, head: Some(head), signed: None });
        }
        let expected = "expected a file written by `sequela audit head`, or BLOCK:POSITION:HASH";
        let content = std::fs::read_to_string(text)
            .map_err(|e| Failure::input(format!("--head {text}: {e}; {expected}")))?;
        if let Ok(signed) = serde_json::from_str::<SignedHead>(&content) {
            return Ok(Self { key, head: Some(signed.head()), signed: Some(signed) });
        }
        let head = parse_head(content.trim()).or_else(|| serde_json::from_str(&content).ok());
        let head = head.ok_or_else(|| Failure::input(format!("--head {text}: {expected}")))?;
        Ok(Self { key, head: Some(head), signed: None })
    }
}

async fn verify(
    instance: &Instance,
    public_key: &[u8; 32],
    checks: &Checks,
    json: bool,
) -> Result<ExitCode, Failure> {
    if let Some(fault) = checks.signed.as_ref().and_then(|signed| signed.fault(public_key)) {
        eprintln!("sequela: --head: {fault}");
        return Ok(ExitCode::from(FAULTS_FOUND));
    }
    let found = verify::verify(&instance.database, public_key, checks.head.as_ref()).await?;
    if json {
        print_json(&found)?;
    } else {
        print(&found, public_key);
    }
    Ok(if found.intact() { ExitCode::SUCCESS } else { ExitCode::from(FAULTS_FOUND) })
}

async fn prove(instance: &Instance, arguments: &ProofArguments) -> Result<ExitCode, Failure> {
    let wanted = Wanted {
        center_id: &arguments.center,
        record_id: arguments.record_id,
        version: arguments.version,
        contents: arguments.contents,
    };
    let made = proof::prove(&instance.database, &instance.sealing_key, &wanted).await;
    let made = made.map_err(|error| match error {
        registry::Error::NotFound => Failure::input(format!(
            "the log of {} has no entry about {}; a record's entry needs its --center",
            arguments.center, arguments.record_id
        )),
        registry::Error::NotSealed => {
            Failure::internal("the entry is in no block yet; try again in some seconds")
        }
        other => other.into(),
    })?;
    if arguments.contents {
        let asked = serde_json::json!({ "record_id": arguments.record_id, "version": made.entry.version });
        shown(instance, Manner::Read, "audit_proof", asked, Some(&arguments.center)).await?;
    }
    print_json(&made)
}

/// What is shown on the command line is logged as well.
async fn shown(
    instance: &Instance,
    manner: Manner,
    subject: &str,
    asked: serde_json::Value,
    center: Option<&str>,
) -> Result<(), Failure> {
    let serde_json::Value::Object(asked) = asked else { return Ok(()) };
    let centers: BTreeMap<String, Option<u64>> = center.map(|c| (c.to_owned(), None)).into_iter().collect();
    let what = Disclosure { manner, subject, asked, centers };
    Ok(disclosure::record(&instance.database, system(), &what).await?)
}

/// `sequela audit verify-proof`.
pub(crate) fn verify_proof(file: &Path, key: &str) -> Result<ExitCode, Failure> {
    let key = parse_key(key)?;
    let unreadable = |e: std::io::Error| Failure::input(format!("{}: {e}", file.display()));
    let mut text = String::new();
    if file == Path::new("-") {
        std::io::stdin().read_to_string(&mut text).map_err(unreadable)?;
    } else {
        text = std::fs::read_to_string(file).map_err(unreadable)?;
    }
    let proof: Proof = serde_json::from_str(&text)
        .map_err(|e| Failure::input(format!("{}: this is no inclusion proof: {e}", file.display())))?;
    if let Some(fault) = proof.fault(&key) {
        println!("THE PROOF DOES NOT HOLD: {fault}.");
        return Ok(ExitCode::from(FAULTS_FOUND));
    }
    let entry = &proof.entry;
    println!(
        "The proof holds: {} of {} {} (version {}) of {}, {} by {}, is entry {} of the log, in block {} sealed {}.",
        entry.action,
        entry.subject,
        entry.record_id,
        entry.version,
        entry.center_id,
        entry.at.to_rfc3339(),
        entry.actor,
        proof.position,
        proof.block.number,
        proof.block.sealed_at.to_rfc3339(),
    );
    Ok(ExitCode::SUCCESS)
}

async fn export_log(instance: &Instance, arguments: &ExportArguments) -> Result<ExitCode, Failure> {
    let selection = Selection {
        center_id: arguments.center.clone(),
        patient_id: arguments.patient.clone(),
        record_id: arguments.record,
        since: arguments.since,
        until: arguments.until,
        contents: arguments.contents,
    };
    let mut to: Box<dyn Write + Send> = match &arguments.output {
        None => Box::new(std::io::stdout()),
        Some(path) => {
            let file = std::fs::File::create(path)
                .map_err(|e| Failure::input(format!("{}: {e}", path.display())))?;
            Box::new(file)
        }
    };
    let asked = serde_json::json!({ "filter": &selection });
    shown(instance, Manner::Export, "audit_log", asked, selection.center_id.as_deref()).await?;
    let begun = Instant::now();
    let (sender, mut receiver) = tokio::sync::mpsc::channel::<Vec<u8>>(4);
    let writing = tokio::task::spawn_blocking(move || -> std::io::Result<()> {
        while let Some(chunk) = receiver.blocking_recv() {
            to.write_all(&chunk)?;
        }
        to.flush()
    });
    let number = export::export(&instance.database, &selection, &sender).await?;
    drop(sender);
    match writing.await.map_err(Failure::internal)? {
        // Whoever reads the lines may have seen enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => return Ok(ExitCode::SUCCESS),
        written => written.map_err(Failure::internal)?,
    }
    let seconds = begun.elapsed().as_secs_f64();
    eprintln!("{number} entries in {seconds:.2} s ({:.0}/s){}", number as f64 / seconds, peak_memory());
    Ok(ExitCode::SUCCESS)
}

/// The most memory this process has had, where the system tells it.
fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).map(str::trim);
    peak.map_or_else(String::new, |peak| format!(", at most {peak} of memory"))
}

/// A day or a moment on the command line.
pub(crate) fn moment(text: &str) -> Result<DateTime<Utc>, String> {
    let day = text.parse::<NaiveDate>().ok().and_then(|d| d.and_hms_opt(0, 0, 0)).map(|t| t.and_utc());
    day.or_else(|| DateTime::parse_from_rfc3339(text).ok().map(|t| t.to_utc()))
        .ok_or_else(|| "expected a day 2026-01-31 or a time 2026-01-31T12:00:00Z".to_owned())
}

fn print(found: &Verification, public_key: &[u8; 32]) {
    println!("entries   {:>10}  ({} not yet sealed)", found.entries, found.unsealed);
    println!("blocks    {:>10}", found.blocks);
    println!("records   {:>10}", found.records);
    println!("tokens    {:>10}", found.tokens);
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
            "The log is intact, and every record and every token is what it says."
        } else {
            "THE LOG IS NOT INTACT."
        }
    );
}

fn parse_head(text: &str) -> Option<Head> {
    let mut parts = text.split(':');
    let head = Head {
        block: parts.next()?.parse().ok()?,
        position: parts.next()?.parse().ok()?,
        hash: parts.next()?.to_owned(),
    };
    parts.next().is_none().then_some(head)
}

/// A public key as digits, or in a file.
fn parse_key(text: &str) -> Result<[u8; 32], Failure> {
    let held = std::fs::read_to_string(text).unwrap_or_default();
    unhex(text).or_else(|| unhex(held.trim())).ok_or_else(|| {
        Failure::input(format!("{text}: expected 64 hexadecimal digits, or a file that holds them"))
    })
}

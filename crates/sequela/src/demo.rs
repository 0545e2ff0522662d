//! `sequela demo`: a synthetic registry from an empty directory to reports, through the front door.

use crate::cli::{DemoArguments, Remote, Storage};
use crate::client::Client;
use crate::failure::Failure;
use crate::instance::Instance;
use crate::reports;
use crate::serve::{Running, SubmissionLimits, asked_to_stop, system};
use registry::principal::{self, Role, TokenRequest};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::process::ExitCode;

/// `sequela demo`.
pub(crate) async fn run(mut storage: Storage, arguments: DemoArguments) -> Result<ExitCode, Failure> {
    let config = synth::Config {
        seed: arguments.seed,
        centers: arguments.centers,
        patients: arguments.patients,
        ..synth::Config::default()
    };
    let synthetic = synth::Registry::new(&config).map_err(Failure::input)?;
    if storage.data_dir.is_none() {
        // The demonstration never mixes with a real registry.
        storage.data_dir = Some(cluster::default_data_dir()?.join("demo"));
    }
    let instance = Instance::open(storage).await?;
    let running = Running::start(&instance, arguments.listen, SubmissionLimits::default()).await?;
    let done = show(&running, synthetic, arguments.exit).await;
    running.stop().await?;
    instance.close().await?;
    done.map(|()| ExitCode::SUCCESS)
}

async fn show(running: &Running, synthetic: synth::Registry, exit: bool) -> Result<(), Failure> {
    let url = format!("http://{}", running.address);
    let admin = token(running, Role::Admin, &[], &[]).await?;
    let client = Client::new(&Remote { url: url.clone(), token: admin.clone() });
    let centers: Vec<Value> =
        synthetic.centers().iter().map(|c| clinical::Form::to_record(c).to_json()).collect();
    let ids: Vec<String> =
        centers.iter().filter_map(|c| c.get("center_id")?.as_str().map(str::to_owned)).collect();
    blocking(move || {
        for center in &centers {
            client.post_json("/v1/centers", center)?.success()?;
        }
        Ok(())
    })
    .await?;
    let mut submitters = BTreeMap::new();
    for id in &ids {
        submitters.insert(id.clone(), token(running, Role::Submitter, std::slice::from_ref(id), &[]).await?);
    }
    let to = url.clone();
    blocking(move || submit_all(&to, &synthetic, &submitters)).await?;

    let statistician = token(running, Role::Statistician, &[], &[]).await?;
    let remote = Remote { url: url.clone(), token: statistician.clone() };
    blocking(move || print_reports(&remote)).await?;
    if exit {
        return Ok(());
    }
    let first: Vec<String> = ids.iter().take(1).cloned().collect();
    println!("\nSequela is up at {url}   documentation: {url}/docs/\n\nAccess tokens:");
    for role in Role::ALL {
        let secret = match role {
            Role::Admin => admin.clone(),
            Role::Statistician => statistician.clone(),
            Role::Submitter | Role::Lead => token(running, role, &first, &[]).await?,
            Role::Monitor => token(running, role, &ids[..ids.len().min(3)], &[]).await?,
            Role::Sponsor => token(running, role, &[], &["axi-cel".to_owned()]).await?,
            Role::Auditor => token(running, role, &[], &[]).await?,
        };
        let note =
            if role.of_one_center() { format!("  (center {})", first.join("")) } else { String::new() };
        println!("  {:<13}{secret}{note}", role.code());
    }
    println!("\nCtrl-C stops it; the data stay.");
    asked_to_stop().await;
    Ok(())
}

/// The client waits; the runtime must not.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work).await.map_err(Failure::internal)?
}

async fn token(
    running: &Running,
    role: Role,
    centers: &[String],
    products: &[String],
) -> Result<String, Failure> {
    let request = TokenRequest {
        label: format!("demo {}", role.code()),
        role,
        centers: centers.to_vec(),
        products: products.to_vec(),
        expires_at: Some(chrono::Utc::now() + chrono::Duration::days(7)),
    };
    Ok(principal::create_token(&running.app.database, system(), &request).await?.1)
}

fn submit_all(
    url: &str,
    synthetic: &synth::Registry,
    tokens: &BTreeMap<String, String>,
) -> Result<(), Failure> {
    let mut batches: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut records = 0;
    for center in synthetic.center_records() {
        let batch = batches.entry(center.center_id.as_str().to_owned()).or_default();
        records += synth::write_ndjson(&center.records, batch).map_err(Failure::internal)?;
    }
    for patient in synthetic.patients() {
        let batch = batches.entry(patient.center_id.as_str().to_owned()).or_default();
        records += synth::write_ndjson(&patient.records, batch).map_err(Failure::internal)?;
    }
    let style = indicatif::ProgressStyle::with_template("{bar:30} {pos}/{len} centers  {msg}")
        .map_err(Failure::internal)?;
    let bar = indicatif::ProgressBar::new(batches.len() as u64).with_style(style);
    let begun = std::time::Instant::now();
    let mut totals = [0u64; 4];
    let names = ["created", "unchanged", "rejected", "with_queries"];
    for (center, body) in &batches {
        let Some(token) = tokens.get(center) else { continue };
        let client = Client::new(&Remote { url: url.to_owned(), token: token.clone() });
        let answer = client
            .post("/v1/submissions?results=faults", "application/x-ndjson", "application/json", body)?
            .success()?
            .json()?;
        for (total, name) in totals.iter_mut().zip(names) {
            *total += answer.get(name).and_then(Value::as_u64).unwrap_or_default();
        }
        let message = format!(
            "{center}: {} records created",
            answer.get("created").and_then(Value::as_u64).unwrap_or_default()
        );
        if bar.is_hidden() {
            println!("{message}");
        }
        bar.set_message(message);
        bar.inc(1);
    }
    bar.finish_and_clear();
    println!(
        "{} centers submitted {records} records in {:.1} s: {} created, {} unchanged, {} rejected, {} with queries",
        batches.len(),
        begun.elapsed().as_secs_f64(),
        totals[0],
        totals[1],
        totals[2],
        totals[3]
    );
    Ok(())
}

fn print_reports(remote: &Remote) -> Result<(), Failure> {
    let client = Client::new(remote);
    let manifest = client.post_json("/v1/snapshots", &json!({}))?.success()?.json()?;
    println!("Snapshot {}", manifest.get("snapshot_id").and_then(Value::as_str).unwrap_or_default());
    for (report, parameters) in
        [("survival", json!({})), ("toxicity", json!({})), ("incidence", json!({})), ("adherence", json!({}))]
    {
        let body = reports::request(report, "latest", &json!({}), &parameters).to_string();
        let answer =
            client.post("/v1/reports", "application/json", "text/plain", body.as_bytes())?.success()?;
        println!("\n{}", String::from_utf8_lossy(&answer.body));
    }
    Ok(())
}

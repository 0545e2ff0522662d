//! How the server faces the network: limits, headers, TLS, proxies, and what it never says.

use crate::support::identity_provider::{Key, Provider};
use crate::support::patients::{complete_patient, ndjson, patient};
use crate::support::{Instance, shared, wait_for};
use serde_json::json;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};

#[test]
fn each_caller_has_a_limit_of_its_own_and_is_told_when_to_come_back() {
    let mut instance = Instance::new();
    instance.start_with(&["--rate-limit", "30"]);
    let (one, other) = (instance.caller("auditor", &[]), instance.caller("auditor", &[]));
    for left in (0..30).rev() {
        let answer = one.get("/v1/snapshots");
        answer.expect(200);
        assert_eq!(answer.header("ratelimit-limit"), "30");
        assert_eq!(answer.header("ratelimit-policy"), "\"caller\";q=30;w=60");
        let told: i32 = answer.header("ratelimit-remaining").parse().unwrap();
        assert!((left..=left + 5).contains(&told), "{told} with {left} left");
        assert!(answer.header("ratelimit").starts_with(&format!("\"caller\";r={told};t=")));
    }
    let refused = wait_for("the limit", || Some(one.get("/v1/snapshots")).filter(|a| a.status == 429));
    assert_eq!(refused.json()["type"], "urn:sequela:problem:too-many-requests");
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=2).contains(&wait), "{wait}");
    assert_eq!(refused.header("ratelimit-remaining"), "0");
    other.get("/v1/snapshots").expect(200);
    instance.anonymous().get("/health/ready").expect_status(200);
    std::thread::sleep(std::time::Duration::from_secs(wait));
    one.get("/v1/snapshots").expect(200);

    // Guessing is limited by where it comes from, and holds up no caller with a token.
    let guesses: Vec<u16> = (0..40)
        .map(|n| instance.anonymous().with_token(Some(&format!("seq_{n}"))).get("/v1/snapshots").status)
        .collect();
    assert_eq!(guesses[..30], [401; 30]);
    assert!(guesses[30..].contains(&429), "{guesses:?}");
}

impl crate::support::Answer {
    fn expect_status(&self, status: u16) {
        assert_eq!(self.status, status, "{}", self.text());
    }
}

#[test]
fn every_answer_forbids_browsers_what_they_need_not_do() {
    let center = shared().center();
    let answers = [
        center.submitter.get("/v1/patients"),
        center.submitter.get("/v1/nothing"),
        shared().anonymous().get("/v1/patients"),
        shared().anonymous().get("/health/live"),
        shared().anonymous().get("/docs/"),
    ];
    for answer in &answers {
        let policy = answer.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(answer.header(name), value);
        }
        assert!(answer.headers.get("server").is_none());
        assert!(answer.headers.get("strict-transport-security").is_none(), "not over a line without TLS");
        assert!(answer.headers.get("access-control-allow-origin").is_none());
    }
    // The page may run its own scripts; an answer with data may run nothing.
    assert!(answers[4].header("content-security-policy").contains("script-src 'self';"));
    assert!(!answers[0].header("content-security-policy").contains("script-src"));
    assert_eq!(answers[0].header("cache-control"), "no-store");
}

struct Authority {
    certificate: rcgen::Certificate,
    issuer: rcgen::Issuer<'static, rcgen::KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut parameters = rcgen::CertificateParams::new(Vec::new()).unwrap();
        parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let certificate = parameters.self_signed(&key).unwrap();
        Self { certificate, issuer: rcgen::Issuer::new(parameters, key) }
    }

    /// Writes a certificate for this machine and its key.
    fn issue(&self, chain: &Path, key: &Path) {
        let pair = rcgen::KeyPair::generate().unwrap();
        let parameters =
            rcgen::CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
        let certificate = parameters.signed_by(&pair, &self.issuer).unwrap();
        std::fs::write(key, pair.serialize_pem()).unwrap();
        std::fs::write(chain, certificate.pem()).unwrap();
    }

    /// The status of a request by a client that trusts this authority only; `None` when the connection is refused.
    fn get(&self, url: &str) -> Option<(u16, String)> {
        let root = ureq::tls::Certificate::from_der(self.certificate.der()).to_owned();
        let tls = ureq::tls::TlsConfig::builder().root_certs(ureq::tls::RootCerts::from(vec![root])).build();
        let agent: ureq::Agent =
            ureq::Agent::config_builder().tls_config(tls).http_status_as_error(false).build().into();
        let answer = agent.get(url).call().ok()?;
        let strict =
            answer.headers().get("strict-transport-security").map(|v| v.to_str().unwrap().to_owned());
        Some((answer.status().as_u16(), strict.unwrap_or_default()))
    }
}

fn paths(instance: &Instance) -> (PathBuf, PathBuf) {
    (instance.data_dir().join("tls-cert.pem"), instance.data_dir().join("tls-key.pem"))
}

#[test]
fn https_is_served_with_a_certificate_that_may_change() {
    let mut instance = Instance::new();
    let (first, second) = (Authority::new(), Authority::new());
    let (chain, key) = paths(&instance);
    first.issue(&chain, &key);
    instance.start_with(&["--tls-cert", chain.to_str().unwrap(), "--tls-key", key.to_str().unwrap()]);
    assert!(instance.url.starts_with("https://127.0.0.1:"), "{}", instance.url);
    let live = format!("{}/health/live", instance.url);
    assert_eq!(first.get(&live), Some((200, "max-age=31536000".to_owned())));
    assert_eq!(second.get(&live), None, "a client that does not trust the certificate does not talk");
    // Plain HTTP and nonsense get no answer of the registry, and hold up nobody.
    let address = instance.url.trim_start_matches("https://").to_owned();
    let mut plain = TcpStream::connect(&address).unwrap();
    plain.write_all(b"GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    let mut received = Vec::new();
    let _ = plain.read_to_end(&mut received);
    assert!(!String::from_utf8_lossy(&received).contains("200"), "{received:?}");
    let idle: Vec<TcpStream> = (0..20).map(|_| TcpStream::connect(&address).unwrap()).collect();
    assert_eq!(first.get(&live).map(|(status, _)| status), Some(200));
    drop(idle);

    // Half of a change is not taken up; the whole is.
    std::fs::write(&chain, "nonsense").unwrap();
    wait_for("a word about the faulty certificate", || {
        instance.log().contains("the one before is kept").then_some(())
    });
    assert_eq!(first.get(&live).map(|(status, _)| status), Some(200));
    second.issue(&chain, &key);
    wait_for("the new certificate", || second.get(&live));
    assert_eq!(first.get(&live), None);
    assert!(instance.stop().success());
}

#[test]
fn a_faulty_certificate_stops_the_start() {
    let instance = Instance::new();
    let (chain, key) = paths(&instance);
    Authority::new().issue(&chain, &key);
    let (chain, key) = (chain.to_str().unwrap(), key.to_str().unwrap());
    let other = instance.data_dir().join("other-key.pem");
    std::fs::write(&other, rcgen::KeyPair::generate().unwrap().serialize_pem()).unwrap();
    for arguments in [
        &["--tls-cert", chain][..],
        &["--tls-key", key],
        &["--tls-cert", key, "--tls-key", chain],
        &["--tls-cert", "/no/such/file", "--tls-key", key],
        &["--tls-cert", chain, "--tls-key", other.to_str().unwrap()],
        &["--trusted-proxy", "10.0.0.0/40"],
        &["--rate-limit", "-1"],
    ] {
        let done = instance.command(&[&["serve", "--listen", "127.0.0.1:0"], arguments].concat());
        assert_eq!(done.status.code(), Some(2), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    }
}

#[test]
fn what_a_proxy_says_counts_only_when_it_is_trusted() {
    let guess = |instance: &Instance, from: &str| {
        let headers = [
            ("x-forwarded-for", from),
            ("authorization", "Bearer seq_guess"),
            ("x-forwarded-proto", "https"),
        ];
        instance.anonymous().send("GET", "/v1/snapshots", &headers, &[])
    };
    let mut open = Instance::new();
    open.start_with(&["--rate-limit", "10"]);
    let statuses: Vec<u16> = (0..15).map(|n| guess(&open, &format!("198.51.100.{n}")).status).collect();
    assert!(statuses.contains(&429), "an invented address is not another caller: {statuses:?}");
    assert!(guess(&open, "198.51.100.1").headers.get("strict-transport-security").is_none());
    drop(open);
    let mut behind = Instance::new();
    behind.start_with(&["--rate-limit", "10", "--trusted-proxy", "127.0.0.0/8,::1"]);
    for n in 0..15 {
        let answer = guess(&behind, &format!("6.6.6.6, 198.51.100.{n}"));
        assert_eq!(answer.status, 401, "{n}");
        assert_eq!(answer.header("strict-transport-security"), "max-age=31536000");
    }
    let statuses: Vec<u16> =
        (0..15).map(|n| guess(&behind, &format!("6.6.6.{n}, 198.51.100.77")).status).collect();
    assert!(statuses.contains(&429), "what stands before the proxy's own word may be invented: {statuses:?}");
    assert!(behind.log().contains("198.51.100.77"), "the log tells where requests come from");
}

#[test]
fn no_secret_of_a_whole_session_is_logged() {
    let mut instance = Instance::new();
    let key = Key::es256();
    let provider = Provider::start(vec![key.jwk("1")]);
    let config = instance.data_dir().join("oidc.toml");
    let text =
        format!("issuer = '{}'\naudience = 'sequela'\n[roles]\nsubmitter = 'submitter'\n", provider.url);
    std::fs::write(&config, text).unwrap();
    instance.start_with(&[
        "--oidc",
        config.to_str().unwrap(),
        "--log",
        "trace,hyper=debug",
        "--rate-limit",
        "200",
    ]);
    let center = instance.center();
    let mut secrets: Vec<String> =
        vec![center.submitter.token.clone().unwrap(), instance.admin().token.unwrap()];
    let claims = |exp: i64| json!({ "iss": provider.url, "aud": "sequela", "sub": "s", "exp": chrono::Utc::now().timestamp() + exp, "roles": "submitter", "centers": center.id });
    let tokens = [
        key.token("1", &claims(300)),
        key.token("1", &claims(-300)),
        Key::es256().token("1", &claims(300)),
        key.token("2", &claims(300)),
    ];
    for token in &tokens {
        let client = instance.anonymous().with_token(Some(token));
        client.get("/v1/patients");
        client.post("/v1/patients", &patient("P"));
        // A signature is enough to recognise a token by.
        secrets.push(token.rsplit('.').next().unwrap().to_owned());
    }
    for wrong in ["seq_wrong-secret", "password-of-somebody", "Basic-dXNlcjpwYXNz"] {
        instance.anonymous().with_token(Some(wrong)).get("/v1/patients");
        secrets.push(wrong.to_owned());
    }
    instance.anonymous().get("/v1/patients?access_token=in-the-url-by-mistake");
    secrets.push("in-the-url-by-mistake".to_owned());
    center.submitter.submit("", &ndjson(&complete_patient(61).records)).expect(200);
    for role in ["lead", "auditor", "statistician", "monitor", "sponsor"] {
        let caller = instance.caller(
            role,
            if matches!(role, "lead" | "monitor") { std::slice::from_ref(&center.id) } else { &[] }
                .iter()
                .map(String::as_str)
                .collect::<Vec<_>>()
                .as_slice(),
        );
        caller.get("/v1/patients");
        caller.get("/v1/tokens");
        caller.get("/v1/audit/export");
        caller.post("/v1/snapshots", &json!({}));
        secrets.push(caller.token.unwrap());
    }
    center.submitter.post_with("/v1/patients", &[("idempotency-key", "a-key-of-a-client")], &patient("Q"));
    let sealing = std::fs::read_to_string(instance.data_dir().join("sealing-key.pem")).unwrap();
    secrets.push(sealing.lines().nth(1).unwrap().to_owned());
    assert!(instance.stop().success());
    let database = std::fs::read_to_string(instance.data_dir().join("postgres/postgres.log")).unwrap();
    let log = instance.log();
    assert!(log.contains("answered") && log.len() > 10_000, "the log is that of a whole session");
    for secret in &secrets {
        assert!(secret.len() > 10);
        for (name, text) in [("log", &log), ("log of PostgreSQL", &database)] {
            assert!(!text.contains(secret.as_str()), "{secret} in the {name}");
        }
        let hash = registry::audit::hex(&<sha2::Sha256 as sha2::Digest>::digest(secret.as_bytes()));
        assert!(!log.contains(&hash), "the hash of {secret} in the log");
    }
    for patient in ["P-0001-61", "\"P\""] {
        assert!(!log.contains(patient), "{patient} in the log");
    }
}

//! Bearer tokens of an OpenID Connect provider: which are accepted, what they may do, and every way to forge one.

use crate::support::identity_provider::{Key, Provider, base64url};
use crate::support::patients::{infusion, patient};
use crate::support::sql::texts;
use crate::support::{Answer, Client, Instance, wait_for};
use serde_json::{Value, json};
use std::path::PathBuf;

const CLAIMS: &str = r#"
[claims]
role = "/realm_access/roles"
centers = "/sequela_centers"
products = "/sequela_products"
[roles]
car-t-data-manager = "submitter"
car-t-data-entry = "submitter"
car-t-monitor = "monitor"
car-t-statistician = "statistician"
car-t-sponsor = "sponsor"
car-t-admin = "admin"
"#;

struct Scene {
    instance: Instance,
    provider: Provider,
}

fn configured(instance: &Instance, text: &str) -> PathBuf {
    let path = instance.data_dir().join("oidc.toml");
    std::fs::write(&path, format!("{text}\n{CLAIMS}")).unwrap();
    path
}

impl Scene {
    fn new(keys: Vec<Value>, more: &str) -> Self {
        let mut instance = Instance::new();
        let provider = Provider::start(keys);
        let text = format!("issuer = '{}'\naudience = ['sequela', 'sequela-test']\n{more}", provider.url);
        let path = configured(&instance, &text);
        instance.start_with(&["--oidc", path.to_str().unwrap()]);
        Self { instance, provider }
    }

    fn claims(&self, role: &str, centers: &[&str]) -> Value {
        let now = chrono::Utc::now().timestamp();
        json!({
            "iss": self.provider.url, "aud": "sequela", "sub": "user-1", "preferred_username": "dr.li", "iat": now, "nbf": now, "exp": now + 300,
            "realm_access": { "roles": ["offline_access", role] }, "sequela_centers": centers,
        })
    }

    fn client(&self, token: &str) -> Client {
        self.instance.anonymous().with_token(Some(token))
    }

    fn get(&self, token: &str) -> Answer {
        self.client(token).get("/v1/patients")
    }
}

fn with(claims: &Value, name: &str, value: Value) -> Value {
    let mut claims = claims.clone();
    claims[name] = value;
    claims
}

#[test]
fn a_token_of_the_provider_does_what_its_claims_say() {
    let (ec, ed, rsa) = (Key::es256(), Key::ed_dsa(), Key::rs256());
    let scene = Scene::new(
        vec![ec.jwk("ec"), ed.jwk("ed"), rsa.jwk("rsa"), json!({ "kty": "new", "kid": "later" })],
        "",
    );
    let (own, other) = (scene.instance.center(), scene.instance.center());
    let claims = scene.claims("car-t-data-manager", &[&own.id]);
    for (key, id) in [(&ec, "ec"), (&ed, "ed"), (&rsa, "rsa")] {
        let client = scene.client(&key.token(id, &claims));
        client.post("/v1/patients", &patient(&format!("BY-{id}"))).expect(201);
        client.get("/v1/patients").expect(200);
    }
    let client = scene.client(&ec.token("ec", &claims));
    client.get("/v1/tokens").expect(403);
    client.post("/v1/snapshots", &json!({})).expect(403);
    let theirs = other.submitter.post("/v1/patients", &patient("THEIRS")).expect(201);
    client.get(theirs["location"].as_str().unwrap()).expect(404);
    client.post("/v1/infusions", &infusion("THEIRS")).expect(422);

    // An audience among several, and none of the claims that are not needed.
    let several = with(&claims, "aud", json!(["another", "sequela-test"]));
    scene.get(&ec.token("ec", &several)).expect(200);
    let same_role =
        with(&claims, "realm_access", json!({ "roles": ["car-t-data-entry", "x", "car-t-data-manager"] }));
    scene.get(&ec.token("ec", &same_role)).expect(200);
    let no_kind = ec.token_with(&json!({ "alg": "ES256", "kid": "ec" }), &claims);
    scene.get(&no_kind).expect(200);
    let access_token = ec.token_with(&json!({ "alg": "ES256", "kid": "ec", "typ": "at+jwt" }), &claims);
    scene.get(&access_token).expect(200);
    let no_name = ec.token_with(&json!({ "alg": "ES256" }), &claims);
    scene.get(&no_name).expect(200);

    // Monitors, statisticians, sponsors.
    let both = with(&scene.claims("car-t-monitor", &[&own.id, &other.id]), "sub", json!("user-2"));
    let monitor = scene.client(&ec.token("ec", &both));
    assert_eq!(monitor.get("/v1/patients").expect(200)["items"].as_array().unwrap().len(), 4);
    monitor.post("/v1/patients", &patient("X")).expect(403);
    let statistician = scene.client(&ec.token("ec", &scene.claims("car-t-statistician", &[])));
    statistician.post("/v1/snapshots", &json!({})).expect(201);
    statistician.get("/v1/patients").expect(403);
    let sponsor = with(&scene.claims("car-t-sponsor", &[]), "sequela_products", json!("axi-cel"));
    scene.client(&ec.token("ec", &sponsor)).get("/v1/products").expect(200);

    // Tokens of the registry itself work beside.
    own.submitter.get("/v1/patients").expect(200);
    // The log names the person, and everything stands in it.
    let actors = "select distinct actor::text from audit_entry where subject = 'patient' and action = 'create' and center_id = ";
    let actors = texts(&scene.instance, &format!("{actors} '{}'", own.id));
    assert_eq!(actors.len(), 1, "the same person with three keys");
    let known = texts(
        &scene.instance,
        &format!("select subject || ' ' || label from identity where actor = '{}'", actors[0]),
    );
    assert_eq!(known, ["user-1 dr.li"]);
    let logged =
        format!("select convert_from(payload, 'UTF8') from audit_payload where record_id = '{}'", actors[0]);
    assert!(texts(&scene.instance, &logged)[0].contains(&scene.provider.url));
    scene.instance.assert_intact();
}

#[test]
fn a_forged_or_foreign_token_is_refused_and_the_answer_says_why() {
    let (ec, other, rsa) = (Key::es256(), Key::es256(), Key::rs256());
    let mut encryption = Key::es256().jwk("enc");
    encryption["use"] = json!("enc");
    let secret = json!({ "kty": "oct", "kid": "shared", "k": base64url(b"secret") });
    let scene = Scene::new(vec![ec.jwk("ec"), rsa.jwk("rsa"), encryption, secret], "");
    let center = scene.instance.center();
    let claims = scene.claims("car-t-data-manager", &[&center.id]);
    scene.get(&ec.token("ec", &claims)).expect(200);
    let now = chrono::Utc::now().timestamp();
    let mut no_subject = claims.clone();
    no_subject.as_object_mut().unwrap().shift_remove("sub");
    let mut no_expiry = claims.clone();
    no_expiry.as_object_mut().unwrap().shift_remove("exp");
    let mut no_audience = claims.clone();
    no_audience.as_object_mut().unwrap().shift_remove("aud");
    let head = |alg: &str, kid: &str| json!({ "alg": alg, "kid": kid, "typ": "JWT" });
    let good = ec.token("ec", &claims);
    let parts: Vec<&str> = good.split('.').collect();
    let raised =
        base64url(with(&claims, "realm_access", json!({ "roles": ["car-t-admin"] })).to_string().as_bytes());
    // The public key, in the forms in which a careless server might take it for a shared secret.
    let rsa_public = rsa.jwk("rsa")["n"].as_str().unwrap().to_owned();
    let confused = |secret: &[u8]| {
        let message = format!("{}.{}", base64url(head("HS256", "rsa").to_string().as_bytes()), parts[1]);
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret);
        format!("{message}.{}", base64url(ring::hmac::sign(&key, message.as_bytes()).as_ref()))
    };
    let none = |alg: &str| {
        format!("{}.{}.", base64url(json!({ "alg": alg, "typ": "JWT" }).to_string().as_bytes()), parts[1])
    };
    for (token, said) in [
        (ec.token("ec", &with(&claims, "exp", json!(now - 61))), "expired"),
        (ec.token("ec", &with(&claims, "nbf", json!(now + 90))), "not valid yet"),
        (ec.token("ec", &with(&claims, "aud", json!("another"))), "not for this registry"),
        (ec.token("ec", &with(&claims, "aud", json!([]))), "not for this registry"),
        (
            ec.token("ec", &with(&claims, "iss", json!("https://evil.example.org"))),
            "another identity provider",
        ),
        (ec.token("ec", &with(&claims, "exp", json!("tomorrow"))), "cannot be read"),
        (ec.token("ec", &no_expiry), "lacks one of"),
        (ec.token("ec", &no_subject), "lacks one of"),
        (ec.token("ec", &no_audience), "lacks one of"),
        (ec.token("unknown", &claims), "does not have"),
        (ec.token("enc", &claims), "does not have"),
        (ec.token("rsa", &claims), "does not have"),
        (other.token("ec", &claims), "signature"),
        (ec.token_with(&head("ES384", "ec"), &claims), "not accepted here"),
        (ec.token_with(&json!({ "alg": "ES256", "kid": "ec", "crit": ["exp"] }), &claims), "extension"),
        (
            ec.token_with(&json!({ "alg": "ES256", "kid": "ec", "typ": "logout+jwt" }), &claims),
            "not an access token",
        ),
        (
            ec.token_with(&json!({ "alg": "ES256", "kid": "other", "jwk": other.jwk("other") }), &claims),
            "does not have",
        ),
        (format!("{}.{raised}.{}", parts[0], parts[2]), "signature"),
        (format!("{}.{}.", parts[0], parts[1]), "signature"),
        (format!("{}.{}.{}", parts[0], parts[1], base64url(&[0; 64])), "signature"),
        (confused(b"secret"), "not accepted here"),
        (confused(rsa_public.as_bytes()), "not accepted here"),
        (none("none"), "cannot be read"),
        (none("None"), "cannot be read"),
        (none("nOnE"), "cannot be read"),
        (parts[..2].join("."), "cannot be read"),
        (format!("{good}.{}", parts[2]), "cannot be read"),
        ("x.y.z".to_owned(), "cannot be read"),
        (format!("{good}{}", "A".repeat(20_000)), "too long"),
    ] {
        let answer = scene.get(&token);
        assert_eq!(answer.status, 401, "{said}: {}", answer.text());
        assert!(answer.json()["detail"].as_str().unwrap().contains(said), "{said}: {}", answer.text());
        assert!(!answer.text().contains(&token), "the answer repeats the token");
    }
    // Within the tolerated difference of clocks.
    scene.get(&ec.token("ec", &with(&claims, "exp", json!(now - 30)))).expect(200);
    scene.get(&ec.token("ec", &with(&claims, "nbf", json!(now + 30)))).expect(200);

    // Valid tokens that name nothing which could be done here.
    let role = |roles: Value| with(&claims, "realm_access", json!({ "roles": roles }));
    for (claims, said) in [
        (role(json!([])), "no role"),
        (role(json!(["admin"])), "no role"),
        (role(json!(7)), "no role"),
        (role(json!(["car-t-data-manager", "car-t-admin"])), "several roles"),
        (with(&claims, "sequela_centers", json!([])), "exactly one center"),
        (with(&claims, "sequela_centers", json!([center.id, "T-2"])), "exactly one center"),
        (with(&claims, "sequela_centers", json!("NOWHERE")), "no center"),
        (with(&claims, "sequela_centers", json!("*")), "no center"),
        (with(&claims, "sequela_centers", json!(format!("{},T-2", center.id))), "no center"),
        (with(&scene.claims("car-t-monitor", &[]), "sequela_centers", json!(["*"])), "no center"),
        (scene.claims("car-t-monitor", &[]), "at least one center"),
        (scene.claims("car-t-sponsor", &[]), "at least one product"),
    ] {
        let answer = scene.get(&ec.token("ec", &claims));
        assert_eq!(answer.status, 403, "{said}: {}", answer.text());
        assert!(answer.json()["detail"].as_str().unwrap().contains(said), "{said}: {}", answer.text());
    }
}

#[test]
fn keys_rotate_and_a_withdrawn_key_ends_its_tokens() {
    let (old, new) = (Key::es256(), Key::ed_dsa());
    let scene = Scene::new(vec![old.jwk("1")], "cache_seconds = 1\nmax_stale_seconds = 4");
    let center = scene.instance.center();
    let claims = scene.claims("car-t-data-manager", &[&center.id]);
    scene.get(&old.token("1", &claims)).expect(200);
    scene.get(&new.token("2", &claims)).expect(401);
    scene.provider.publish(vec![old.jwk("1"), new.jwk("2")]);
    wait_for("the new key", || (scene.get(&new.token("2", &claims)).status == 200).then_some(()));
    scene.get(&old.token("1", &claims)).expect(200);
    scene.provider.publish(vec![new.jwk("2")]);
    wait_for("the end of the old key", || (scene.get(&old.token("1", &claims)).status == 401).then_some(()));
    // Another key under the name of an old one.
    let another = Key::es256();
    scene.provider.publish(vec![another.jwk("2")]);
    wait_for("the exchanged key", || (scene.get(&another.token("2", &claims)).status == 200).then_some(()));
    scene.get(&new.token("2", &claims)).expect(401);

    // A provider that does not answer: its keys are used a while longer, then nobody is let in on its word.
    scene.provider.answers(false);
    scene.get(&another.token("2", &claims)).expect(200);
    let refused = wait_for("the keys to be too old", || {
        let answer = scene.get(&another.token("2", &claims));
        (answer.status != 200).then_some(answer)
    });
    assert_eq!(refused.status, 503, "{}", refused.text());
    center.submitter.get("/v1/patients").expect(200);
    scene.provider.answers(true);
    wait_for("the provider", || (scene.get(&another.token("2", &claims)).status == 200).then_some(()));
}

#[test]
fn tokens_with_unknown_keys_do_not_make_the_server_call_the_provider_each_time() {
    let key = Key::es256();
    let scene = Scene::new(vec![key.jwk("1")], "");
    let claims = scene.claims("car-t-statistician", &[]);
    for n in 0..50 {
        scene.get(&key.token(&format!("unknown-{n}"), &claims)).expect(401);
    }
    assert_eq!(scene.provider.asked(), 1);
    scene.get(&key.token("1", &claims)).expect(403);
    assert_eq!(scene.provider.asked(), 1);
}

#[test]
fn keys_may_stand_in_a_file_and_a_faulty_configuration_stops_the_start() {
    let (key, next) = (Key::rs256(), Key::es256());
    let mut instance = Instance::new();
    let keys = instance.data_dir().join("keys.json");
    std::fs::write(&keys, json!({ "keys": [key.jwk("1")] }).to_string()).unwrap();
    let config = |file: &str| {
        format!(
            "issuer = 'https://id.example.org'\naudience = 'sequela'\njwks_file = '{file}'\ncache_seconds = 1"
        )
    };
    let path = configured(&instance, &config(keys.to_str().unwrap()));
    let path = path.to_str().unwrap().to_owned();
    instance.start_with(&["--oidc", &path]);
    let claims = json!({ "iss": "https://id.example.org", "aud": "sequela", "sub": "s", "exp": chrono::Utc::now().timestamp() + 99, "realm_access": { "roles": "car-t-statistician" } });
    let get = |instance: &Instance, token: &str| {
        instance.anonymous().with_token(Some(token)).get("/v1/snapshots").status
    };
    assert_eq!(get(&instance, &key.token("1", &claims)), 200);
    std::fs::write(&keys, json!({ "keys": [next.jwk("2")] }).to_string()).unwrap();
    wait_for("the new file", || (get(&instance, &next.token("2", &claims)) == 200).then_some(()));
    assert_eq!(get(&instance, &key.token("1", &claims)), 401);
    assert!(instance.stop().success());

    let serve = |path: &str| instance.command(&["serve", "--listen", "127.0.0.1:0", "--oidc", path]);
    for (text, said) in [
        (config("/no/such/file"), "/no/such/file"),
        (config(keys.to_str().unwrap()).replace("jwks_file", "algorithms = ['HS256']\njwks_file"), "HS256"),
        ("issuer = 'http://id.example.org'\naudience = 'x'".to_owned(), "https://"),
        ("issuer = 'https://id.example.org'".to_owned(), "audience"),
        ("nonsense".to_owned(), "oidc.toml"),
    ] {
        configured(&instance, &text);
        let done = serve(&path);
        let told = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.code(), Some(2), "{text}: {told}");
        assert!(told.contains(said), "{said}: {told}");
    }
    assert_eq!(serve("/no/such/config").status.code(), Some(2));
}

#[test]
fn scopes_of_the_provider_limit_its_tokens_when_they_are_configured() {
    let key = Key::es256();
    let mut instance = Instance::new();
    let provider = Provider::start(vec![key.jwk("1")]);
    let text = format!("issuer = '{}'\naudience = 'sequela'\n", provider.url);
    let path = instance.data_dir().join("oidc.toml");
    std::fs::write(&path, text + &CLAIMS.replace("[claims]", "[claims]\nscopes = \"/scope\"")).unwrap();
    instance.start_with(&["--oidc", path.to_str().unwrap()]);
    let center = instance.center();
    let scene = Scene { instance, provider };
    let claims = scene.claims("car-t-data-manager", &[&center.id]);
    let scoped = |scope: &str| scene.client(&key.token("1", &with(&claims, "scope", json!(scope))));
    scoped("openid records:read").get("/v1/patients").expect(200);
    let refused = scoped("openid records:read").post("/v1/patients", &patient("P"));
    refused.expect(403);
    assert_eq!(refused.json()["type"], "urn:sequela:problem:scope");
    scoped("records:read records:write").post("/v1/patients", &patient("P")).expect(201);
    scoped("openid profile").get("/v1/patients").expect(403);
    scene.get(&key.token("1", &claims)).expect(403);
}

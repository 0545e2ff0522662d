fn main() {
    let old = [
        "center",
        "product",
        "patient",
        "disease",
        "lymphodepletion",
        "infusion",
        "daily_toxicity",
        "response",
        "survival_status",
    ];
    let added: &[(&str, &[&str])] = &[("patient", &["race_ethnicity", "pseudonym_version"])];
    let _ = added;
    for form in clinical::forms::ALL {
        if !old.contains(&form.name) {
            println!("{}", registry::ddl::create_table(form));
        }
    }
    println!("--ALTER");
    for form in clinical::forms::ALL {
        if old.contains(&form.name) && form.version > 1 {
            println!("--FORM {}", form.name);
            println!("{}", registry::ddl::create_table(form));
        }
    }
}

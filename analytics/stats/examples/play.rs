fn main() {
    let c = match <stats::Invocation as clap::Parser>::try_parse() { Ok(c) => c, Err(e) => { match stats::StatsError::from_arguments(&e) { Some(p) => { eprintln!("{p}"); std::process::exit(2) } None => e.exit() } } };
    match stats::run(&c.command, &mut std::io::stdout(), &mut std::io::stdin()) {
        Ok(s) => { for n in s.notes() { eprintln!("note: {n}"); } std::process::exit(i32::from(s.code())) }
        Err(e) => { eprintln!("{e}"); std::process::exit(i32::from(e.exit_code())) }
    }
}

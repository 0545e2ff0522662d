//! Splitting independent work over the cores. Results come back in the order of the parts, so that nothing depends on
//! the number of threads.

/// Rows a thread must have to be worth its start (some 20 µs).
const ROWS_PER_THREAD: usize = 1 << 17;

/// Threads worth using for `rows` rows of counting work on this machine.
pub(crate) fn threads(rows: usize) -> usize {
    let wanted = rows / ROWS_PER_THREAD;
    if wanted <= 1 {
        return 1;
    }
    std::thread::available_parallelism().map_or(1, usize::from).min(wanted)
}

/// `f(0), f(1), ...` for all parts, on at most `threads` threads.
pub(crate) fn parallel<R: Send>(parts: usize, threads: usize, f: impl Fn(usize) -> R + Sync) -> Vec<R> {
    let threads = threads.min(parts);
    if threads <= 1 {
        return (0..parts).map(f).collect();
    }
    let size = parts.div_ceil(threads);
    let run =
        |thread: usize| -> Vec<R> { (thread * size..((thread + 1) * size).min(parts)).map(&f).collect() };
    std::thread::scope(|scope| {
        let run = &run;
        let workers: Vec<_> = (1..threads).map(|thread| scope.spawn(move || run(thread))).collect();
        let mut all = run(0);
        for worker in workers {
            match worker.join() {
                Ok(part) => all.extend(part),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        all
    })
}

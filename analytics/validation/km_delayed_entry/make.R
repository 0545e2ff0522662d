# Simulated: days from diagnosis, seen from infusion on; whole days, so with ties; a few rows that cannot be at risk.
source("../_lib.R"); set.seed(20250301); n <- 240
entry <- as.integer(round(rexp(n, 1/40))); death <- entry + 1L + as.integer(round(rweibull(n, 1.2, 400))); censor <- entry + 1L + as.integer(round(runif(n, 50, 700)))
d <- data.frame(id = seq_len(n), arm = rep(c("a", "b"), n / 2), entry = entry, time = pmin(death, censor), event = as.integer(death <= censor), weight = sample(1:3, n, TRUE)); d$time[c(5, 60, 61)] <- d$entry[c(5, 60, 61)]; write_input(d)
case("Kaplan-Meier with delayed entry, and with case weights", "km", "simulated by make.R", "CC0")
source_of("r", paste("R", r_version(), "survfit(Surv(entry, time, event)); rows with entry >= time removed first"))
k <- d[d$entry < d$time, ]; at <- c(60, 180, 365)
for (ci in c("log-log", "log", "plain")) { run(paste0("entry-", ci), paste("--time time --event event --entry entry --group arm --conf-type", ci, "--at 60,180,365"))
  for (g in c("a", "b")) { f <- survfit(Surv(entry, time, event) ~ 1, k[k$arm == g, ], conf.type = ci); km_at(f, g, at, "r", c("surv", "std_err", "lower", "upper")); km_quantiles(f, g, "r"); fig(paste0("/groups/group=", g, "/person_time"), sum((k$time - k$entry)[k$arm == g]), "r", relative = 1e-12); i <- which(f$time == max(f$time[f$n.event > 0 & f$time < 200])); fig(paste0("/groups/group=", g, "/curve/time=", f$time[i], "/n_risk"), f$n.risk[i], "r", relative = 0); fig(paste0("/groups/group=", g, "/curve/time=", f$time[i], "/cumhaz"), f$cumhaz[i], "r", relative = 1e-9) }
  fig("/excluded/0/n", 3, "r", relative = 0) }
run("weights", "--time time --event event --group arm --weight weight --at 60,180,365"); for (g in c("a", "b")) { f <- survfit(Surv(time, event) ~ 1, d[d$arm == g, ], weights = weight, conf.type = "log-log"); km_at(f, g, at, "r", c("surv", "n_risk")) }
write_case()

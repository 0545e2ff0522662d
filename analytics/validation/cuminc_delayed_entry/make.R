source("../_lib.R"); suppressMessages(library(etm)); set.seed(2718); n <- 200
entry <- round(runif(n, 0, 20), 1); t <- round(entry + .1 + rexp(n, .02), 1); cens <- round(entry + .1 + runif(n, 5, 80), 1); d <- data.frame(entry = entry, time = pmin(t, cens), cause = ifelse(t <= cens, sample(1:2, n, TRUE, c(.6, .4)), 0L)); d <- d[d$entry < d$time, ]; write_input(d); at <- c(10, 20, 40, 60)
case("Cumulative incidence with delayed entry", "cuminc", "simulated by make.R", "CC0"); source_of("etm", paste("R", r_version("etm"), "etmCIF with entry: Greenwood variance"))
run("greenwood", "--time time --cause cause --entry entry --variance greenwood --at 10,20,40,60"); e <- etmCIF(Surv(entry, time, cause != 0) ~ 1, data = d, etype = cause, failcode = 1:2)
for (k in 1:2) { q <- summary(e, ci.fun = "cloglog")[[1]][[paste("CIF", k)]]; for (u in at) { row <- q[max(which(q$time <= u)), ]; p <- paste0("/groups/0/causes/cause=", k, "/at/time=", u, "/"); fig(paste0(p, "cif"), row$P, "etm", relative = 1e-9); fig(paste0(p, "std_err"), sqrt(row$var), "etm", relative = 1e-8) } }
write_case()

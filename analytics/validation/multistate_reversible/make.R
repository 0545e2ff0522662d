# Response that can be lost and regained, death from either: occupation is not monotone. Untied times.
source("../_lib.R"); suppressMessages(library(etm)); set.seed(2024); n <- 120; rows <- list(); name <- c("a_active", "b_response", "c_death"); used <- 0
for (i in 1:n) { end <- runif(1, 10, 60); t <- 0; s <- 1
  repeat { other <- rexp(1, c(.10, .05)[s]); die <- rexp(1, c(.02, .005)[s]); u <- round(t + min(other, die), 5); if (u >= end || u <= t) { rows[[length(rows) + 1]] <- data.frame(id = i, from = name[s], to = name[s], start = t, stop = round(max(end, t + .00001), 5)); break }
    to <- if (die < other) 3 else 3 - s; rows[[length(rows) + 1]] <- data.frame(id = i, from = name[s], to = name[to], start = t, stop = u); if (to == 3) break; t <- u; s <- to } }
d <- do.call(rbind, rows); stopifnot(!anyDuplicated(d$stop)); write_input(d); case("Multistate Aalen-Johansen with a reversible state", "multistate", "simulated by make.R", "CC0"); source_of("etm", paste("R", r_version("etm"), "etm with covariance (Greenwood-type)"))
tra <- matrix(FALSE, 3, 3, dimnames = list(name, name)); tra[1, 2] <- tra[2, 1] <- tra[1, 3] <- tra[2, 3] <- TRUE; e <- data.frame(id = d$id, from = d$from, to = ifelse(d$to == d$from, "cens", d$to), entry = d$start, exit = d$stop)
for (s in c(0, 10)) { run(paste0("from-", s), paste0("--id id --from from --to to --start start --stop stop --initial a_active", if (s) paste0(" --from-time ", s) else "", " --at 15,30,45")); z <- etm(e, name, tra, "cens", s = s, t = "last", covariance = TRUE)
  for (u in c(15, 30, 45)) { j <- max(which(z$time <= u)); for (k in name) { fig(paste0("/at/time=", u, "/probability/", k), z$est["a_active", k, j], "etm", relative = 1e-9); fig(paste0("/at/time=", u, "/std_err/", k), sqrt(z$cov[paste("a_active", k), paste("a_active", k), j]), "etm", relative = 1e-7) } } }
write_case()

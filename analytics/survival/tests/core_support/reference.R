# Reference values of tests/core_reference.rs on simulated data. Run: Rscript reference.R > reference.json
# R 4.2, survival 3.5-3, cmprsk 2.2-11, etm 1.1.1 (Debian 12).
suppressMessages({library(survival); library(cmprsk); library(etm)})
num <- function(v) if (is.na(v)) "null" else if (v == Inf) "\"Inf\"" else sprintf("%.17g", v)
js <- function(x) {
  if (is.null(x)) "null" else if (is.list(x)) paste0("{", paste0("\"", names(x), "\":", vapply(x, js, ""), collapse = ",\n"), "}")
  else if (is.matrix(x)) paste0("[", paste(apply(x, 1, js), collapse = ","), "]")
  else paste0("[", paste(vapply(as.numeric(x), num, ""), collapse = ","), "]") }
set.seed(20261123)
out <- list()

# Heavy ties, three causes, four groups, two strata.
n <- 240; group <- sample(0:3, n, TRUE); stratum <- sample(0:1, n, TRUE)
time <- pmin(ceiling(rexp(n, (1 + group / 4) / 15)), 30); cause <- ifelse(time == 30, 0, sample(0:3, n, TRUE, c(.2, .4, .25, .15)))
at <- c(1, 5, 10, 20, 29); ci <- cuminc(time, cause, cencode = 0); tp <- timepoints(ci, at)
out$ties <- list(time = time, cause = cause, group = group, stratum = stratum, at = at, cif = tp$est, var = tp$var)
dd <- data.frame(id = seq_len(n), from = "0", to = ifelse(cause == 0, "cens", as.character(cause)), time = time)
tra <- matrix(FALSE, 4, 4); tra[1, -1] <- TRUE; e <- etm(dd, as.character(0:3), tra, "cens", s = 0)
j <- vapply(at, function(u) max(which(e$time <= u)), 1L); nm <- paste("0", 1:3)
out$ties$etm_var <- t(vapply(nm, function(k) e$cov[k, k, j], at))
for (rho in c(0, .5, 1, -1)) out$ties[[paste0("gray_", rho)]] <- cuminc(time, cause, group, rho = rho, cencode = 0)$Tests
out$ties$gray_strata <- cuminc(time, cause, group, stratum, cencode = 0)$Tests
any <- as.integer(cause > 0)
lr <- function(f) list(chisq = f$chisq, obs = if (is.matrix(f$obs)) rowSums(f$obs) else f$obs, exp = if (is.matrix(f$exp)) rowSums(f$exp) else f$exp, var = f$var)
out$ties$logrank <- lr(survdiff(Surv(time, any) ~ group)); out$ties$peto <- list(chisq = survdiff(Surv(time, any) ~ group, rho = 1)$chisq)
out$ties$logrank_strata <- lr(survdiff(Surv(time, any) ~ group + strata(stratum)))

# Continuous times in three groups, one small.
m <- 90; g3 <- c(rep(0, 50), rep(1, 36), rep(2, 4)); t3 <- rexp(m, (1 + g3) / 700); c3 <- sample(0:2, m, TRUE, c(.3, .4, .3))
ci <- cuminc(t3, c3, g3, cencode = 0); out$continuous <- list(time = t3, cause = c3, group = g3, gray = ci$Tests)
tp <- timepoints(cuminc(t3, c3, cencode = 0), c(100, 400, 800)); out$continuous$cif <- tp$est; out$continuous$var <- tp$var

# Delayed entry with an early small risk set, ties of entries with events.
k <- 150; entry <- floor(runif(k, 0, 40)); exit <- entry + ceiling(rexp(k, 1 / 25)); d <- rbinom(k, 1, .7); w <- sample(1:4, k, TRUE); v <- round(runif(k, .1, 3), 3)
tab <- function(f) list(time = f$time, n_risk = f$n.risk, n_event = f$n.event, n_censor = f$n.censor, surv = f$surv, std_err = f$surv * f$std.err, cumhaz = f$cumhaz, cumhaz_std_err = f$std.chaz)
p <- c(.05, .1, .25, .4, .5, .6, .75, .9, .95)
out$late <- list(entry = entry, exit = exit, event = d, weight = w, p = p)
f <- survfit(Surv(entry, exit, d) ~ 1); out$late$km <- tab(f)
for (ct in c("plain", "log", "log-log", "logit", "arcsin")) { q <- quantile(survfit(Surv(entry, exit, d) ~ 1, conf.type = ct), p); out$late[[paste0("q_", ct)]] <- rbind(q$quantile, q$lower, q$upper) }
out$late$from20 <- tab(survfit(Surv(entry, exit, d) ~ 1, start.time = 20))
out$late$weighted <- tab(survfit(Surv(entry, exit, d) ~ 1, weights = w, robust = FALSE))
# Weights that are not numbers of subjects: infinitesimal jackknife (std.err is that of S there).
x <- exit - entry; f <- survfit(Surv(x, d) ~ 1, weights = v, conf.type = "log-log"); z <- tab(f); z$std_err <- f$std.err; z$lower <- f$lower; z$upper <- f$upper
out$fractional <- c(list(exit = x, event = d, weight = v), z)
c2 <- ifelse(d == 1, sample(1:2, k, TRUE), 0); out$late$cause <- c2
dl <- data.frame(id = seq_len(k), from = "0", to = ifelse(c2 == 0, "cens", as.character(c2)), entry = entry, exit = exit)
tra <- matrix(FALSE, 3, 3); tra[1, -1] <- TRUE; e <- etm(dl, as.character(0:2), tra, "cens", s = 0); j <- vapply(c(10, 30, 60), function(u) max(which(e$time <= u)), 1L)
out$late$cif <- t(vapply(1:2, function(z) e$est["0", as.character(z), j], numeric(3))); out$late$etm_var <- t(vapply(paste("0", 1:2), function(z) e$cov[z, z, j], numeric(3)))

# A small sample: limits that are not monotone, plateaus at the quantiles.
ts <- c(2, 3, 3, 5, 8, 9, 12, 12, 14, 20); ds <- c(1, 1, 0, 1, 0, 1, 1, 0, 1, 0)
out$small <- list(time = ts, event = ds, p = c(.1, .2, .3, .4, .5, .6, .7, .8, .9))
for (ct in c("plain", "log", "log-log", "logit", "arcsin")) for (cl in c(.5, .8, .95)) { f <- survfit(Surv(ts, ds) ~ 1, conf.type = ct, conf.int = cl); q <- quantile(f, out$small$p); out$small[[paste0(ct, "_", cl)]] <- rbind(q$quantile, q$lower, q$upper) }

# Rates and proportions.
pt <- list(); for (x in list(c(3, 30, 0, 35), c(12, 400.5, 25, 380), c(0, 10, 5, 20), c(7, 50, 7, 50), c(140, 1000, 90, 1100))) { z <- poisson.test(c(x[1], x[3]), c(x[2], x[4])); pt[[length(pt) + 1]] <- c(x, z$estimate, z$conf.int, z$p.value) }
out$rate_ratio <- do.call(rbind, pt)
pr <- list(); for (x in list(c(0, 20), c(3, 20), c(20, 20), c(57, 200))) { b <- binom.test(x[1], x[2])$conf.int; s <- suppressWarnings(prop.test(x[1], x[2], correct = FALSE)$conf.int); pr[[length(pr) + 1]] <- c(x, b, s) }
out$proportion <- do.call(rbind, pr)
cat(js(out), "\n")

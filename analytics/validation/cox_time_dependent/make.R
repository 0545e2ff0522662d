# A covariate that switches on during follow-up: one row per interval, on strictly after its interval starts.
source("../_lib.R"); set.seed(8); n <- 180
age <- round(rnorm(n), 2); switch_day <- 1 + floor(rexp(n, .02)); t0 <- 1 + floor(rexp(n, .012 * exp(.4 * age))); late <- switch_day < t0; t <- ifelse(late, switch_day + 1 + floor((t0 - switch_day) / 2), t0); cens <- 1 + floor(runif(n, 30, 300)); end <- pmin(t, cens); ev <- as.integer(t <= cens)
rows <- do.call(rbind, lapply(1:n, function(i) if (switch_day[i] < end[i]) data.frame(id = i, start = c(0, switch_day[i]), stop = c(switch_day[i], end[i]), event = c(0, ev[i]), gvhd = 0:1, age = age[i]) else data.frame(id = i, start = 0, stop = end[i], event = ev[i], gvhd = 0, age = age[i]))); write_input(rows)
case("Cox regression with a time-dependent covariate as rows", "cox", "simulated by make.R", "CC0"); source_of("r", paste("R", r_version(), "coxph(Surv(start, stop, event)), iterated to 1e-11"))
ctl <- coxph.control(eps = 1e-11, iter.max = 50)
for (ties in c("efron", "breslow")) { run(ties, paste("--entry start --time stop --event event --covariates gvhd,age --ties", ties)); f <- coxph(Surv(start, stop, event) ~ gvhd + age, rows, ties = ties, control = ctl); cox_figures(f, "r") }
run("robust", "--entry start --time stop --event event --covariates gvhd,age --cluster id"); f <- coxph(Surv(start, stop, event) ~ gvhd + age, rows, cluster = id, control = ctl); cox_figures(f, "r", robust = TRUE, tests = FALSE)
write_case()

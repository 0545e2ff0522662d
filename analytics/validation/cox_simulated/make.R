# Four covariates, whole days with ties, strata, clusters, weights, delayed entry and a covariate that changes with time.
source("../_lib.R"); set.seed(31415); n <- 250
age <- round(rnorm(n, 55, 9)); high <- rbinom(n, 1, .4); ldh <- round(rlnorm(n, 0, .6), 3); stage <- sample(c("I", "II", "III"), n, TRUE); site <- sample(paste0("s", 1:3), n, TRUE); center <- sample(1:25, n, TRUE); w <- sample(1:3, n, TRUE)
lp <- .03 * (age - 55) + .5 * high + .25 * ldh + c(I = 0, II = .3, III = .7)[stage]; entry <- floor(runif(n, 0, 40)); t <- entry + 1 + floor(rexp(n, .006 * exp(lp))); cens <- entry + 1 + floor(runif(n, 60, 500))
d <- data.frame(id = 1:n, age, high, ldh, stage, site, center, weight = w, entry, day = pmin(t, cens), event = as.integer(t <= cens)); write_input(d)
case("Cox regression: ties, factors, strata, robust variance, weights, delayed entry, proportional hazards", "cox", "simulated by make.R", "CC0"); source_of("r", paste("R", r_version(), "coxph iterated to 1e-11, concordance, cox.zph(transform = km), basehaz(centered = FALSE)"))
ctl <- coxph.control(eps = 1e-11, iter.max = 50); base <- "--time day --event event --covariates"
for (ties in c("efron", "breslow")) { run(ties, paste(base, "age,high,ldh --zph --ties", ties)); f <- coxph(Surv(day, event) ~ age + high + ldh, d, ties = ties, control = ctl, x = TRUE); cox_figures(f, "r"); concordance_figures(f, "r"); zph_figures(f, "r"); b <- basehaz(f, centered = FALSE); for (u in unlist(lapply(c(50, 150, 300), function(v) max(d$day[d$event == 1 & d$day <= v])))) fig(paste0("/baseline/time=", u, "/cumhaz"), b$hazard[b$time == u], "r", relative = 1e-6) }
run("factor", paste(base, "age,stage=I --ties efron")); f <- coxph(Surv(day, event) ~ age + factor(stage), d, control = ctl); cox_figures(f, "r")
run("strata", paste(base, "age,high,ldh --strata site --zph")); f <- coxph(Surv(day, event) ~ age + high + ldh + strata(site), d, control = ctl); cox_figures(f, "r"); concordance_figures(f, "r"); zph_figures(f, "r")
run("cluster", paste(base, "age,high,ldh --cluster center")); f <- coxph(Surv(day, event) ~ age + high + ldh, d, cluster = center, control = ctl); cox_figures(f, "r", robust = TRUE, tests = FALSE)
for (ties in c("efron", "breslow")) { run(paste0("weight-", ties), paste(base, "age,high,ldh --weight weight --cluster id --ties", ties)); f <- coxph(Surv(day, event) ~ age + high + ldh, d, weights = weight, cluster = id, ties = ties, control = ctl); cox_figures(f, "r", robust = TRUE, tests = FALSE) }
for (ties in c("efron", "breslow")) { run(paste0("entry-", ties), paste(base, "age,high,ldh --entry entry --strata site --ties", ties)); f <- coxph(Surv(entry, day, event) ~ age + high + ldh + strata(site), d, ties = ties, control = ctl); cox_figures(f, "r"); concordance_figures(f, "r") }
write_case()

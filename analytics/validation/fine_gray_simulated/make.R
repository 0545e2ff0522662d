# Times without ties: there every convention for tied censorings gives the same fit.
source("../_lib.R"); suppressMessages(library(cmprsk)); set.seed(1234); n <- 220
x1 <- round(rnorm(n), 2); x2 <- rbinom(n, 1, .5); t <- rexp(n, .08 * exp(.4 * x1 - .5 * x2)); cause <- ifelse(runif(n) < plogis(.2 + .5 * x2), 1L, 2L); cens <- runif(n, 1, 30); tt <- round(pmin(t, cens), 6); stopifnot(!anyDuplicated(tt))
d <- data.frame(time = tt, cause = ifelse(t <= cens, cause, 0L), x1, x2); write_input(d)
case("Fine-Gray regression", "fine-gray", "simulated by make.R", "CC0"); source_of("crr", paste("R", r_version("cmprsk"), "crr, iterated to 1e-11")); source_of("finegray", paste("R", r_version(), "finegray() and coxph, Breslow ties, variance clustered on the subject"))
for (k in 1:2) { run(paste0("cause-", k), paste("--time time --cause cause --of", k, "--covariates x1,x2")); f <- crr(d$time, d$cause, cbind(x1, x2), failcode = k, gtol = 1e-13, maxiter = 50); d$id <- 1:n
  g <- finegray(Surv(time, factor(cause, 0:2)) ~ x1 + x2 + id, data = d, etype = as.character(k), id = id); h <- coxph(Surv(fgstart, fgstop, fgstatus) ~ x1 + x2, g, weights = fgwt, cluster = g$id, ties = "breslow", control = coxph.control(eps = 1e-11, iter.max = 50)); stopifnot(max(abs(coef(h) - f$coef)) < 1e-7)
  for (i in 1:2) { fig(paste0("/coefficients/", i - 1, "/coef"), f$coef[[i]], "crr", relative = 1e-6); fig(paste0("/coefficients/", i - 1, "/exp_coef"), exp(f$coef[[i]]), "crr", relative = 1e-6)
    # crr's variance includes the estimation of the censoring distribution, the clustered one does not; they are up to
    # 0.4 % apart here, and either is accepted.
    for (v in list(list("crr", f$var[i, i]), list("finegray", h$var[i, i]))) fig(paste0("/coefficients/", i - 1, "/robust_std_err"), sqrt(v[[2]]), v[[1]], relative = .005) }
  fig("/loglik/model", f$loglik, "crr", relative = 1e-9); fig("/loglik/null", f$loglik.null, "crr", relative = 1e-9) }
write_case()

# Restricted mean survival time of two arms: each, their difference and ratio.
source("../_lib.R"); set.seed(411); n <- 160
arm <- rep(0:1, n / 2); t <- rweibull(n, 1.1, ifelse(arm == 1, 30, 20)); c <- runif(n, 6, 60); d <- data.frame(arm = arm, months = round(pmin(t, c), 2), death = as.integer(t <= c)); write_input(d)
case("Restricted mean survival time, difference and ratio", "km", "simulated by make.R", "CC0")
source_of("r", paste("R", r_version(), "summary(survfit, rmean) per arm; difference and log ratio by the delta method, Royston & Parmar 2013"))
for (tau in c(12, 36)) { run(paste0("tau-", tau), paste("--time months --event death --group arm --rmst", tau)); z <- qnorm(.975)
  r <- sapply(0:1, function(g) { t <- summary(survfit(Surv(months, death) ~ 1, d[d$arm == g, ]), rmean = tau)$table; c(t[["rmean"]], t[["se(rmean)"]]) })
  for (g in 0:1) { p <- paste0("/groups/group=", g, "/rmst/"); m <- r[1, g + 1]; s <- r[2, g + 1]; figs(paste0(p, c("value", "std_err", "lower", "upper")), c(m, s, m - z * s, m + z * s), source = "r", relative = 1e-9) }
  D <- r[1, 2] - r[1, 1]; s <- sqrt(sum(r[2, ]^2)); figs(paste0("/rmst_difference/", c("value", "std_err", "lower", "upper")), c(D, s, D - z * s, D + z * s), source = "r", relative = 1e-8); fig("/rmst_difference/p", 2 * pnorm(-abs(D / s)), "r", relative = 1e-7)
  L <- log(r[1, 2] / r[1, 1]); s <- sqrt(sum((r[2, ] / r[1, ])^2)); figs(paste0("/rmst_ratio/", c("value", "lower", "upper")), exp(c(L, L - z * s, L + z * s)), source = "r", relative = 1e-8); fig("/rmst_ratio/p", 2 * pnorm(-abs(L / s)), "r", relative = 1e-7) }
write_case()

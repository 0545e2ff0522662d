# Maintenance chemotherapy in acute myelogenous leukemia.
source("../_lib.R")
d <- data.frame(group = rep(c("maintained", "nonmaintained"), c(11, 12)), weeks = c(9, 13, 13, 18, 23, 28, 31, 34, 45, 48, 161, 5, 5, 8, 8, 12, 16, 23, 27, 30, 33, 43, 45), relapse = c(1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 0, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1)); write_input(d)
case("Kaplan-Meier and conditional survival, maintenance in AML", "km", "S. H. Embury et al., West J Med 126 (1977) 267-272; table 1 of R. G. Miller, Survival Analysis, 1981, p. 49", "published table, facts")
source_of("book", "R. G. Miller, Survival Analysis, Wiley 1981, p. 49-50 (printed)"); source_of("r", paste("R", r_version(), "survfit"))
m <- d[d$group == "maintained", ]; f <- survfit(Surv(weeks, relapse) ~ 1, m, conf.type = "log"); at <- c(9, 13, 18, 23, 31, 34, 48)
run("log", "--time weeks --event relapse --group group --conf-type log --at 9,13,18,23,31,34,48"); km_at(f, "maintained", at, "r"); km_quantiles(f, "maintained", "r"); s <- summary(f, times = at)
for (i in seq_along(at)) printed(group_at("maintained", at[i], "surv"), c(.91, .82, .72, .61, .49, .37, .18)[i], s$surv[i], 2, "book")
f2 <- survfit(Surv(weeks, relapse) ~ 1, d[d$group == "nonmaintained", ], conf.type = "log"); km_at(f2, "nonmaintained", c(9, 13, 18, 23, 31, 34), "r"); km_quantiles(f2, "nonmaintained", "r")
printed("/groups/group=maintained/quantiles/p=0.5/value", 31, quantile(f, .5)$quantile, 0, "book"); printed("/groups/group=nonmaintained/quantiles/p=0.5/value", 23, quantile(f2, .5)$quantile, 0, "book")
# Survival given alive after week 13: those still at risk after it.
g <- survfit(Surv(weeks, relapse) ~ 1, m[m$weeks > 13, ], conf.type = "log-log"); run("conditional", "--time weeks --event relapse --group group --from 13 --at 23,34,48"); km_at(g, "maintained", c(23, 34, 48), "r", c("surv", "std_err"))
write_case()

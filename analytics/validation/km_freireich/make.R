# Remissions of children with acute leukemia on 6-mercaptopurine or placebo.
source("../_lib.R")
time <- c(6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35, 1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23)
relapse <- c(1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, rep(1, 21))
d <- data.frame(treatment = rep(c("6-MP", "placebo"), each = 21), weeks = time, relapse = relapse); write_input(d)
case("Kaplan-Meier, remission times of Freireich et al. 1963", "km", "E. J. Freireich et al., Blood 21 (1963) 699-716; table 1.1 of Klein & Moeschberger", "published table, facts")
source_of("book", "J. P. Klein, M. L. Moeschberger, Survival Analysis, 2nd ed. 2003, table 4.1 (printed to three decimals)")
source_of("r", paste("R", r_version(), "survfit"))
times <- c(6, 7, 10, 13, 16, 22, 23)
for (ci in c("log-log", "log", "plain", "logit", "arcsin")) {
  run(ci, paste("--time weeks --event relapse --group treatment --conf-type", ci, "--at 6,7,10,13,16,22,23"))
  for (g in unique(d$treatment)) { k <- d$treatment == g; f <- survfit(Surv(weeks, relapse) ~ 1, d[k, ], conf.type = ci)
    km_at(f, g, if (g == "6-MP") times else times[1:6], "r"); km_quantiles(f, g, "r")
    fig(paste0("/groups/group=", g, "/n"), sum(k), "r", relative = 0); fig(paste0("/groups/group=", g, "/events"), sum(d$relapse[k]), "r", relative = 0)
    fig(paste0("/groups/group=", g, "/person_time"), sum(d$weeks[k]), "r", relative = 1e-12)
    i <- match(10, f$time); if (g == "6-MP") { fig("/groups/group=6-MP/curve/time=10/cumhaz", f$cumhaz[i], "r", relative = 1e-9); fig("/groups/group=6-MP/curve/time=10/cumhaz_std_err", f$std.chaz[i], "r", relative = 1e-9); fig("/groups/group=6-MP/curve/time=10/n_censor", f$n.censor[i], "r", relative = 0) } }
  if (ci == "log-log") { k <- d$treatment == "6-MP"; reverse_km(d$weeks[k], d$relapse[k], "6-MP", "r"); s <- summary(survfit(Surv(weeks, relapse) ~ 1, d[k, ]), times = times)
    for (i in 1:7) { printed(group_at("6-MP", times[i], "surv"), c(.857, .807, .753, .690, .627, .538, .448)[i], s$surv[i], 3, "book"); printed(group_at("6-MP", times[i], "std_err"), c(.076, .087, .096, .107, .114, .128, .135)[i], s$std.err[i], 3, "book") } }
}
# The last placebo death takes the curve to 0: standard error and limits are undefined there.
source_of("definition", "S = 0: the Greenwood term divides by 0; undefined is null")
run("end", "--time weeks --event relapse --group treatment --at 23"); fig(group_at("placebo", 23, "surv"), 0, "definition", absolute = 0); for (v in c("lower", "upper")) fig(group_at("placebo", 23, v), NA, "definition", relative = 0)
write_case()

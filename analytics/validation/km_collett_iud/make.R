# Weeks to discontinuation of an intrauterine device, 18 women.
source("../_lib.R")
d <- data.frame(weeks = c(10, 13, 18, 19, 23, 30, 36, 38, 54, 56, 59, 75, 93, 97, 104, 107, 107, 107), event = c(1, 0, 0, 1, 0, 1, 1, 0, 0, 0, 1, 1, 1, 1, 0, 1, 0, 0)); write_input(d)
case("Kaplan-Meier without groups, discontinuation of an IUD", "km", "D. Collett, Modelling Survival Data in Medical Research, 3rd ed. 2015, table 1.1 (WHO 1987)", "published table, facts")
source_of("book", "Collett, table 2.2 and example 2.4 (printed to four decimals)"); source_of("r", paste("R", r_version(), "survfit"))
f <- survfit(Surv(weeks, event) ~ 1, d, conf.type = "plain"); at <- c(10, 19, 30, 36, 59, 75, 93, 97, 107); s <- summary(f, times = at)
run("plain", "--time weeks --event event --conf-type plain --at 10,19,30,36,59,75,93,97,107 --rmst 100")
for (i in seq_along(at)) { p <- paste0("/groups/0/at/time=", at[i], "/"); fig(paste0(p, "surv"), s$surv[i], "r", relative = 1e-9); fig(paste0(p, "std_err"), s$std.err[i], "r", relative = 1e-9); fig(paste0(p, "lower"), s$lower[i], "r", relative = 1e-9); fig(paste0(p, "upper"), s$upper[i], "r", relative = 1e-9)
  printed(paste0(p, "surv"), c(.9444, .8815, .8137, .7459, .6526, .5594, .4662, .3729, .2486)[i], s$surv[i], 4, "book"); printed(paste0(p, "std_err"), c(.0540, .0790, .0978, .1107, .1303, .1412, .1452, .1430, .1392)[i], s$std.err[i], 4, "book") }
fig("/groups/0/quantiles/p=0.5/value", 93, "book", absolute = 0)
t <- summary(f, rmean = 100)$table; fig("/groups/0/rmst/value", t[["rmean"]], "r", relative = 1e-9); fig("/groups/0/rmst/std_err", t[["se(rmean)"]], "r", relative = 1e-9); for (s in c(-1, 1)) fig(paste0("/groups/0/rmst/", if (s < 0) "lower" else "upper"), t[["rmean"]] + s * qnorm(.975) * t[["se(rmean)"]], "r", relative = 1e-9)
write_case()

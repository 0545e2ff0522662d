# Small sets whose figures are fractions one can check by hand: events at 0, S exactly one half, plateau, all censored.
source("../_lib.R")
d <- data.frame(group = rep(c("a_half", "b_zero", "c_plateau", "d_censored", "e_one"), c(8, 5, 4, 3, 1)),
                time = c(1, 2, 3, 4, 7, 8, 9, 10, 0, 0, 1, 2, 3, 1, 2, 3, 4, 5, 6, 7, 5), event = c(1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 0, 1, 1, 1, 0, 0, 0, 0, 0, 1)); write_input(d)
case("Kaplan-Meier figures that are fractions", "km", "constructed", "CC0")
source_of("hand", "worked by hand from the product-limit formula"); source_of("r", paste("R", r_version(), "survfit"))
run("at", "--time time --event event --group group --at 0,1,4,7")
for (x in list(list("a_half", 4, 4/8), list("a_half", 7, 3/8), list("b_zero", 0, 4/5), list("b_zero", 1, 4/5 * 2/3), list("c_plateau", 4, 1/2), list("d_censored", 7, 1), list("e_one", 4, 1), list("e_one", 7, 0))) fig(group_at(x[[1]], x[[2]], "surv"), x[[3]], "hand", absolute = 1e-15)
fig(group_at("b_zero", 0, "n_risk"), 5, "hand", relative = 0); fig(group_at("b_zero", 1, "n_risk"), 3, "hand", relative = 0)
fig(group_at("a_half", 4, "std_err"), sqrt(.5 * .5 / 8), "hand", relative = 1e-12) # no censoring: binomial
# S is one half from 4 to the next death at 7: the median is the midpoint; on a plateau to the end, the midpoint to it.
fig("/groups/group=a_half/quantiles/p=0.5/value", 5.5, "hand", absolute = 1e-12); fig("/groups/group=c_plateau/quantiles/p=0.5/value", 3, "hand", absolute = 1e-12)
fig("/groups/group=d_censored/quantiles/p=0.5/value", NA, "hand", relative = 0); fig("/groups/group=e_one/quantiles/p=0.5/value", 5, "hand", absolute = 0); fig("/groups/group=b_zero/n", 5, "hand", relative = 0); fig("/groups/group=d_censored/events", 0, "hand", relative = 0)
q <- quantile(survfit(Surv(time, event) ~ 1, d[d$group == "a_half", ], conf.type = "log-log"), .5); fig("/groups/group=a_half/quantiles/p=0.5/lower", as.numeric(q$lower), "r", relative = 1e-9); fig("/groups/group=a_half/quantiles/p=0.5/upper", as.numeric(q$upper), "r", relative = 1e-9); stopifnot(q$quantile == 5.5)
run("rmst", "--time time --event event --group group --rmst 3"); fig("/groups/group=a_half/rmst/value", 1 + 7/8 + 6/8, "hand", relative = 1e-12); fig("/groups/group=b_zero/rmst/value", 4/5 + 8/15 * 2, "hand", relative = 1e-12); fig("/groups/group=d_censored/rmst/value", 3, "hand", relative = 1e-12)
write_case()

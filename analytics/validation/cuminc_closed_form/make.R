source("../_lib.R")
# Eight subjects; every figure is a fraction. No censoring before 5, so up to there the curves are empirical proportions.
d <- data.frame(time = c(1, 2, 2, 3, 4, 5, 6, 7), cause = c(1, 2, 1, 2, 1, 0, 1, 0)); write_input(d)
case("Cumulative incidence figures that are fractions", "cuminc", "constructed", "CC0"); source_of("hand", "worked by hand: F_k(t) = sum S(t-) d_k / n")
run("at", "--time time --cause cause --at 1,2,4,6,7")
f1 <- c(1/8, 2/8, 3/8, 3/8 + 3/8 * 1/2, 3/8 + 3/8 * 1/2); f2 <- c(0, 1/8, 2/8, 2/8, 2/8)
for (i in 1:5) { t <- c(1, 2, 4, 6, 7)[i]; fig(paste0("/groups/0/causes/cause=1/at/time=", t, "/cif"), f1[i], "hand", absolute = 1e-15); fig(paste0("/groups/0/causes/cause=2/at/time=", t, "/cif"), f2[i], "hand", absolute = 1e-15) }
fig("/groups/0/causes/cause=1/events", 4, "hand", relative = 0); fig("/groups/0/causes/cause=2/events", 2, "hand", relative = 0)
fig("/groups/0/event_free/time=6/value", 1 - f1[4] - f2[4], "hand", absolute = 1e-15)
write_case()

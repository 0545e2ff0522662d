# Second cancers against reference rates per person-year. Person-time is counted here one day at a time: the age on that
# day (completed years) and its calendar year give the cell; a day of observation is [start, end).
source("../_lib.R"); set.seed(606); n <- 90; day0 <- as.Date("2012-01-01")
birth <- as.Date("1935-06-01") + floor(runif(n, 0, 365.25 * 40)); start <- day0 + floor(runif(n, 0, 2500)); end <- start + 1 + floor(rexp(n, 1 / 1400)); end <- pmin(end, as.Date("2024-07-01")); event <- rbinom(n, 1, .16); sex <- sample(c("female", "male"), n, TRUE)
birth[1] <- as.Date("1964-02-29"); start[1] <- as.Date("2013-12-15"); end[1] <- as.Date("2016-03-01"); event[1] <- 1 # leap-day birth, event on a birthday
d <- data.frame(birth, start, end, event, sex); for (v in 1:3) d[[v]] <- format(d[[v]]); write_input(d)
ref <- expand.grid(age_from = c(0, 40, 50, 60, 70), year_from = c(2010, 2015), sex = c("female", "male")); ref$age_to <- c(40, 50, 60, 70, NA)[match(ref$age_from, c(0, 40, 50, 60, 70))]; ref$year_to <- ref$year_from + 5; ref$rate <- round(.0004 * 1.9^match(ref$age_from, c(0, 40, 50, 60, 70)) * ifelse(ref$sex == "male", 1.3, 1) * ifelse(ref$year_from == 2015, 1.1, 1), 6); ref$rate[ref$age_from == 0] <- 0
write_input(ref[c("sex", "age_from", "age_to", "year_from", "year_to", "rate")], "reference.csv")
case("Standardised incidence ratio, person-years split on age and calendar year", "sir", "simulated by make.R", "CC0"); source_of("r", paste("R", r_version(), "day-by-day count in make.R; qchisq and ppois"))
count <- function(lag) { obs <- 0; E <- 0; days <- 0; by <- list()
  for (i in seq_len(n)) { from <- start[i] + lag; if (from >= end[i]) next; t <- seq(from, end[i] - 1, by = 1); md <- format(t, "%m%d"); age <- as.integer(format(t, "%Y")) - as.integer(format(birth[i], "%Y")) - (md < format(birth[i], "%m%d")); yr <- pmin(pmax(as.integer(format(t, "%Y")), 2010), 2019); a <- c(0, 40, 50, 60, 70)[findInterval(age, c(0, 40, 50, 60, 70))]; y <- 2010 + 5 * ((yr - 2010) %/% 5); r <- ref$rate[match(paste(sex[i], a, y), paste(ref$sex, ref$age_from, ref$year_from))]; E <- E + sum(r) / 365.25; days <- days + length(t); obs <- obs + event[i] }
  c(obs, E, days / 365.25) }
for (lag in c(0, 365)) { run(paste0("lag-", lag), paste("--birth birth --sex sex --start start --end end --event event --reference reference.csv", if (lag) paste("--lag", lag) else "--lag 0")); q <- count(lag); O <- q[1]; E <- q[2]; py <- q[3]
  fig("/observed", O, "r", relative = 0); fig("/expected", E, "r", relative = 1e-9); fig("/person_years", py, "r", relative = 1e-12); fig("/sir", O / E, "r", relative = 1e-9); fig("/lower", qchisq(.025, 2 * O) / 2 / E, "r", relative = 1e-9); fig("/upper", qchisq(.975, 2 * O + 2) / 2 / E, "r", relative = 1e-9); fig("/p", min(1, 2 * if (O >= E) ppois(O - 1, E, lower.tail = FALSE) else ppois(O, E)), "r", relative = 1e-8); fig("/excess_per_10000", (O - E) / py * 1e4, "r", relative = 1e-9) }
write_case()

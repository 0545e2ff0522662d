# Mean cumulative function: several events per subject, intervals without gaps, robust variance of Lawless & Nadeau.
source("../_lib.R"); set.seed(99); n <- 60; rows <- list()
for (i in 1:n) { end <- 1 + floor(runif(1, 20, 200)); rate <- rgamma(1, 2, 100) * ifelse(i %% 2, 1.4, 1); t <- unique(1 + floor(cumsum(rexp(15, rate)))); t <- t[t < end]; e <- c(t, end); rows[[i]] <- data.frame(id = i, arm = ifelse(i %% 2, "a", "b"), start = c(0, t), stop = e, event = c(rep(1, length(t)), 0)) }
d <- do.call(rbind, rows); write_input(d); case("Mean cumulative function of recurrent events", "recurrent", "simulated by make.R", "CC0"); source_of("formula", paste("R", r_version(), "Lawless & Nadeau, Technometrics 37 (1995) 158-168, written out in make.R; estimate and standard error also equal to survfit(id = )"))
at <- c(30, 60, 120, 180); run("groups", "--id id --start start --stop stop --event event --group arm --at 30,60,120,180")
for (g in c("a", "b")) { k <- d[d$arm == g, ]; t <- sort(unique(k$stop[k$event == 1])); dN <- sapply(t, function(u) sum(k$event == 1 & k$stop == u)); Y <- sapply(t, function(u) sum(k$start < u & k$stop >= u)); M <- cumsum(dN / Y)
  influence <- sapply(unique(k$id), function(i) { r <- k[k$id == i, ]; cumsum(sapply(seq_along(t), function(j) { y <- any(r$start < t[j] & r$stop >= t[j]); e <- sum(r$event == 1 & r$stop == t[j]); (if (y) e - dN[j] / Y[j] else 0) / Y[j] })) }); V <- rowSums(influence^2)
  f <- survfit(Surv(start, stop, event) ~ 1, k, id = id, robust = TRUE); h <- f$cumhaz[match(t, f$time)]; s <- f$std.chaz[match(t, f$time)]; stopifnot(max(abs(h - M)) < 1e-12, max(abs(s - sqrt(V))) < 1e-10)
  for (u in at) { j <- max(which(t <= u)); fig(group_at(g, u, "mcf"), M[j], "formula", relative = 1e-9); fig(group_at(g, u, "std_err"), sqrt(V[j]), "formula", relative = 1e-9) }; fig(paste0("/groups/group=", g, "/curve/time=", t[3], "/mcf"), M[3], "formula", relative = 1e-9) }
write_case()

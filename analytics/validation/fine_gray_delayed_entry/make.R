# Delayed entry: weights for censoring and for truncation. Times without ties.
source("../_lib.R"); set.seed(4321); n <- 240
x1 <- round(rnorm(n), 2); x2 <- rbinom(n, 1, .5); t <- rexp(n, .06 * exp(.4 * x1 - .5 * x2)); cause <- ifelse(runif(n) < plogis(.3 + .5 * x2), 1L, 2L); cens <- runif(n, 5, 40); entry <- ifelse(runif(n) < .3, 0, runif(n, 0, 8)); tt <- round(pmin(t, cens), 6); entry <- round(entry, 6)
d <- data.frame(entry, time = tt, cause = ifelse(t <= cens, cause, 0L), x1, x2); d <- d[d$entry < d$time, ]; d <- d[order(d$time), ]; stopifnot(!anyDuplicated(d$time), !any(d$entry[d$entry > 0] %in% d$time)); write_input(d); d$id <- seq_len(nrow(d))
case("Fine-Gray regression with delayed entry", "fine-gray", "simulated by make.R", "CC0"); source_of("finegray", paste("R", r_version(), "finegray() with entry times (weights of Geskus, Biometrics 67 (2011) 39-49) and coxph, Breslow ties"))
for (k in 1:2) { run(paste0("cause-", k), paste("--time time --cause cause --entry entry --of", k, "--covariates x1,x2")); g <- finegray(Surv(entry, time, factor(cause, 0:2)) ~ x1 + x2 + id, data = d, id = id, etype = as.character(k)); h <- coxph(Surv(fgstart, fgstop, fgstatus) ~ x1 + x2, g, weights = fgwt, cluster = g$id, ties = "breslow", control = coxph.control(eps = 1e-11, iter.max = 50))
  # The weights by the definition: G is the Kaplan-Meier of censoring with entry, H that of entry in reversed time.
  G <- function(u) { s <- 1; for (v in sort(unique(d$time[d$cause == 0]))) if (v < u) s <- s * (1 - sum(d$time == v & d$cause == 0) / sum(d$entry < v & d$time >= v)); s }
  H <- function(u) { s <- 1; for (v in sort(unique(d$entry[d$entry > 0]))) if (v >= u) s <- s * (1 - sum(d$entry == v) / sum(d$entry <= v & d$time > v)); s }
  ev <- sort(d$time[d$cause == k]); Gt <- vapply(ev, G, 0); Ht <- vapply(ev, H, 0); Gi <- vapply(d$time, G, 0); Hi <- vapply(d$time, H, 0)
  score <- function(b) { eta <- drop(cbind(d$x1, d$x2) %*% b); l <- 0; for (j in seq_along(ev)) { w <- ifelse(d$time >= ev[j], d$entry < ev[j], ifelse(d$cause != 0 & d$cause != k, Gt[j] * Ht[j] / (Gi * Hi), 0)); i <- which(d$time == ev[j]); l <- l + eta[i] - log(sum(w * exp(eta))) }; l }
  o <- optim(coef(h), function(b) -score(b), method = "BFGS", control = list(reltol = 1e-15)); cat("finegray", coef(h), "definition", o$par, score(coef(h)), h$loglik[2], "\n")
  for (i in 1:2) { fig(paste0("/coefficients/", i - 1, "/coef"), coef(h)[[i]], "finegray", relative = 1e-6); fig(paste0("/coefficients/", i - 1, "/robust_std_err"), sqrt(h$var[i, i]), "finegray", relative = .02) } }
write_case()

# Shared by the make.R of every case: writes case.json and expected.json. Base R only.
options(digits = 17)
suppressMessages(library(survival))

number <- function(v) {
  if (is.na(v)) return("null")
  if (is.logical(v)) return(if (v) "true" else "false")
  stopifnot(is.finite(v))
  for (d in 15:17) { s <- sprintf(paste0("%.", d, "g"), v); if (as.numeric(s) == v) return(s) }
  s
}
text <- function(s) paste0("\"", gsub("([\"\\\\])", "\\\\\\1", s), "\"")
member <- function(name, value) paste0(text(name), ": ", value)
list_of <- function(items, indent) if (length(items) == 0) "[]" else paste0("[\n", paste0(indent, "  ", items, collapse = ",\n"), "\n", indent, "]")

state <- new.env(); state$runs <- list(); state$sources <- list(); state$meta <- list()

# One case: what the data are and which command of `sequela stats` is run on them.
case <- function(title, estimator, data, licence) state$meta <- list(title = title, estimator = estimator, data = data, licence = licence)
# Where reference values come from. The key is used by the figures.
source_of <- function(key, description) state$sources[[key]] <- description
r_version <- function(...) paste0(R.version$major, ".", R.version$minor, paste0(", ", c("survival", ...), " ", vapply(c("survival", ...), function(p) as.character(packageVersion(p)), ""), collapse = ""), ":")
# A run: the arguments after `sequela stats <estimator> input.csv`, as one string split at spaces.
run <- function(name, arguments) { state$runs[[name]] <- list(arguments = strsplit(arguments, " ")[[1]], figures = character()); state$current <- name }
# A figure of the current run. Give `relative` (closed form 1e-9, iterative 1e-6, exact 0) or `absolute` (printed values).
fig <- function(pointer, value, source, relative = NULL, absolute = NULL) {
  stopifnot(length(pointer) == 1, length(value) == 1, !is.null(state$sources[[source]]), is.null(relative) != is.null(absolute))
  tolerance <- if (is.null(absolute)) member("relative", number(relative)) else member("absolute", number(absolute))
  line <- paste0("{", paste(member("pointer", text(pointer)), member("value", number(value)), tolerance, member("source", text(source)), sep = ", "), "}")
  r <- state$runs[[state$current]]; r$figures <- c(r$figures, line); state$runs[[state$current]] <- r
  invisible(value)
}
figs <- function(pointers, values, ...) invisible(mapply(fig, pointers, values, MoreArgs = list(...)))
# A value printed in a book to `digits` decimals: first checked against the computed one, then half a unit of tolerance.
printed <- function(pointer, value, computed, digits, source) {
  if (abs(value - computed) > 0.5001 * 10^-digits) stop(pointer, ": printed ", value, ", computed ", computed)
  fig(pointer, value, source, absolute = 0.501 * 10^-digits)
}
write_case <- function() {
  runs <- vapply(names(state$runs), function(n) paste0("{", member("name", text(n)), ", ", member("arguments", paste0("[", paste(vapply(state$runs[[n]]$arguments, text, ""), collapse = ", "), "]")), "}"), "")
  m <- state$meta
  cat("{\n", paste0("  ", member(names(m), vapply(m, text, "")), collapse = ",\n"), ",\n  ", member("input", text("input.csv")), ",\n  ", member("runs", list_of(runs, "  ")), "\n}\n", sep = "", file = "case.json")
  sources <- paste0("    ", member(names(state$sources), vapply(state$sources, text, "")), collapse = ",\n")
  blocks <- vapply(names(state$runs), function(n) paste0("    ", member(n, list_of(state$runs[[n]]$figures, "    "))), "")
  cat("{\n  \"sources\": {\n", sources, "\n  },\n  \"runs\": {\n", paste(blocks, collapse = ",\n"), "\n  }\n}\n", sep = "", file = "expected.json")
  cat(state$meta$title, ":", sum(vapply(state$runs, function(r) length(r$figures), 0L)), "figures\n")
}
write_input <- function(d, file = "input.csv") {
  for (v in names(d)) if (is.double(d[[v]])) d[[v]] <- vapply(d[[v]], function(x) if (is.na(x)) "" else number(x), "")
  write.csv(d, file, row.names = FALSE, quote = FALSE, na = "")
}
group_at <- function(group, time, column) paste0("/groups/group=", group, "/at/time=", time, "/", column)

# Figures of one curve of a survfit at given times; limits are skipped where R has none.
km_at <- function(fit, group, times, source, columns = c("n_risk", "surv", "std_err", "lower", "upper")) {
  s <- summary(fit, times = times, extend = TRUE)
  values <- list(n_risk = s$n.risk, surv = s$surv, std_err = s$std.err, lower = s$lower, upper = s$upper)
  for (i in seq_along(times)) for (column in columns) {
    v <- values[[column]][i]
    if (is.nan(v)) v <- NA
    if (!(is.na(v) && column %in% c("lower", "upper", "std_err"))) fig(group_at(group, times[i], column), v, source, relative = 1e-9)
  }
}
km_quantiles <- function(fit, group, source, probs = c(.25, .5, .75)) {
  q <- quantile(fit, probs = probs)
  for (i in seq_along(probs)) for (w in c("quantile", "lower", "upper")) {
    key <- if (w == "quantile") "value" else w
    fig(paste0("/groups/group=", group, "/quantiles/p=", probs[i], "/", key), as.numeric(q[[w]])[i], source, relative = 1e-9)
  }
}
reverse_km <- function(time, event, group_name, source, conf.type = "log-log") {
  m <- quantile(survfit(Surv(time, 1 - event) ~ 1, conf.type = conf.type), probs = .5)
  for (w in c("quantile", "lower", "upper")) fig(paste0("/groups/group=", group_name, "/median_follow_up/", if (w == "quantile") "value" else w), as.numeric(m[[w]])[1], source, relative = 1e-9)
}

# Weighted log-rank tests, written from Klein & Moeschberger, Survival Analysis, 2nd ed., section 7.3: weights, observed
# minus expected, hypergeometric covariance, chi-square with K - 1 degrees of freedom; summed over strata; delayed entry.
weighted_logrank <- function(time, event, group, test, rho = 0, gamma = 0, strata = rep(1, length(time)), entry = rep(-Inf, length(time))) {
  g <- as.integer(factor(group)); K <- max(g); U <- numeric(K); V <- matrix(0, K, K); O <- E <- numeric(K)
  for (s in unique(strata)) {
    k <- strata == s; S <- 1; pp <- 1
    for (t in sort(unique(time[k & event == 1]))) {
      risk <- k & entry < t & time >= t; n <- sum(risk); nj <- tabulate(g[risk], K)
      dj <- tabulate(g[k & time == t & event == 1], K); d <- sum(dj); pp <- pp * (1 - d / (n + 1))
      w <- switch(test, logrank = 1, gehan = n, "tarone-ware" = sqrt(n), "peto-peto" = pp, "modified-peto-peto" = pp * n / (n + 1), fh = S^rho * (1 - S)^gamma)
      U <- U + w * (dj - nj * d / n); O <- O + dj; E <- E + nj * d / n
      if (n > 1) V <- V + w^2 * d * (n - d) / (n - 1) * (diag(nj / n, K) - outer(nj / n, nj / n))
      S <- S * (1 - d / n)
    }
  }
  i <- seq_len(K - 1); chisq <- drop(U[i] %*% solve(V[i, i, drop = FALSE], U[i]))
  list(observed = O, expected = E, U = U, V = V, chisq = chisq, df = K - 1, p = pchisq(chisq, K - 1, lower.tail = FALSE))
}
logrank_figures <- function(w, groups, source) {
  for (i in seq_along(groups)) { fig(paste0("/groups/group=", groups[i], "/observed"), w$observed[i], source, relative = 1e-12); fig(paste0("/groups/group=", groups[i], "/expected"), w$expected[i], source, relative = 1e-9) }
  fig("/chisq", w$chisq, source, relative = 1e-9); fig("/df", w$df, source, relative = 0); fig("/p", w$p, source, relative = 1e-8)
  if (length(groups) == 2) fig("/variance", w$V[1, 1], source, relative = 1e-9)
}
# Figures of a coxph fit. `columns` says which standard error the interval uses.
cox_figures <- function(fit, source, robust = FALSE, tests = TRUE, tolerance = 1e-6) {
  terms <- names(coef(fit)); s <- sqrt(diag(vcov(fit))); z <- qnorm(.975)
  for (i in seq_along(terms)) {
    at <- paste0("/coefficients/", i - 1, "/"); b <- coef(fit)[[i]]
    fig(paste0(at, "coef"), b, source, relative = tolerance); fig(paste0(at, "exp_coef"), exp(b), source, relative = tolerance)
    if (robust) { fig(paste0(at, "std_err"), sqrt(diag(fit$naive.var))[i], source, relative = tolerance); fig(paste0(at, "robust_std_err"), s[[i]], source, relative = tolerance) } else fig(paste0(at, "std_err"), s[[i]], source, relative = tolerance)
    fig(paste0(at, "z"), b / s[[i]], source, relative = tolerance); fig(paste0(at, "p"), 2 * pnorm(-abs(b / s[[i]])), source, relative = 10 * tolerance)
    fig(paste0(at, "lower"), exp(b - z * s[[i]]), source, relative = tolerance); fig(paste0(at, "upper"), exp(b + z * s[[i]]), source, relative = tolerance)
    if (!robust) for (j in seq_along(terms)) fig(paste0("/variance/", i - 1, "/", j - 1), vcov(fit)[i, j], source, relative = 10 * tolerance)
  }
  fig("/loglik/null", fit$loglik[1], source, relative = 1e-9); fig("/loglik/model", fit$loglik[2], source, relative = 1e-9)
  if (tests) {
    q <- summary(fit)
    for (t in list(list("likelihood_ratio", q$logtest), list("score", q$sctest), list("wald", c(fit$wald.test, length(terms), pchisq(fit$wald.test, length(terms), lower.tail = FALSE)))))
      { p <- paste0("/tests/", t[[1]], "/"); fig(paste0(p, "chisq"), t[[2]][[1]], source, relative = 10 * tolerance); fig(paste0(p, "df"), t[[2]][[2]], source, relative = 0); fig(paste0(p, "p"), t[[2]][[3]], source, relative = 1e-4) }
  }
}
concordance_figures <- function(fit, source) { k <- concordance(fit); fig("/concordance/value", k$concordance, source, relative = 1e-9); fig("/concordance/std_err", sqrt(k$var), source, relative = 1e-6) }
zph_figures <- function(fit, source) { z <- cox.zph(fit)$table; for (i in seq_len(nrow(z))) { at <- paste0("/zph/", i - 1, "/"); fig(paste0(at, "chisq"), z[i, 1], source, relative = 1e-5); fig(paste0(at, "df"), z[i, 2], source, relative = 0); fig(paste0(at, "p"), z[i, 3], source, relative = 1e-4) } }

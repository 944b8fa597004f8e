# Judges of tests/test_review_statistics.py: R's own tests, and slow and obvious versions of what R does not have.
# Run by hand:  Rscript tests/oracles/review.R > tests/oracles/review.json
suppressPackageStartupMessages({library(coin); library(jsonlite)})
grid <- seq(0, 1, by = 0.0005)

# Boschloo (1970): among all tables, those whose one-sided Fisher p is no larger than the one seen; largest chance
# over the common share; two-sided as twice the smaller one-sided p.
boschloo <- function(x, n, y, m) {
  one <- function(tail) {
    p <- outer(0:n, 0:m, Vectorize(function(a, b)
      if (tail == "greater") phyper(a - 1, n, m, a + b, lower.tail = FALSE) else phyper(a, n, m, a + b)))
    inside <- p <= p[x + 1, y + 1] * (1 + 1e-9)
    chance <- function(s) sum(outer(dbinom(0:n, n, s), dbinom(0:m, m, s))[inside])
    max(sapply(grid, chance))
  }
  min(1, 2 * min(one("greater"), one("less")))
}

rank_test <- function(later, earlier) {
  values <- c(rep(seq_along(later), later), rep(seq_along(earlier), earlier))
  set <- factor(rep(c("later", "earlier"), c(sum(later), sum(earlier))))
  as.numeric(pvalue(wilcox_test(values ~ set, distribution = "exact")))
}

pairs <- list(c(13, 20, 3, 10), c(14, 20, 3, 10), c(14, 20, 2, 10), c(17, 20, 9, 10), c(16, 20, 2, 10),
              c(17, 20, 4, 10), c(12, 20, 2, 10), c(0, 8, 3, 9))
ordered <- list(list(later = c(4, 4, 12), earlier = c(8, 0, 2)), list(later = c(3, 6, 11), earlier = c(6, 2, 2)),
                list(later = c(1, 1, 5), earlier = c(4, 3, 0)), list(later = c(2, 2, 2), earlier = c(2, 2, 2)),
                list(later = c(0, 0, 6), earlier = c(5, 0, 0)))
p_values <- sapply(pairs, function(v) boschloo(v[1], v[2], v[3], v[4]))
out <- list(
  made_with = list(R = as.character(getRversion()), coin = as.character(packageVersion("coin"))),
  two_by_two = lapply(seq_along(pairs), function(i) { v <- pairs[[i]]; list(
    later = v[1:2], earlier = v[3:4], boschloo = p_values[i],
    fisher = fisher.test(matrix(c(v[1], v[2] - v[1], v[3], v[4] - v[3]), 2))$p.value,
    wilson = as.numeric(prop.test(v[1], v[2], correct = FALSE)$conf.int)) }),
  holm = list(p = p_values, corrected = p.adjust(p_values, "holm")),
  ordered = lapply(ordered, function(o) c(o, list(p = rank_test(o$later, o$earlier))))
)
cat(toJSON(out, auto_unbox = TRUE, digits = NA, pretty = TRUE), "\n")

# Judge of months/trends.py: how R's HonestDiD comes to the figures of its README (github.com/asheshrambachan/HonestDiD).
# It draws the quantile of |N(b, 1)| from a million numbers (seed 0). With the estimate, standard error and greatest bias
# of the best estimator, that gives every figure that the README prints; the exact quantile moves ends by less than 0.00005.
# Reads trends_parts.txt: one line an M, with estimate, standard error and bias for M = 1 (of stepdown.months.trends).
#   Rscript tests/oracles/trends.R < tests/oracles/trends_parts.txt
parts <- read.table(file("stdin"))
for (i in seq_len(nrow(parts))) {
  set.seed(0)
  x <- rnorm(1e6)
  half <- parts[i, 3] * quantile(abs(x + parts[i, 1] * parts[i, 4] / parts[i, 3]), 0.95)
  cat(parts[i, 1], signif(parts[i, 2] - half, 5), signif(parts[i, 2] + half, 5), "\n")
}

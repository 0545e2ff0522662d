#!/bin/sh
# Makes the input and the reference values of every case again, or of those named as arguments.
# Needs R with the packages survival, cmprsk and etm (Debian: r-base-core r-cran-survival r-cran-cmprsk r-cran-etm).
set -eu
cd "$(dirname "$0")"
for case in ${*:-*/}; do
  (cd "$case" && Rscript --vanilla make.R)
done
